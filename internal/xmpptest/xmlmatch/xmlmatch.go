// Package xmlmatch compares XML from the wire with a pattern in a test. What
// XML does not distinguish does not count: quotes, the order of attributes,
// prefixes, white space between elements. Namespaces do.
//
// {any} in an attribute value or in text stands for any text there. An element
// whose whole content is {any} may hold anything, and {more} as its last text
// allows further children after those given. A value or text that is {=name}
// fits any text and is kept under that name (Values).
package xmlmatch

import (
	"fmt"
	"strings"

	"parley/stanza"
)

// The wildcards.
const (
	Any  = "{any}"
	More = "{more}"
)

// Header is a stream header that declares what patterns may use undeclared.
var Header = func() *stanza.Header {
	h, err := stanza.ParseHeader([]byte("<stream:stream xmlns='" + stanza.NSClient + "' xmlns:stream='" + stanza.NSStream + "'>"))
	if err != nil {
		panic(err)
	}
	return h
}()

// Parse reads a pattern or an answer: one element. The default namespace is
// jabber:client and the prefix stream is declared.
func Parse(doc string) (*stanza.Element, error) {
	return stanza.ParseIn([]byte(strings.TrimSpace(doc)), Header)
}

// Values are what {=name} has met.
type Values map[string]string

// Fill puts the values in the place of {name} in text, escaped for XML.
func (v Values) Fill(text string) string {
	for name, value := range v {
		text = strings.ReplaceAll(text, "{"+name+"}", string(stanza.AppendText(nil, value)))
	}
	return text
}

// Match tells how got differs from pattern; nil if it does not.
func Match(pattern, got string) error {
	p, err := Parse(pattern)
	if err != nil {
		return fmt.Errorf("pattern: %w", err)
	}
	g, err := Parse(got)
	if err != nil {
		return fmt.Errorf("answer: %w", err)
	}
	return Elements(p, g)
}

// Elements is Match for trees.
func Elements(pattern, got *stanza.Element) error { return Values{}.Elements(pattern, got) }

// Elements is Match for trees, and keeps values. If it does not match it may
// have kept some.
func (v Values) Elements(pattern, got *stanza.Element) error {
	return v.match(pattern, got, pattern.Local)
}

func (v Values) match(p, g *stanza.Element, path string) error {
	if p.Space != g.Space || p.Local != g.Local {
		return fmt.Errorf("%s: got {%s}%s, want {%s}%s", path, g.Space, g.Local, p.Space, p.Local)
	}
	if err := v.attributes(p, g, path); err != nil {
		return err
	}
	if only(p) == Any {
		return nil
	}
	if err := v.children(p, g, path); err != nil {
		return err
	}
	want := strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(p.Text()), More))
	if have := strings.TrimSpace(g.Text()); !v.text(want, have) {
		return fmt.Errorf("%s: got text %q, want %q", path, have, want)
	}
	return nil
}

// only returns the text of an element without children.
func only(e *stanza.Element) string {
	if e.First() != nil {
		return ""
	}
	return strings.TrimSpace(e.Text())
}

func (v Values) attributes(p, g *stanza.Element, path string) error {
	for _, a := range p.Attrs {
		have, ok := lookup(g, a)
		if !ok {
			return fmt.Errorf("%s: no attribute %s, want %q", path, a.Name, a.Value)
		}
		if !v.text(a.Value, have) {
			return fmt.Errorf("%s: got %s=%q, want %q", path, a.Name, have, a.Value)
		}
	}
	for _, a := range g.Attrs {
		if _, ok := lookup(p, a); !ok {
			return fmt.Errorf("%s: got unexpected %s=%q", path, a.Name, a.Value)
		}
	}
	return nil
}

func lookup(e *stanza.Element, like stanza.Attr) (string, bool) {
	for _, a := range e.Attrs {
		if a.Space == like.Space && a.Name == like.Name {
			return a.Value, true
		}
	}
	return "", false
}

func (v Values) children(p, g *stanza.Element, path string) error {
	want, have := list(p), list(g)
	for i, w := range want {
		if i >= len(have) {
			return fmt.Errorf("%s: no <%s xmlns='%s'/>", path, w.Local, w.Space)
		}
		if err := v.match(w, have[i], path+"/"+w.Local); err != nil {
			return err
		}
	}
	if len(have) > len(want) && !strings.HasSuffix(strings.TrimSpace(p.Text()), More) {
		extra := have[len(want)]
		return fmt.Errorf("%s: got unexpected <%s xmlns='%s'/>", path, extra.Local, extra.Space)
	}
	return nil
}

func list(e *stanza.Element) []*stanza.Element {
	var out []*stanza.Element
	for c := range e.Elements() {
		out = append(out, c)
	}
	return out
}

func (v Values) text(pattern, got string) bool {
	if name, ok := strings.CutPrefix(pattern, "{="); ok && strings.HasSuffix(name, "}") {
		v[strings.TrimSuffix(name, "}")] = got
		return true
	}
	return Text(pattern, got)
}

// Text reports whether got fits pattern, in which {any} stands for any text.
func Text(pattern, got string) bool {
	parts := strings.Split(pattern, Any)
	if len(parts) == 1 {
		return pattern == got
	}
	got, ok := strings.CutPrefix(got, parts[0])
	if !ok {
		return false
	}
	last := len(parts) - 1
	for _, part := range parts[1:last] {
		_, after, found := strings.Cut(got, part)
		if !found {
			return false
		}
		got = after
	}
	return strings.HasSuffix(got, parts[last])
}
