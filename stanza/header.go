package stanza

import (
	"bytes"
	"slices"
	"strings"
)

// Header is a stream header (RFC 6120 §4.7).
type Header struct {
	To, From, ID, Version, Lang string
	// DefaultNS is the default namespace: the content namespace, unless the
	// header uses none (RFC 6120 §4.8.2).
	DefaultNS string
	// SelfClosed says that it was <stream:stream … />, as the WebSocket
	// clients before RFC 7395 sent it.
	SelfClosed bool

	bindings []binding
}

// clientScope is what is in force where nothing else is said.
var clientScope = []binding{{uri: clientSpace}}

// declared returns the declarations of the header; none if it is nil.
func (h *Header) declared() []binding {
	if h == nil {
		return nil
	}
	return h.bindings
}

// ParseHeader reads a stream header, with or without an XML declaration before
// it. The error is a *StreamError: invalid-namespace if the header is in any
// other namespace than that of streams, bad-format if it is not called stream,
// else as for Scan, or unsupported-encoding.
func ParseHeader(b []byte) (*Header, error) {
	n, err := declaration(b)
	if err != nil {
		return nil, err
	}
	r := new(reader)
	if err := r.begin(b, Limits{}, nil); err != nil {
		return nil, err
	}
	r.pos = n
	t, err := r.next()
	switch {
	case err != nil:
		return nil, err
	case t != tokenOpen:
		return nil, r.malformed(r.pos, "a stream header is expected")
	}
	if err := r.checkHeader(); err != nil {
		return nil, err
	}
	return r.header(), nil
}

func (r *reader) checkHeader() error {
	e := r.top()
	switch {
	case skipSpace(r.doc, r.pos) != len(r.doc):
		return r.malformed(r.pos, "something follows the stream header")
	case string(r.space(e.space)) != NSStream: // RFC 6120 §4.8.1
		return r.fail(r.pos, StreamInvalidNamespace, "a stream header is in the namespace "+NSStream)
	case string(e.name.local(r.doc)) != "stream":
		return r.fail(r.pos, StreamBadFormat, "a stream header is called stream")
	}
	return nil
}

func (r *reader) header() *Header {
	h := &Header{SelfClosed: r.empty}
	for i := range r.attrs {
		a := &r.attrs[i]
		value := string(r.valueOf(a))
		switch {
		case a.space == inXML && string(a.name.local(r.doc)) == "lang":
			h.Lang = value
		case a.space == noSpace:
			h.set(string(a.name.raw(r.doc)), value)
		}
	}
	for _, b := range r.scope.bindings {
		h.bindings = append(h.bindings, binding{prefix: slices.Clone(b.prefix), uri: slices.Clone(b.uri)})
	}
	return h
}

func (h *Header) set(name, value string) {
	switch name {
	case "to":
		h.To = value
	case "from":
		h.From = value
	case "id":
		h.ID = value
	case "version":
		h.Version = value
	case "xmlns":
		h.DefaultNS = value
	}
}

// declaration checks the XML declaration that b may begin with (XML §2.8,
// production 23) and returns its length.
func declaration(b []byte) (int, error) {
	if !bytes.HasPrefix(b, xmlDeclaration) || len(b) > len(xmlDeclaration) && !isSpace(b[len(xmlDeclaration)]) {
		return 0, nil
	}
	end := bytes.Index(b, []byte("?>"))
	if end < 0 {
		return 0, badDeclaration("the XML declaration does not end")
	}
	rest := b[len(xmlDeclaration):end]
	version, rest, ok := pseudoAttribute(rest, "version")
	if !ok || !isVersion(version) {
		return 0, badDeclaration("the XML declaration has no version that is known")
	}
	encoding, rest, ok := pseudoAttribute(rest, "encoding")
	if ok && !strings.EqualFold(string(encoding), "utf-8") { // RFC 6120 §11.6
		return 0, &StreamError{Condition: StreamUnsupportedEncoding, Text: "the encoding is UTF-8"}
	}
	alone, rest, ok := pseudoAttribute(rest, "standalone")
	if ok && string(alone) != "yes" && string(alone) != "no" {
		return 0, badDeclaration("standalone is yes or no")
	}
	if skipSpace(rest, 0) != len(rest) {
		return 0, badDeclaration("the XML declaration is not well-formed")
	}
	return end + len("?>"), nil
}

var xmlDeclaration = []byte("<?xml")

func badDeclaration(what string) error {
	return &StreamError{Condition: StreamNotWellFormed, Text: what}
}

// isVersion reports whether v is a VersionNum (XML §2.8, production 26).
func isVersion(v []byte) bool {
	digits, ok := bytes.CutPrefix(v, []byte("1."))
	return ok && len(digits) > 0 && len(bytes.Trim(digits, "0123456789")) == 0
}

// pseudoAttribute reads name="value" and what white space it needs before it.
func pseudoAttribute(b []byte, name string) (value, rest []byte, ok bool) {
	i := skipSpace(b, 0)
	after, ok := bytes.CutPrefix(b[i:], []byte(name))
	if i == 0 || !ok {
		return nil, b, false
	}
	after = after[skipSpace(after, 0):]
	if len(after) == 0 || after[0] != '=' {
		return nil, b, false
	}
	after = after[skipSpace(after, 1):]
	if len(after) == 0 || after[0] != '\'' && after[0] != '"' {
		return nil, b, false
	}
	end := bytes.IndexByte(after[1:], after[0])
	if end < 0 {
		return nil, b, false
	}
	return after[1 : end+1], after[end+2:], true
}
