package wire

import (
	"errors"
	"slices"
	"testing"
)

const stream = `<?xml version='1.0'?><stream:stream xmlns='jabber:client' from='localhost' version='1.0'>`

// split feeds document to a splitter, step bytes at a time.
func split(document string, step int) (elements []string, ended bool, err error) {
	var t tcp
	start, end := 0, 0
	b := []byte(document)
	for {
		it, n, err := t.cut(b[start:end])
		start += n
		switch {
		case err != nil:
			return elements, false, err
		case it.kind == anElement:
			elements = append(elements, string(it.element))
		case it.kind == aClose:
			return elements, true, nil
		case it.kind == needMore && end == len(b):
			return elements, false, nil
		case it.kind == needMore:
			end = min(end+step, len(b))
		}
	}
}

func TestSplit(t *testing.T) {
	t.Parallel()
	header := stream[len(`<?xml version='1.0'?>`):]
	document := stream +
		`<stream:features><mechanisms><mechanism>PLAIN</mechanism></mechanisms></stream:features>` +
		"\n " + `<iq id='a>b' type="it's"/>` + ` ` +
		`<message><a><a/></a><a></a>text &lt;a></message>` + `<presence/>` + `</stream:stream>`
	want := []string{
		header, `<stream:features><mechanisms><mechanism>PLAIN</mechanism></mechanisms></stream:features>`,
		`<iq id='a>b' type="it's"/>`, `<message><a><a/></a><a></a>text &lt;a></message>`, `<presence/>`,
	}
	for step := 1; step <= len(document); step++ {
		got, ended, err := split(document, step)
		if err != nil || !ended || !slices.Equal(got, want) {
			t.Fatalf("%d bytes at a time: %q, ended %v, %v", step, got, ended, err)
		}
	}
}

func TestSplitBad(t *testing.T) {
	t.Parallel()
	for name, document := range map[string]string{
		"no XML":                "HTTP/1.1 400 Bad Request",
		"no stream":             "<html><body/></html>",
		"text between stanzas":  stream + "<presence/>oops<presence/>",
		"instruction in stream": stream + "<?php ?>",
	} {
		if got, _, err := split(document, len(document)); !errors.Is(err, errNotXML) {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

func FuzzSplit(f *testing.F) {
	f.Add(stream+`<message a='>'><b/>x</message> <iq/></stream:stream>`, 3)
	f.Add(stream+`</a><b>`, 1)
	f.Add(stream+`<`, 1)
	f.Fuzz(func(t *testing.T, document string, step int) {
		step = min(max(step, 1), 1<<10)
		whole, wholeEnded, wholeErr := split(document, max(len(document), 1))
		parts, partsEnded, partsErr := split(document, step)
		if wholeErr != nil || partsErr != nil {
			return // found earlier in one than in the other
		}
		if !slices.Equal(whole, parts) || wholeEnded != partsEnded {
			t.Errorf("at once: %q; %d bytes at a time: %q", whole, step, parts)
		}
	})
}
