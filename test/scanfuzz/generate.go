package main

import (
	"math/rand/v2"
	"strconv"
)

// generator makes documents that are mostly well-formed and use all that XML
// has. It is for one goroutine.
type generator struct {
	*rand.Rand
	b    []byte
	left int // how many more elements
}

func newGenerator(seed, stream uint64) *generator {
	return &generator{Rand: rand.New(rand.NewPCG(seed, stream))} // #nosec G404 -- a seed must give the same documents again
}

func (g *generator) one(of []string) string { return of[g.IntN(len(of))] }

func (g *generator) put(s string) { g.b = append(g.b, s...) }

// word chooses a good one, or once in a while a bad one.
func (g *generator) word(of words) string {
	if g.rarely(60) {
		return g.one(of.bad)
	}
	return g.one(of.good)
}

// rarely is true once in n times.
func (g *generator) rarely(n int) bool { return g.IntN(n) == 0 }

// document appends a document to b.
func (g *generator) document(b []byte) []byte {
	g.b, g.left = b, 1+g.IntN(6)
	if g.rarely(8) {
		g.put(g.word(spaces))
	}
	if g.rarely(200) {
		g.put(g.one(prologs))
	}
	g.element(0)
	if g.rarely(8) {
		g.put(g.word(spaces))
	}
	return g.b
}

func (g *generator) element(depth int) {
	g.left--
	start := len(g.b) + 1
	g.b = append(g.b, '<')
	g.name()
	name := string(g.b[start:])
	g.attributes(depth)
	if g.rarely(6) {
		g.put(g.word(spaces))
	}
	if g.rarely(4) {
		g.put("/>")
		return
	}
	g.b = append(g.b, '>')
	g.content(depth)
	g.put("</")
	if g.rarely(150) {
		name = g.word(names)
	}
	g.put(name)
	if g.rarely(12) {
		g.put(g.word(spaces))
	}
	g.b = append(g.b, '>')
}

func (g *generator) name() {
	if g.rarely(4) {
		g.put(g.word(prefixes))
		g.b = append(g.b, ':')
	}
	g.put(g.word(names))
}

// attributes writes a start tag's, declarations among them. At the top all
// prefixes are nearly always declared, so that most documents are well-formed.
func (g *generator) attributes(depth int) {
	declared := depth == 0 && !g.rarely(30)
	if declared {
		g.put(" xmlns:a='urn:a' xmlns:b=\"urn:b\" xmlns:п='urn:a'")
	}
	for n := g.IntN(4); n > 0; n-- {
		g.space()
		g.attribute(n, declared)
	}
}

// attribute writes the n-th; the number in its name keeps it from being there
// twice, except once in a while.
func (g *generator) attribute(n int, declared bool) {
	switch {
	case n == 3 && g.rarely(3):
		g.put("xmlns")
		g.quoted(g.word(uris))
		return
	case g.rarely(6) && (!declared || g.rarely(20)):
		g.put("xmlns:")
		g.put(g.word(prefixes))
		g.quoted(g.word(uris))
		return
	case g.rarely(4):
		g.name()
	default:
		g.put(g.word(plainAttributes))
	}
	if !g.rarely(20) {
		g.b = strconv.AppendInt(g.b, int64(n), 10)
	}
	g.value()
}

func (g *generator) space() {
	if g.rarely(6) {
		g.put(g.word(spaces))
		return
	}
	g.b = append(g.b, ' ')
}

func (g *generator) quoted(s string) {
	quote := byte('\'')
	if g.rarely(3) {
		quote = '"'
	}
	g.b = append(g.b, '=', quote)
	g.put(s)
	g.b = append(g.b, quote)
}

func (g *generator) value() {
	quote := byte('\'')
	if g.rarely(3) {
		quote = '"'
	}
	if g.rarely(10) {
		g.b = append(g.b, ' ')
	}
	g.b = append(g.b, '=')
	if g.rarely(10) {
		g.b = append(g.b, '\n')
	}
	g.b = append(g.b, quote)
	for n := g.IntN(3); n > 0; n-- {
		g.piece()
	}
	g.b = append(g.b, quote)
}

func (g *generator) content(depth int) {
	for n := g.IntN(4); n > 0; n-- {
		switch {
		case g.left > 0 && depth < 6 && !g.rarely(3):
			g.element(depth + 1)
		case g.rarely(8):
			g.put("<![CDATA[")
			g.put(g.word(sections))
			g.put("]]>")
		case g.rarely(200):
			g.put(g.one(restrictedMarkup))
		default:
			g.piece()
		}
	}
}

// piece is some text, or a reference.
func (g *generator) piece() {
	switch {
	case g.rarely(5):
		g.put(g.word(references))
	case g.rarely(40):
		g.b = append(g.b, "&#"...)
		if g.rarely(2) {
			g.b = strconv.AppendInt(append(g.b, 'x'), int64(g.code()), 16)
		} else {
			g.b = strconv.AppendInt(g.b, int64(g.code()), 10)
		}
		g.b = append(g.b, ';')
	case g.rarely(30):
		g.b = append(g.b, string(rune(g.code()))...)
	default:
		g.put(g.word(texts))
	}
}

// code is a character's number, near the borders of what XML allows or any.
func (g *generator) code() int {
	if g.rarely(2) {
		return codes[g.IntN(len(codes))] + g.IntN(3) - 1
	}
	return 0x20 + g.IntN(0x3000)
}
