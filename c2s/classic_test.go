package c2s_test

import "testing"

// The classic page's own words.
const (
	classicOpen   = `<stream:stream to='localhost' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0' />`
	classicOpened = `<stream:stream xmlns="jabber:client" xmlns:stream="http://etherx.jabber.org/streams" from="localhost" id="…" version="1.0" xml:lang="en" />`
	classicSecure = "<stream:features xmlns:stream='http://etherx.jabber.org/streams'><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>…<mechanism>PLAIN</mechanism></mechanisms>…</stream:features>"
	classicBind   = "<stream:features xmlns:stream='http://etherx.jabber.org/streams'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>" +
		"<session xmlns='urn:ietf:params:xml:ns:xmpp-session'><optional/></session>…</stream:features>"
)

// TestClassicPage drives the framing of pages from 2012 and 2013 byte by byte,
// with and without the subprotocol that early copies do not ask for, with the
// header closed and unclosed.
func TestClassicPage(t *testing.T) {
	t.Parallel()
	unclosed := func(header string) string { return header[:len(header)-len(" />")] + ">" }
	for name, c := range map[string]struct {
		subprotocols []string
		form         func(string) string
	}{
		"self-closed":              {[]string{"xmpp"}, func(h string) string { return h }},
		"unclosed":                 {[]string{"xmpp"}, unclosed},
		"no subprotocol":           {nil, func(h string) string { return h }},
		"unclosed, no subprotocol": {nil, unclosed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := dialPage(t, start(t), "/", c.subprotocols...)
			p.send("\n", c.form(classicOpen), "\n")
			p.expect(c.form(classicOpened), classicSecure)
			// alice@localhost NUL alice NUL secret
			p.send("\n", `<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>YWxpY2VAbG9jYWxob3N0AGFsaWNlAHNlY3JldA==</auth>`)
			p.expect(success)
			p.send(c.form(classicOpen))
			p.expect(c.form(classicOpened), classicBind)
			p.send("<iq type='set' id='_bind_auth_2' xmlns='jabber:client'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>")
			p.expect("<iq xmlns='jabber:client' type='result' id='_bind_auth_2'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>alice@localhost/…</jid></bind></iq>")
			p.send("<iq type='set' id='_session_auth_2' xmlns='jabber:client'><session xmlns='urn:ietf:params:xml:ns:xmpp-session'/></iq>")
			p.expect("<iq xmlns='jabber:client' from='alice@localhost' to='alice@localhost/…' id='_session_auth_2' type='result'></iq>")
			p.send("<presence/>", "\n") // without a namespace of its own: the header's counts
			p.expect("<presence xmlns='jabber:client' from='alice@localhost/…' to='alice@localhost/…'></presence>")
			p.send("<message to='alice@localhost' type='chat'><body>to myself</body></message>")
			p.expect("<message xmlns='jabber:client' from='alice@localhost/…' to='alice@localhost' type='chat'…><body>to myself</body>…</message>")
			p.send("</stream:stream>")
			p.expect("</stream:stream>", "StatusNormalClosure")
		})
	}
}

// TestClassicErrors: the same checks as everywhere, in that framing.
func TestClassicErrors(t *testing.T) {
	t.Parallel()
	s := start(t)
	for name, c := range map[string]struct{ header, then, want string }{
		"host":              {`<stream:stream to='example.org' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0' />`, "", "host-unknown"},
		"content namespace": {`<stream:stream to='localhost' xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams' version='1.0' />`, "", "invalid-namespace"},
		"stream namespace":  {`<stream:stream to='localhost' xmlns='jabber:client' xmlns:stream='urn:x' version='1.0' />`, "", "invalid-namespace"},
		"prolog":            {`<?xml version='1.0'?>` + classicOpen, "<a xmlns='urn:x'/>", "unsupported-stanza-type"},
		"twice":             {classicOpen, classicOpen, "bad-format"},
		"framing of today":  {classicOpen, open, "unsupported-stanza-type"},
		"something with it": {classicOpen + "<presence/>", "", "not-well-formed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := dialPage(t, s, "/", "xmpp")
			p.send(c.header)
			p.expect("<stream:stream …")
			if c.then != "" {
				p.expect("<stream:features …")
				p.send(c.then)
			}
			p.expect(errorMessage(c.want), "</stream:stream>", "…")
		})
	}
}
