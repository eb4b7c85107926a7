package stanza_test

import (
	"testing"

	"parley/stanza"
)

// canonicalCases are documents in a stream's scope of jabber:client, with what
// is delivered of them.
var canonicalCases = []struct {
	name, doc string
	canonical bool
	payload   string
}{
	{"plain", `<message xmlns='jabber:client'><body>hi</body></message>`, true, `<body>hi</body>`},
	{"empty", `<message xmlns='jabber:client'/>`, true, ``},
	{"text between", `<message xmlns='jabber:client'> <body/> x</message>`, true, ` <body/> x`},
	{"five entities", `<message xmlns='jabber:client'><a b='&apos;'>&lt;&gt;&amp;&quot;</a></message>`, true, `<a b='&apos;'>&lt;&gt;&amp;&quot;</a>`},
	{"white space references", `<message xmlns='jabber:client'><a b='&#x9;&#10;&#xd;'/></message>`, true, `<a b='&#x9;&#10;&#xd;'/>`},
	{"own namespace", `<message xmlns='jabber:client'><a xmlns='u'><b/></a></message>`, true, `<a xmlns='u'><b/></a>`},
	{"own prefix", `<message xmlns='jabber:client'><a xmlns:p='u' p:b=''/><p:c xmlns:p='v'/></message>`, true, `<a xmlns:p='u' p:b=''/><p:c xmlns:p='v'/>`},
	{"xml prefix", `<message xmlns='jabber:client'><body xml:lang='en'/></message>`, true, `<body xml:lang='en'/>`},
	{"no namespace again", `<message xmlns='jabber:client'><a xmlns=''/></message>`, true, `<a xmlns=''/>`},
	{"raw newline and tab", "<message xmlns='jabber:client'><a b='\n'>\t</a></message>", true, "<a b='\n'>\t</a>"},
	{"odd start tag", "<message\r\nxmlns='jabber:cl&#105;ent' to='&#65;'><body/></message>", true, `<body/>`},
	{"prefixed stanza, own default", `<c:message xmlns:c='jabber:client'><a xmlns='u'/></c:message>`, true, `<a xmlns='u'/>`},

	{"CDATA", `<message xmlns='jabber:client'><body><![CDATA[<b>]]></body></message>`, false, `<body>&lt;b&gt;</body>`},
	{"CDATA between", `<message xmlns='jabber:client'>a<![CDATA[b]]></message>`, false, `ab`},
	{"character reference", `<message xmlns='jabber:client'><body>&#65;</body></message>`, false, `<body>A</body>`},
	{"character reference in value", `<message xmlns='jabber:client'><a b='&#x27;'/></message>`, false, `<a b='&apos;'/>`},
	{"character reference of a space", `<message xmlns='jabber:client'><a b='&#32;'/></message>`, false, `<a b=' '/>`},
	{"carriage return", "<message xmlns='jabber:client'><body>a\r\nb\rc&#xD;</body></message>", false, "<body>a\nb\nc&#xD;</body>"},
	{"carriage return in value", "<message xmlns='jabber:client'><a b='1\r\n2\n3\r4\t5&#xA;6'/></message>", false, "<a b='1 2 3 4 5&#xA;6'/>"},
	{"carriage return in CDATA", "<message xmlns='jabber:client'><body><![CDATA[a\r\nb\rc]]></body></message>", false, "<body>a\nb\nc</body>"},
	{"carriage return between attributes", "<message xmlns='jabber:client'><a\r\nb='c'/></message>", false, "<a b='c'/>"},
	{"prefix of the start tag", `<message xmlns='jabber:client' xmlns:p='u'><p:a/></message>`, false, `<a xmlns='u'/>`},
	{"prefix of the start tag at an attribute", `<message xmlns='jabber:client' xmlns:p='u'><a p:b='c'/></message>`, false, `<a xmlns:ns0='u' ns0:b='c'/>`},
	{"prefix of the start tag, deep", `<message xmlns='jabber:client' xmlns:p='u'><a xmlns='v'><p:b/></a></message>`, false, `<a xmlns='v'><b xmlns='u'/></a>`},
	{"prefixed stanza", `<c:message xmlns:c='jabber:client'><c:body>x</c:body></c:message>`, false, `<body>x</body>`},
	{"prefixed stanza, child in none", `<c:message xmlns:c='jabber:client'><body>x</body></c:message>`, false, `<body xmlns=''>x</body>`},
	{"other default namespace", `<message xmlns='jabber:server'><body/></message>`, false, `<body xmlns='jabber:server'/>`},
}

func TestCanonical(t *testing.T) {
	t.Parallel()
	for _, c := range canonicalCases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var s stanza.Scanner
			var v stanza.View
			if err := s.Scan([]byte(c.doc), &v); err != nil {
				t.Fatal(err)
			}
			if got := string(v.AppendPayload(nil)); v.Canonical != c.canonical || got != c.payload {
				t.Errorf("canonical %v, %q; want %v, %q", v.Canonical, got, c.canonical, c.payload)
			}
			checkView(t, []byte(c.doc), &v)
		})
	}
}

// What a stream header declares is in force, but does not reach the recipient.
func TestCanonicalInScope(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, header, doc string
		kind              stanza.Kind
		canonical         bool
		payload           string
	}{
		{"default namespace", streamHeader, `<message><body/></message>`, stanza.Message, true, `<body/>`},
		{"stream prefix", streamHeader, `<message><stream:x/></message>`, stanza.Message, false, `<stream:x xmlns:stream='http://etherx.jabber.org/streams'/>`},
		{"hidden prefix", streamHeader, `<message><x xmlns:stream='u'><stream:y/></x></message>`, stanza.Message, true, `<x xmlns:stream='u'><stream:y/></x>`},
		{"server namespace", `<stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams'>`, `<message><body/></message>`, stanza.Other, false, `<body xmlns='jabber:server'/>`},
		{"prefix for content", `<stream xmlns='http://etherx.jabber.org/streams' xmlns:c='jabber:client'>`, `<c:iq><c:x/></c:iq>`, stanza.IQ, false, `<x/>`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			h, err := stanza.ParseHeader([]byte(c.header))
			if err != nil {
				t.Fatal(err)
			}
			var s stanza.Scanner
			var v stanza.View
			s.SetScope(h)
			if err := s.Scan([]byte(c.doc), &v); err != nil {
				t.Fatal(err)
			}
			if got := string(v.AppendPayload(nil)); v.Kind != c.kind || v.Canonical != c.canonical || got != c.payload {
				t.Errorf("%v, canonical %v, %q; want %v, %v, %q", v.Kind, v.Canonical, got, c.kind, c.canonical, c.payload)
			}
			checkView(t, []byte(c.doc), &v)
			tree, err := stanza.ParseIn([]byte(c.doc), h)
			if err != nil || dump(tree) != dump(v.Tree()) {
				t.Errorf("ParseIn: %v, %v", tree, err)
			}
			s.SetScope(nil)
			if err := s.Scan([]byte(c.doc), &v); err == nil && v.Kind != stanza.Other {
				t.Errorf("the scope stays: %v", v.Kind)
			}
		})
	}
}
