package stanza_test

import (
	"bytes"
	"reflect"
	"testing"

	"parley/stanza"
)

const streamHeader = `<?xml version='1.0'?><stream:stream to='example.org' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>`

// inMessage puts a payload where it will stand when it is delivered.
func inMessage(payload []byte) []byte {
	doc := []byte(`<message xmlns='jabber:client'>`)
	return append(append(doc, payload...), `</message>`...)
}

// checkView fails unless the parts of an accepted element fit together.
func checkView(t testing.TB, doc []byte, v *stanza.View) {
	t.Helper()
	if want := bytes.Trim(doc, " \t\r\n"); !bytes.Equal(v.Raw, want) {
		t.Fatalf("Raw is %q of %q", v.Raw, doc)
	}
	tree := v.Tree()
	if string(v.Local) != tree.Local || string(v.Space) != tree.Space {
		t.Fatalf("name is {%s}%s, in the tree {%s}%s", v.Space, v.Local, tree.Space, tree.Local)
	}
	checkChildren(t, v.Payload, v.Children, tree)
	checkPayload(t, v, tree)
}

func checkChildren(t testing.TB, payload []byte, children []stanza.Child, tree *stanza.Element) {
	t.Helper()
	i := 0
	for e := range tree.Elements() {
		if i == len(children) {
			t.Fatalf("%d children and more in the tree", i)
		}
		c := children[i]
		if !c.Is(e.Space, e.Local) {
			t.Fatalf("child %d is {%s}%s, in the tree {%s}%s", i, c.Space, c.Local, e.Space, e.Local)
		}
		if b := payload[c.Start:c.End]; b[0] != '<' || b[len(b)-1] != '>' {
			t.Fatalf("child %d is %q", i, b)
		}
		i++
	}
	if i != len(children) {
		t.Fatalf("%d children, in the tree %d", len(children), i)
	}
}

// checkPayload fails unless what is delivered says the same as what came.
func checkPayload(t testing.TB, v *stanza.View, tree *stanza.Element) {
	t.Helper()
	payload := v.AppendPayload(nil)
	var s stanza.Scanner
	var again stanza.View
	doc := inMessage(payload)
	if err := s.Scan(doc, &again); err != nil {
		t.Fatalf("payload %q: %v", payload, err)
	}
	if !again.Canonical {
		t.Fatalf("payload %q is not canonical", payload)
	}
	got := again.Tree()
	if !reflect.DeepEqual(got.Nodes, tree.Nodes) {
		t.Fatalf("payload of %q\ndelivered as %q\nreads %s", v.Raw, payload, got)
	}
	children, err := stanza.ScanPayload(payload, nil)
	if err != nil {
		t.Fatalf("ScanPayload(%q): %v", payload, err)
	}
	checkChildren(t, payload, children, tree)
}

// checkRoundTrip fails unless a tree survives being written and read, and what
// is written then stays as it is.
func checkRoundTrip(t testing.TB, tree *stanza.Element) {
	t.Helper()
	for _, parent := range []string{"", stanza.NSClient} {
		doc := tree.Append(nil, parent)
		if parent == stanza.NSClient {
			doc = inMessage(doc)
		}
		var s stanza.Scanner
		var v stanza.View
		if err := s.Scan(doc, &v); err != nil {
			t.Fatalf("written %q: %v", doc, err)
		}
		again := v.Tree()
		agree(t, doc, again)
		if parent == stanza.NSClient {
			again = again.First()
		}
		if !reflect.DeepEqual(again, tree) {
			t.Fatalf("written %q\nread as %s\n     was %s", doc, dump(again), dump(tree))
		}
	}
}

// item is what a splitter yields, for comparison.
type item struct {
	it stanza.Item
	b  string
}

// split feeds a stream to a splitter, all at once, and returns the items, those
// of white space joined, and how it ended.
func split(t testing.TB, stream []byte, limits stanza.Limits) ([]item, error) {
	t.Helper()
	return splitAt(t, stream, limits, func(have int) int { return len(stream) })
}

// splitAt feeds a stream in parts: more tells up to where, when it has come to
// have and the splitter needs more.
func splitAt(t testing.TB, stream []byte, limits stanza.Limits, more func(have int) int) ([]item, error) {
	t.Helper()
	s := stanza.Splitter{Limits: limits}
	var items []item
	start, end := 0, min(more(0), len(stream))
	for {
		it, n, err := s.Next(stream[start:end:end])
		switch {
		case err != nil:
			if it != stanza.NeedMore || n != 0 {
				t.Fatalf("item %d of %d bytes with an error", it, n)
			}
			if _, _, again := s.Next(stream[start:end]); again != err {
				t.Fatalf("the error does not stay: %v, %v", err, again)
			}
			return items, err
		case it != stanza.NeedMore:
			if n == 0 {
				t.Fatalf("item %d without bytes", it)
			}
			if limits.Bytes > 0 && n > limits.Bytes && it != stanza.Space {
				t.Fatalf("item %d of %d bytes", it, n)
			}
			items = addItem(items, item{it, string(stream[start : start+n])})
			start += n
		case end == len(stream):
			return items, nil
		default:
			end = more(end)
		}
	}
}

func addItem(items []item, i item) []item {
	if last := len(items) - 1; i.it == stanza.Space && last >= 0 && items[last].it == stanza.Space {
		items[last].b += i.b
		return items
	}
	return append(items, i)
}
