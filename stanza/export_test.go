package stanza

// ForeignNames reports whether an accepted document has a name with characters
// beyond ASCII in it. Expat knows those of the fourth edition of XML only.
func ForeignNames(doc []byte) bool {
	r := new(reader)
	if err := r.begin(doc, Limits{}, nil); err != nil {
		return false
	}
	for {
		t, err := r.next()
		switch {
		case err != nil || t == tokenEnd:
			return false
		case t == tokenClose:
			r.leave()
		case t == tokenOpen:
			names := []qname{r.top().name}
			for i := range r.attrs {
				names = append(names, r.attrs[i].name)
			}
			for _, n := range names {
				for _, c := range n.raw(doc) {
					if c >= 0x80 {
						return true
					}
				}
			}
		}
	}
}

// ScanAlone is Scan with a reader that is not pooled: the race detector makes
// pools forget, which would count as allocations.
func ScanAlone(limits Limits) func(doc []byte, v *View) error {
	r := new(reader)
	return func(doc []byte, v *View) error { return r.scan(doc, limits, nil, v) }
}
