package c2s

import (
	"crypto/tls"
	"errors"
	"time"

	"parley/internal/module"
	"parley/internal/sasl"
	"parley/stanza"
)

// transport is the framing under a Conn. Its reading side belongs to the
// reader goroutine; its writing side to the reader before a resource is bound
// and to the session's writer afterwards. abort and wake may come from anywhere.
type transport interface {
	// next returns the next item. A *stanza.StreamError is the peer's fault;
	// io.EOF means that the peer closed the connection in order; errQuiet that
	// ask was called and nothing is half read.
	next() (item, error)
	// ask makes next return errQuiet when there is nothing to read.
	ask()
	// release gives back what only a reader needs.
	release()
	// begin lets the connection rest and starts next when there is something to
	// read.
	begin(next reader)
	// scope is what a stream header declared, for the scanner; nil if each
	// element declares its own namespaces.
	scope() *stanza.Header
	// restart expects a new stream header (RFC 6120 §4.3.3).
	restart()
	limit(stanza.Limits)
	// listen makes l hear of input that next does not return. It is called
	// once, before next.
	listen(l listener)
	// authenticated lets go of what only an unauthenticated stream needs.
	authenticated()

	writeOpen(o openReply, after ...[]byte) error // the elements follow in the same system call
	write(elements ...[]byte) error               // each a message of its own, in one system call
	// writeStanzas writes the stanzas, then elements of the stream, in few system
	// calls.
	writeStanzas(batch []*module.Stanza, after ...[]byte) error
	writeClose() error
	// ping asks the client for a sign of life on behalf of the session to. The
	// answer has the token.
	ping(from, to, token string) error

	// startTLS turns the connection into a TLS server's, if it can.
	startTLS(cfg *tls.Config, deadline time.Time) ([]sasl.ChannelBinding, error)
	// acked reports, after io.EOF, whether all that was written has been read.
	acked() bool
	// unacked is session.Stream's.
	unacked() int
	// wake makes next return errWoken at the latest at t.
	wake(t time.Time)
	// boundWrites makes writing fail after t.
	boundWrites(t time.Time)
	// shutdown closes the connection in order, after the stream was closed; e
	// is the error that the stream ended with.
	shutdown(e *stanza.StreamError)
	abort()
	traits() traits
	kind() string // for logs
}

// listener hears of input on the reader goroutine while next waits.
type listener interface {
	// noticed: a part of an element has come (n is 0), or n bytes that are none.
	noticed(n int)
	// answered: the client has answered a ping.
	answered(token []byte)
}

// traits are the small differences that the framings make.
type traits struct {
	name          string
	canStartTLS   bool
	legacySession bool // advertise the session request of RFC 3921
	classic       bool // spoken by pages of 2013 only, to which nothing newer is offered
}

var (
	errWoken       = errors.New("c2s: woken")
	errCannotTLS   = errors.New("c2s: no STARTTLS on this transport")
	errEndOfStream = errors.New("c2s: the client closed the stream")
)

type itemKind uint8

const (
	itemOpen itemKind = iota
	itemElement
	itemClose
	itemSpace
)

// item is what a client has sent; its bytes are valid until the next one.
type item struct {
	kind   itemKind
	header *stanza.Header // of itemOpen
	raw    []byte         // of itemElement
	size   int            // bytes that came
}

// openReply is our stream header (RFC 6120 §4.7, RFC 7395 §3.4).
type openReply struct {
	from, to, id, lang string
}

func (o openReply) attributes(dst []byte) []byte {
	dst = append(dst, ` from="`...)
	dst = stanza.AppendText(dst, o.from)
	if o.to != "" {
		dst = append(dst, `" to="`...)
		dst = stanza.AppendText(dst, o.to)
	}
	dst = append(dst, `" id="`...)
	dst = stanza.AppendText(dst, o.id)
	dst = append(dst, `" version="1.0" xml:lang="`...)
	dst = stanza.AppendText(dst, o.lang)
	return append(dst, '"')
}

func streamError(c stanza.StreamCondition, text string) *stanza.StreamError {
	return &stanza.StreamError{Condition: c, Text: text}
}
