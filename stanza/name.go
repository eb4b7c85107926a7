package stanza

// ncName returns where the NCName that begins at s[i] ends; i if there is none
// (Namespaces in XML §3, production 4).
func ncName[T bytestring](s T, i int) int {
	start, want := i, classNameStart
	for i < len(s) {
		c := s[i]
		if c < 0x80 {
			if class[c]&want == 0 {
				return i
			}
			i++
		} else {
			r, size := decode(s, i)
			if size == 0 || !isNameRune(r, i == start) {
				return i
			}
			i += size
		}
		want = className
	}
	return i
}

// qname is a name as it stands in the document: doc[start:end], with a prefix
// if colon is not 0.
type qname struct{ start, colon, end int32 }

func (q qname) raw(doc []byte) []byte { return doc[q.start:q.end] }

func (q qname) prefix(doc []byte) []byte {
	if q.colon == 0 {
		return nil
	}
	return doc[q.start:q.colon]
}

func (q qname) local(doc []byte) []byte {
	if q.colon == 0 {
		return doc[q.start:q.end]
	}
	return doc[q.colon+1 : q.end]
}

// name reads the QName at i (Namespaces in XML §4).
func (r *reader) name(i int) (qname, error) {
	end := asciiName(r.doc, i)
	if end > i && end < len(r.doc) && r.doc[end] < 0x80 && r.doc[end] != ':' {
		return qname{start: int32(i), end: int32(end)}, nil // the usual one
	}
	return r.anyName(i)
}

func (r *reader) anyName(i int) (qname, error) {
	end := r.ncName(i)
	if end == i {
		return qname{}, r.malformed(i, "a name is expected")
	}
	if end < len(r.doc) && r.doc[end] == ':' {
		colon := end
		if end = r.ncName(colon + 1); end == colon+1 {
			return qname{}, r.malformed(end, "a name has a prefix and nothing behind it")
		}
		return qname{start: int32(i), colon: int32(colon), end: int32(end)}, nil
	}
	return qname{start: int32(i), end: int32(end)}, nil
}

// ncName is the function ncName, short cut for the usual ASCII name.
func (r *reader) ncName(start int) int {
	i := asciiName(r.doc, start)
	if i < len(r.doc) && r.doc[i] >= 0x80 {
		return ncName(r.doc, start)
	}
	return i
}

// asciiName returns where the ASCII characters of the NCName at i end.
func asciiName(doc []byte, i int) int {
	if i < len(doc) && class[doc[i]]&classNameStart != 0 {
		for i++; i < len(doc) && class[doc[i]]&className != 0; {
			i++
		}
	}
	return i
}
