package stanza

// ScanAlone is Scan with a reader that is not pooled: the race detector makes
// pools forget, which would count as allocations.
func ScanAlone(limits Limits) func(doc []byte, v *View) error {
	r := new(reader)
	return func(doc []byte, v *View) error { return r.scan(doc, limits, nil, v) }
}
