package stanza_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"testing"
	"time"

	"parley/stanza"
)

// chat is a typical chat message of a present-day client, 300 bytes.
const chat = `<message xmlns="jabber:client" type="chat" to="juliet@example.org/balcony" id="7a2c9b0e-5b1f-4f0c"><body>Wherefore art thou, and shall we meet tonight at nine?</body><active xmlns="http://jabber.org/protocol/chatstates"/><request xmlns="urn:xmpp:receipts"/><markable xmlns="urn:xmpp:chat-markers:0"/></message>`

const presence = `<presence xmlns="jabber:client"><show>away</show><status>In the garden</status><priority>5</priority><c xmlns="http://jabber.org/protocol/caps" hash="sha-1" node="https://example.org/client" ver="QgayPKawpkPSDYmwT/WM94uAlu0="/></presence>`

// roster returns the answer to a roster get, of n items.
func roster(n int) string {
	var b strings.Builder
	b.WriteString(`<iq xmlns="jabber:client" type="result" id="roster1" to="romeo@example.org/orchard"><query xmlns="jabber:iq:roster" ver="ver42">`)
	for i := range n {
		fmt.Fprintf(&b, `<item jid="friend%d@example.org" name="Friend number %d" subscription="both"><group>Friends</group></item>`, i, i)
	}
	b.WriteString(`</query></iq>`)
	return b.String()
}

var workloads = []struct{ name, doc string }{
	{"chat", chat}, {"presence", presence}, {"roster200", roster(200)},
	{"cyrillic", strings.Replace(chat, "Wherefore art thou, and shall we meet tonight at nine?", "Приходи сегодня вечером в девять часов в сад", 1)},
}

func BenchmarkScan(b *testing.B) {
	for _, w := range workloads {
		b.Run(w.name, func(b *testing.B) {
			var s stanza.Scanner
			var v stanza.View
			doc := []byte(w.doc)
			b.SetBytes(int64(len(doc)))
			b.ReportAllocs()
			for b.Loop() {
				if err := s.Scan(doc, &v); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkEncodingXML is what the scanner is measured against: the same
// documents through the tokens of the standard library, which checks less.
func BenchmarkEncodingXML(b *testing.B) {
	for _, w := range workloads {
		b.Run(w.name, func(b *testing.B) {
			doc := []byte(w.doc)
			b.SetBytes(int64(len(doc)))
			b.ReportAllocs()
			for b.Loop() {
				if err := tokens(doc); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// tokens reads a document with the standard library.
func tokens(doc []byte) error {
	d := xml.NewDecoder(bytes.NewReader(doc))
	for {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}

// BenchmarkRatio tells how many times faster the scanner is than encoding/xml.
// Both take turns, and the quickest turns count, so that it can be told on a
// busy machine too.
func BenchmarkRatio(b *testing.B) {
	for _, w := range workloads {
		b.Run(w.name, func(b *testing.B) {
			var s stanza.Scanner
			var v stanza.View
			doc := []byte(w.doc)
			ours, theirs := time.Duration(math.MaxInt64), time.Duration(math.MaxInt64)
			for b.Loop() {
				ours = min(ours, turn(b, func() error { return s.Scan(doc, &v) }))
				theirs = min(theirs, turn(b, func() error { return tokens(doc) }))
			}
			b.ReportMetric(float64(ours)/turns, "ns/scan")
			b.ReportMetric(float64(theirs)/turns, "ns/encoding-xml")
			b.ReportMetric(float64(theirs)/float64(ours), "times")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// turns is how often a turn does it.
const turns = 100

func turn(b *testing.B, f func() error) time.Duration {
	start := time.Now()
	for range turns {
		if err := f(); err != nil {
			b.Fatal(err)
		}
	}
	return time.Since(start)
}

func BenchmarkSplitter(b *testing.B) {
	header := []byte(streamHeader)
	for _, w := range workloads {
		b.Run(w.name, func(b *testing.B) {
			var s stanza.Splitter
			if it, _, err := s.Next(header); it != stanza.StreamOpen {
				b.Fatal(it, err)
			}
			doc := []byte(w.doc)
			b.SetBytes(int64(len(doc)))
			b.ReportAllocs()
			for b.Loop() {
				if it, _, err := s.Next(doc); it != stanza.Stanza {
					b.Fatal(it, err)
				}
			}
		})
	}
}

func BenchmarkParse(b *testing.B) {
	for _, w := range workloads {
		b.Run(w.name, func(b *testing.B) {
			doc := []byte(w.doc)
			b.SetBytes(int64(len(doc)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := stanza.Parse(doc); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkAppend(b *testing.B) {
	for _, w := range workloads {
		b.Run(w.name, func(b *testing.B) {
			e, err := stanza.Parse([]byte(w.doc))
			if err != nil {
				b.Fatal(err)
			}
			var buf []byte
			b.ReportAllocs()
			for b.Loop() {
				buf = e.Append(buf[:0], "")
			}
			b.SetBytes(int64(len(buf)))
		})
	}
}

// BenchmarkDeliver is what a delivery does: a new start tag and the payload.
func BenchmarkDeliver(b *testing.B) {
	var s stanza.Scanner
	var v stanza.View
	if err := s.Scan([]byte(chat), &v); err != nil {
		b.Fatal(err)
	}
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		buf = stanza.AppendStart(buf[:0], v.Kind, "romeo@example.org/orchard", v.To, v.ID, v.Type, v.Lang)
		buf = v.AppendPayload(buf)
		buf = stanza.AppendEnd(buf, v.Kind)
	}
}
