package xmlmatch_test

import (
	"testing"

	"parley/internal/xmpptest/xmlmatch"
)

func TestMatch(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		pattern, got string
		ok           bool
	}{
		"quotes and order":      {`<a x='1' y='2'/>`, `<a y="2" x="1"></a>`, true},
		"prefixes":              {`<a xmlns='urn:x'/>`, `<p:a xmlns:p='urn:x'/>`, true},
		"default namespace":     {`<a/>`, `<a xmlns='jabber:client'/>`, true},
		"stream prefix":         {`<stream:features/>`, `<features xmlns='http://etherx.jabber.org/streams'/>`, true},
		"other namespace":       {`<a/>`, `<a xmlns='urn:x'/>`, false},
		"space between":         {"<a>\n <b/>\n</a>", `<a><b/></a>`, true},
		"any attribute":         {`<a x='{any}'/>`, `<a x='7'/>`, true},
		"any part":              {`<a x='r/{any}'/>`, `<a x='r/7'/>`, true},
		"any part, other start": {`<a x='r/{any}'/>`, `<a x='s/7'/>`, false},
		"any must be there":     {`<a x='{any}'/>`, `<a/>`, false},
		"unexpected attribute":  {`<a/>`, `<a x='1'/>`, false},
		"language":              {`<a xml:lang='de'/>`, `<a lang='de'/>`, false},
		"any content":           {`<a>{any}</a>`, `<a><b/>c</a>`, true},
		"any text":              {`<a><b/>v{any}</a>`, `<a><b/>v1</a>`, true},
		"text":                  {`<a>x</a>`, `<a>y</a>`, false},
		"missing child":         {`<a><b/><c/></a>`, `<a><b/></a>`, false},
		"unexpected child":      {`<a><b/></a>`, `<a><b/><c/></a>`, false},
		"more children":         {`<a><b/>{more}</a>`, `<a><b/><c/></a>`, true},
		"order of children":     {`<a><b/><c/></a>`, `<a><c/><b/></a>`, false},
		"not an answer":         {`<a/>`, `<a>`, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := xmlmatch.Match(tt.pattern, tt.got); (err == nil) != tt.ok {
				t.Errorf("Match(%s, %s) = %v, want ok %v", tt.pattern, tt.got, err, tt.ok)
			}
		})
	}
}

func TestValues(t *testing.T) {
	t.Parallel()
	v := xmlmatch.Values{}
	p, err := xmlmatch.Parse(`<a x='{=ver}'><b>{=text}</b></a>`)
	if err != nil {
		t.Fatal(err)
	}
	g, err := xmlmatch.Parse(`<a x='7'><b>&lt;</b></a>`)
	if err != nil {
		t.Fatal(err)
	}
	if err := v.Elements(p, g); err != nil {
		t.Fatal(err)
	}
	if got, want := v.Fill(`<c ver='{ver}' any='{any}'>{text}</c>`), `<c ver='7' any='{any}'>&lt;</c>`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
