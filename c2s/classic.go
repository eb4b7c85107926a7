package c2s

import (
	"bytes"

	"parley/stanza"
)

// classic is the framing of the drafts before RFC 7395
// (draft-moffitt-xmpp-over-websocket-00): the stream header and its end tag of
// RFC 6120, each a message of its own. Pages send the header as an
// empty-element tag or as a start tag; they get it back in the same form.
type classic struct {
	unclosed bool // owned by the reader before bind
}

func (c *classic) traits() traits {
	return traits{name: "websocket-classic", legacySession: true, classic: true}
}

func (c *classic) scoped() bool { return true }

// open: pages look for the literal beginning and read it with an XML parser,
// after closing the tag themselves if they had not closed theirs.
func (c *classic) open(b []byte, o openReply) []byte {
	b = append(b, `<stream:stream xmlns="jabber:client" xmlns:stream="http://etherx.jabber.org/streams"`...)
	b = o.attributes(b)
	if c.unclosed {
		return append(b, '>')
	}
	return append(b, " />"...)
}

const classicClose = "</stream:stream>"

func (c *classic) close() string { return classicClose }

func (c *classic) item(message []byte) (item, error) {
	switch {
	case bytes.HasPrefix(message, []byte("</")):
		return item{kind: itemClose}, nil
	case bytes.HasPrefix(message, []byte("<?xml")), bytes.HasPrefix(message, []byte("<stream:stream")):
		h, err := stanza.ParseHeader(message)
		if err != nil {
			return item{}, err
		}
		c.unclosed = !h.SelfClosed
		return item{kind: itemOpen, header: h}, nil
	}
	return item{kind: itemElement, raw: message}, nil
}
