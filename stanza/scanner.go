package stanza

import "bytes"

// Scanner checks elements. Its zero value scans what stands alone, as a
// WebSocket message does (RFC 7395 §3.3). It is for one goroutine.
type Scanner struct {
	Limits Limits

	header *Header
}

// SetScope puts the namespaces that a stream header declares in force for the
// elements that follow it (RFC 6120 §4.8). Nil takes them away.
func (s *Scanner) SetScope(h *Header) { s.header = h }

// Scan checks that doc is exactly one element, with or without white space
// around it, and fills v. The error is a *StreamError: not-well-formed,
// restricted-xml (RFC 6120 §11.1) or policy-violation.
// After an error v holds nothing of use.
func (s *Scanner) Scan(doc []byte, v *View) error {
	r := readers.Get().(*reader)
	err := r.scan(doc, s.Limits, s.header, v)
	r.release()
	return err
}

func (r *reader) scan(doc []byte, limits Limits, h *Header, v *View) error {
	v.reset(h)
	r.arena = v.arena
	if err := r.begin(doc, limits, h.declared()); err != nil {
		return err
	}
	var payload int // where it begins
	for {
		t, err := r.next()
		if err != nil {
			return err
		}
		switch t {
		case tokenEnd:
			v.Canonical = !r.loose && !r.outer && bytes.IndexByte(v.Payload, '\r') < 0
			v.arena = r.arena
			return nil
		case tokenOpen:
			switch len(r.open) {
			case 1:
				v.start(r)
				payload = r.pos
				r.loose = false // the start tag will be written anew
			case 2:
				v.Children = r.addChild(v.Children, payload)
			}
		case tokenClose:
			switch len(r.open) {
			case 1:
				start := int(r.top().name.start) - 1
				v.Raw = r.doc[start:r.pos:r.pos]
				v.Payload = r.doc[payload:max(payload, r.closedAt)]
			case 2:
				v.Children[len(v.Children)-1].End = r.pos - payload
			}
			r.leave()
		}
	}
}

// addChild appends the element just opened, in a payload that begins at base.
func (r *reader) addChild(children []Child, base int) []Child {
	e := r.top()
	children = append(children, Child{})
	c := &children[len(children)-1]
	c.Space, c.Local, c.Start = r.space(e.space), e.name.local(r.doc), int(e.name.start)-1-base
	return children
}

// ScanPayload finds the children in a canonical payload, whose default
// namespace is jabber:client, such as one kept by an archive. It appends them
// to children[:0]. What AppendPayload wrote never fails.
func ScanPayload(payload []byte, children []Child) ([]Child, error) {
	r := readers.Get().(*reader)
	defer r.release()
	children = children[:0]
	r.arena = nil // the children may refer to it
	if err := r.begin(payload, Limits{}, clientScope); err != nil {
		return children, err
	}
	r.fragment, r.trusted = true, true
	for {
		t, err := r.next()
		if err != nil {
			return children, err
		}
		switch t {
		case tokenEnd:
			return children, nil
		case tokenOpen:
			if len(r.open) == 1 {
				children = r.addChild(children, 0)
			}
		case tokenClose:
			if len(r.open) == 1 {
				children[len(children)-1].End = r.pos
			}
			r.leave()
		}
	}
}
