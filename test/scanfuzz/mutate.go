package main

import (
	"fmt"
	"os"
	"path/filepath"
)

// maxMutated bounds what mutations make of a document: longer ones cost more
// and find no more.
const maxMutated = 600

// loadCorpus reads the documents that mutations begin with.
func loadCorpus(dirs []string) ([][]byte, error) {
	var docs [][]byte
	for _, dir := range dirs {
		files, err := filepath.Glob(filepath.Join(dir, "*"))
		if err != nil || len(files) == 0 {
			return nil, fmt.Errorf("no documents in %s: %w", dir, os.ErrNotExist)
		}
		for _, file := range files {
			doc, err := os.ReadFile(file) // #nosec G304 -- a folder that the caller names
			if err != nil {
				return nil, err
			}
			docs = append(docs, doc[:min(len(doc), maxMutated)])
		}
	}
	return docs, nil
}

// mutated appends to b a document of the corpus, or a made one, with a few
// changes.
func (g *generator) mutated(b []byte, corpus [][]byte) []byte {
	start := len(b)
	if g.rarely(3) {
		b = append(b, corpus[g.IntN(len(corpus))]...)
	} else {
		b = g.document(b)
	}
	for n := 1 + g.IntN(3); n > 0; n-- {
		b = append(b[:start], g.mutate(b[start:], corpus)...)
	}
	return b[:min(len(b), start+maxMutated)]
}

// mutate changes doc once. It may change its array.
func (g *generator) mutate(doc []byte, corpus [][]byte) []byte {
	if len(doc) == 0 {
		return append(doc, g.one(fragments)...)
	}
	at := g.IntN(len(doc))
	end := min(len(doc), at+1+g.IntN(8))
	switch g.IntN(7) {
	case 0:
		doc[at] ^= 1 << g.IntN(8)
		return doc
	case 1:
		doc[at] = byte(g.IntN(256)) // #nosec G115 -- fits
		return doc
	case 2:
		return append(doc[:at], doc[end:]...)
	case 3:
		return insert(doc, at, string(doc[at:end]))
	case 4:
		return append(doc[:at], g.splice(corpus)...)
	default:
		return insert(doc, at, g.one(fragments))
	}
}

// splice returns the end of a document of the corpus.
func (g *generator) splice(corpus [][]byte) []byte {
	other := corpus[g.IntN(len(corpus))]
	if len(other) == 0 {
		return nil
	}
	return other[g.IntN(len(other)):]
}

func insert(doc []byte, at int, s string) []byte {
	doc = append(doc, s...)
	copy(doc[at+len(s):], doc[at:len(doc)-len(s)])
	copy(doc[at:], s)
	return doc
}
