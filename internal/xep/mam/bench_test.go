package mam_test

import (
	"context"
	"strconv"
	"strings"
	"testing"

	"parley/internal/jid"
	"parley/internal/module"
	"parley/internal/xep/mam"
	"parley/internal/xmpptest/modtest"
	"parley/stanza"
	"parley/storage"
)

// BenchmarkPage is a page of 100 messages of 100 bytes, from the database to the
// queue of the client.
func BenchmarkPage(b *testing.B) {
	w := newWorld(b, mam.Options{})
	conversation(b, w, 1000, 100)
	sink := &counter{Session: w.Bind(b, romeo).Session}
	query := w.Router.Handler(module.IQKey{Target: module.ToAccount, Type: module.Set, Space: mam.NS, Local: "query"})
	last := stanza.New(mam.NSRSM, "set").Add(stanza.New(mam.NSRSM, "before"))
	iq := &module.IQ{
		Stanza:  module.NewStanza(stanza.IQ, "set", sink.JID(), sink.JID().Bare()),
		Request: stanza.New(mam.NS, "query").Add(last), Session: sink,
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := query(b.Context(), iq); err != nil {
			b.Fatal(err)
		}
	}
	if sink.n != b.N*100 {
		b.Fatalf("%d results in %d pages", sink.n, b.N)
	}
}

// counter is a session that only counts what it is sent.
type counter struct {
	module.Session
	n int
}

// Send implements module.Session.
func (c *counter) Send(*module.Stanza) { c.n++ }

// memory is a store that takes messages and forgets them at once.
type memory struct{ mam.Store }

// AppendMessage implements mam.Store.
func (memory) AppendMessage(context.Context, storage.Message, storage.Append) storage.Pending {
	return stored{}
}

// stored is a write that was made.
type stored struct{}

func (stored) Done() <-chan struct{} { return nil }
func (stored) Err() error            { return nil }
func (stored) Then(f func())         { f() }

// way is the way of small messages through the archive, without the database.
type way struct {
	w        *world
	a        *modtest.Client
	to       jid.JID
	payload  []byte
	children []stanza.Child
	number   []byte // in payload
	n        int64
}

// newWay makes one for messages with that payload; the number in it counts up.
func newWay(t testing.TB, payload string) *way {
	w := empty(t)
	w.startOn(t, memory{w.store}, mam.Options{})
	y := &way{w: w, a: w.Bind(t, romeo), to: jid.MustParse("juliet@localhost"), payload: []byte(payload), n: 1e9}
	var err error
	if y.children, err = stanza.ScanPayload(y.payload, nil); err != nil {
		t.Fatal(err)
	}
	if at := strings.Index(payload, "1000000000"); at >= 0 {
		y.number = y.payload[at:at]
	}
	return y
}

// pass lets one message go through both sides.
func (y *way) pass(t testing.TB) {
	if y.n++; y.number != nil {
		strconv.AppendInt(y.number, y.n, 10)
	}
	st := &module.Stanza{Kind: stanza.Message, From: y.a.JID(), To: y.to, ID: "1", Type: "chat", Payload: y.payload, Children: y.children}
	ev := &module.Event{Stanza: st.Borrow(), Session: y.a.Session}
	if err := y.w.Router.Hooks.MessageFromClient.Run(t.Context(), ev); err != nil {
		t.Fatal(err)
	}
	if err := y.w.Router.Hooks.MessageArchive.Run(t.Context(), ev); err != nil {
		t.Fatal(err)
	}
}

const (
	plain  = "<body>Wherefore art thou?</body>"
	origin = "<body>Wherefore art thou?</body><origin-id xmlns='urn:xmpp:sid:0' id='de305d54-75b4-431b-adb2-1000000000'/>"
)

// BenchmarkMessage is what the archive adds to the way of a small message, both
// sides, without the database; with and without an origin-id.
func BenchmarkMessage(b *testing.B) {
	for name, payload := range map[string]string{"plain": plain, "origin": origin} {
		b.Run(name, func(b *testing.B) {
			y := newWay(b, payload)
			b.ReportAllocs()
			for b.Loop() {
				y.pass(b)
			}
		})
	}
}

// TestMessageCost: what a message allocates on its way through the archive, with
// its tracker, is bounded.
func TestMessageCost(t *testing.T) {
	for payload, most := range map[string]float64{plain: 22, origin: 44} {
		y := newWay(t, payload)
		if n := testing.AllocsPerRun(1000, func() { y.pass(t) }); n > most {
			t.Errorf("%s: %v allocations, want at most %v", payload, n, most)
		}
	}
}
