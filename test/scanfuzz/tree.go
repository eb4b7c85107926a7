package main

import "parley/stanza"

// appendTree writes a tree as the oracle does.
func appendTree(b []byte, e *stanza.Element) []byte {
	b = appendElement(b, e)
	return b[:len(b)-1] // tokens are separated, not ended
}

func appendElement(b []byte, e *stanza.Element) []byte {
	b = append(appendName(append(b, 2), e.Space, e.Local), 0)
	for i := range e.Attrs {
		a := &e.Attrs[i]
		b = append(appendName(b, a.Space, a.Name), 0)
		b = append(append(b, a.Value...), 0)
	}
	for i := range e.Nodes {
		if n := &e.Nodes[i]; n.Element != nil {
			b = appendElement(b, n.Element)
		} else {
			b = append(append(b, n.Text...), 0)
		}
	}
	return append(b, 1, 0)
}

func appendName(b []byte, space, local string) []byte {
	if space != "" {
		b = append(append(b, space...), '\f')
	}
	return append(b, local...)
}
