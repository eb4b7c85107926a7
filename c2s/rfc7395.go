package c2s

import (
	"bytes"

	"parley/stanza"
)

// rfc7395 is the framing of the standard (RFC 7395 §3.3).
type rfc7395 struct{}

// detect chooses the framing by the client's first message.
func detect(message []byte) framing {
	if bytes.HasPrefix(message, []byte("<stream:stream")) || bytes.HasPrefix(message, []byte("<?xml")) {
		return &classic{}
	}
	return rfc7395{}
}

func (rfc7395) traits() traits { return traits{name: "websocket"} }

func (rfc7395) scoped() bool { return false }

// open: clients look for the literal beginning.
func (rfc7395) open(b []byte, o openReply) []byte {
	b = append(b, `<open xmlns="urn:ietf:params:xml:ns:xmpp-framing"`...)
	return append(o.attributes(b), "/>"...)
}

func (rfc7395) close() string { return `<close xmlns="urn:ietf:params:xml:ns:xmpp-framing" />` }

func (rfc7395) item(message []byte) (item, error) {
	switch {
	case bytes.HasPrefix(message, []byte("<open")):
		return framingOpen(message)
	case bytes.HasPrefix(message, []byte("<close")):
		return framingClose(message)
	case string(message) == classicClose:
		return item{kind: itemClose}, nil // wrong here, but what it means is plain: mellium's client ends so
	}
	if e := framed(message); e != nil { // framing elements under a prefix, or a wrong namespace
		return item{}, e
	}
	return item{kind: itemElement, raw: message}, nil
}

// framed refuses the stream elements of RFC 6120, which have no place here
// (RFC 7395 §3.3.1).
func framed(message []byte) error {
	if bytes.HasPrefix(message, []byte("<stream:stream")) || bytes.HasPrefix(message, []byte("</")) || bytes.HasPrefix(message, []byte("<?xml")) {
		return streamError(stanza.StreamBadFormat, "one element per message, and <open/> opens a stream")
	}
	return nil
}

func framingOpen(message []byte) (item, error) {
	e, err := stanza.Parse(message)
	switch {
	case err != nil:
		return item{}, err
	case e.Local != "open":
		return item{kind: itemElement, raw: message}, nil
	case e.Space != stanza.NSFraming:
		return item{}, streamError(stanza.StreamInvalidNamespace, "<open/> is in "+stanza.NSFraming)
	}
	return item{kind: itemOpen, header: &stanza.Header{
		To: e.Attr("to"), From: e.Attr("from"), ID: e.Attr("id"),
		Version: e.Attr("version"), Lang: e.Attr("xml:lang"),
	}}, nil
}

func framingClose(message []byte) (item, error) {
	e, err := stanza.Parse(message)
	switch {
	case err != nil:
		return item{}, err
	case e.Is(stanza.NSFraming, "close"):
		return item{kind: itemClose}, nil
	}
	return item{kind: itemElement, raw: message}, nil
}
