package main

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"slices"

	"parley/stanza"
)

// inside checks what needs no other parser: that scanning and writing is a
// round trip, and that it does not matter how a stream is cut.
func (w *worker) inside() error {
	var doc []byte
	for w.more(1) {
		doc = w.make(doc[:0])
		w.guard(doc, func() error { return w.roundTrip(doc) })
		w.guard(doc, func() error { return w.cutAnywhere(doc) })
	}
	return nil
}

// roundTrip scans, writes and scans again: the tree is the same, and what is
// written of it stays as it is.
func (w *worker) roundTrip(doc []byte) error {
	s, v := &w.judge.scanner, &w.judge.view
	if s.Scan(doc, v) != nil {
		w.judge.refused++
		return nil
	}
	w.judge.accepted++
	tree := v.Tree()
	written := tree.Append(nil, "")
	if err := s.Scan(written, v); err != nil {
		return fmt.Errorf("written as %q: %w", written, err)
	}
	again := v.Tree()
	if !reflect.DeepEqual(again, tree) {
		return fmt.Errorf("written as %q: another tree", written)
	}
	if third := again.Append(nil, ""); !bytes.Equal(third, written) {
		return fmt.Errorf("written as %q and then as %q", written, third)
	}
	return nil
}

// piece of a stream: an item and where it ends. White space is joined.
type piece struct {
	item stanza.Item
	end  int
}

// cutAnywhere splits the stream with the document in it as a whole, byte by
// byte, and in two parts at every byte, always with the same result; and what
// is found is what the scanner says of the document.
func (w *worker) cutAnywhere(doc []byte) error {
	stream := append(append([]byte(streamStart), doc...), streamEnd...)
	want, wantErr := split(stream, len(stream), len(stream), nil)
	if err := w.agrees(doc, want, wantErr); err != nil {
		return err
	}
	var got []piece
	for cut := range len(stream) {
		step := len(stream)
		if cut == 0 {
			step = 1
		}
		var err error
		got, err = split(stream, cut, step, got[:0])
		w.cuts++
		if !slices.Equal(got, want) || condition(err) != condition(wantErr) {
			return fmt.Errorf("cut at %d: %v, %w; whole: %v, %w", cut, got, err, want, wantErr)
		}
	}
	return nil
}

// split gives a splitter the stream up to first, and then step more each time.
func split(stream []byte, first, step int, pieces []piece) ([]piece, error) {
	var s stanza.Splitter
	start, have := 0, first
	for {
		it, n, err := s.Next(stream[start:have:have])
		switch {
		case err != nil:
			return pieces, err
		case it != stanza.NeedMore:
			start += n
			pieces = addPiece(pieces, piece{it, start})
		case have == len(stream):
			return pieces, nil
		default:
			have = min(len(stream), have+step)
		}
	}
}

func addPiece(pieces []piece, p piece) []piece {
	if n := len(pieces); n > 0 && p.item == stanza.Space && pieces[n-1].item == stanza.Space {
		pieces[n-1] = p
		return pieces
	}
	return append(pieces, p)
}

func condition(err error) stanza.StreamCondition {
	var e *stanza.StreamError
	if errors.As(err, &e) {
		return e.Condition
	}
	return ""
}

// agrees: what the scanner accepts the splitter finds, whole and alone.
func (w *worker) agrees(doc []byte, pieces []piece, err error) error {
	if w.judge.inScope.Scan(doc, &w.judge.view) != nil {
		return nil
	}
	var items []stanza.Item
	for _, p := range pieces {
		if p.item != stanza.Space {
			items = append(items, p.item)
		}
	}
	want := []stanza.Item{stanza.StreamOpen, stanza.Stanza, stanza.StreamClose}
	if err != nil || !slices.Equal(items, want) {
		return fmt.Errorf("scanned, but split as %v: %w", items, err)
	}
	return nil
}
