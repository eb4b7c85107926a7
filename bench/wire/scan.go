package wire

import "bytes"

// Is reports whether the element's name, as written, is name.
func Is(element []byte, name string) bool {
	n := len(name) + 1
	if len(element) <= n || element[0] != '<' || string(element[1:n]) != name {
		return false
	}
	switch element[n] {
	case ' ', '>', '/', '\t', '\n', '\r':
		return true
	}
	return false
}

// Attr returns an attribute of the element's start tag, or nil. References in
// the value stay as they are.
func Attr(element []byte, name string) []byte {
	i := 1
	for i < len(element) {
		switch c := element[i]; {
		case c == '>':
			return nil
		case c == '"' || c == '\'':
			n := bytes.IndexByte(element[i+1:], c)
			if n < 0 {
				return nil
			}
			value := element[i+1 : i+1+n]
			if named(element[:i], name) {
				return value
			}
			i += n + 1
		}
		i++
	}
	return nil
}

// named reports whether b ends in ` name=`.
func named(b []byte, name string) bool {
	b = bytes.TrimRight(b, " \t\r\n")
	if !bytes.HasSuffix(b, []byte{'='}) {
		return false
	}
	b = bytes.TrimRight(b[:len(b)-1], " \t\r\n")
	if n := len(b) - len(name); n > 0 && string(b[n:]) == name {
		c := b[n-1]
		return c == ' ' || c == '\t' || c == '\n' || c == '\r'
	}
	return false
}

// Text returns what stands between the first `<name …>` inside element and the
// next tag, or nil.
func Text(element []byte, name string) []byte {
	for at := 0; ; {
		i := bytes.Index(element[at:], []byte(name))
		if i < 0 {
			return nil
		}
		at += i
		if at > 0 && element[at-1] == '<' && Is(element[at-1:], name) {
			return textAt(element, at)
		}
		at += len(name)
	}
}

func textAt(element []byte, at int) []byte {
	end := tagEnd(element, at)
	if end < 0 || element[end-2] == '/' {
		return nil
	}
	n := bytes.IndexByte(element[end:], '<')
	if n < 0 {
		return nil
	}
	return element[end : end+n]
}
