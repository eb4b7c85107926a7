package stanza_test

import (
	"testing"

	"parley/stanza"
)

func TestParseHeader(t *testing.T) {
	t.Parallel()
	type fields struct {
		To, From, ID, Version, Lang, DefaultNS string
		SelfClosed                             bool
	}
	const ns = ` xmlns:stream='http://etherx.jabber.org/streams'`
	for _, c := range []struct {
		name, header string
		want         fields
		err          stanza.StreamCondition
	}{
		{"as in RFC 6120 §9.1.1", `<stream:stream from='juliet@im.example.com' to='im.example.com' version='1.0' xml:lang='en' xmlns='jabber:client'` + ns + `>`,
			fields{To: "im.example.com", From: "juliet@im.example.com", Version: "1.0", Lang: "en", DefaultNS: stanza.NSClient}, ok},
		{"with declaration", "<?xml version='1.0'?>\n" + `<stream:stream id='1'` + ns + `> `, fields{ID: "1"}, ok},
		{"self-closed", `<stream:stream to='a' xmlns='jabber:client'` + ns + ` version='1.0' />`,
			fields{To: "a", Version: "1.0", DefaultNS: stanza.NSClient, SelfClosed: true}, ok},
		{"other prefix", `<s:stream xmlns:s='http://etherx.jabber.org/streams'>`, fields{}, ok},
		{"no prefix", `<stream xmlns='http://etherx.jabber.org/streams'>`, fields{DefaultNS: stanza.NSStream}, ok},
		{"references", `<stream:stream to='&#x61;&amp;b'` + ns + `>`, fields{To: "a&b"}, ok},
		{"prefixed attributes are others", `<stream:stream stream:to='a'` + ns + `>`, fields{}, ok},
		{"other namespace", `<stream:stream xmlns:stream='urn:x'>`, fields{}, stanza.StreamInvalidNamespace},
		{"no namespace", `<stream>`, fields{}, stanza.StreamInvalidNamespace},
		{"other name", `<stream:streams` + ns + `>`, fields{}, stanza.StreamBadFormat},
		{"prefix not declared", `<stream:stream to='a'>`, fields{}, prefix},
		{"not well-formed", `<stream:stream to=a` + ns + `>`, fields{}, nwf},
		{"nothing", ``, fields{}, nwf},
		{"only a declaration", `<?xml version='1.0'?>`, fields{}, nwf},
		{"not yet whole", `<stream:stream to='a'`, fields{}, nwf},
		{"declaration does not end", `<?xml version='1.0'`, fields{}, nwf},
		{"declaration out of order", `<?xml encoding='utf-8' version='1.0'?><stream:stream` + ns + `>`, fields{}, nwf},
		{"no space in declaration", `<?xml version='1.0'encoding='utf-8'?><stream:stream` + ns + `>`, fields{}, nwf},
		{"standalone maybe", `<?xml version='1.0' standalone='maybe'?><stream:stream` + ns + `>`, fields{}, nwf},
		{"version 1.", `<?xml version='1.'?><stream:stream` + ns + `>`, fields{}, nwf},
		{"other encoding", `<?xml version='1.0' encoding="utf-16"?><stream:stream` + ns + `>`, fields{}, encoding},
		{"with content", `<stream:stream` + ns + `><a/>`, fields{}, nwf},
		{"an end tag", `</stream:stream>`, fields{}, nwf},
		{"instruction", `<?x?><stream:stream` + ns + `>`, fields{}, restricted},
		{"comment", `<!-- --><stream:stream` + ns + `>`, fields{}, restricted},
		{"RFC 7395 open", `<open xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>`, fields{}, stanza.StreamInvalidNamespace},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			h, err := stanza.ParseHeader([]byte(c.header))
			if got := condition(t, err); got != c.err {
				t.Fatalf("got %v, want %q", err, c.err)
			}
			if err != nil {
				return
			}
			got := fields{h.To, h.From, h.ID, h.Version, h.Lang, h.DefaultNS, h.SelfClosed}
			if got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}

// A header outlives the bytes that it was read from.
func TestHeaderKeepsNothing(t *testing.T) {
	t.Parallel()
	b := []byte(streamHeader)
	h, err := stanza.ParseHeader(b)
	if err != nil {
		t.Fatal(err)
	}
	clear(b)
	e, err := stanza.ParseIn([]byte(`<stream:features><bind/></stream:features>`), h)
	if err != nil || !e.Is(stanza.NSStream, "features") || e.Child(stanza.NSClient, "bind") == nil || h.To != "example.org" {
		t.Errorf("got %v, %v, to %q", e, err, h.To)
	}
}
