package c2s_test

import (
	"strings"
	"testing"
	"time"

	"parley/internal/config"
	"parley/internal/xmpptest"
	"parley/stanza"
)

const goodHeader = "to='localhost' version='1.0'"

// TestHeaderErrors: RFC 6120 §4.9.1.2: our header goes before the error.
func TestHeaderErrors(t *testing.T) {
	t.Parallel()
	s := start(t)
	cases := map[string]struct {
		attrs string
		want  stanza.StreamCondition
	}{
		"other host":         {"to='example.org' version='1.0'", stanza.StreamHostUnknown},
		"an account":         {"to='alice@localhost' version='1.0'", stanza.StreamHostUnknown},
		"no address":         {"to='@' version='1.0'", stanza.StreamHostUnknown},
		"no to":              {"version='1.0'", stanza.StreamImproperAddressing},
		"empty to":           {"to='' version='1.0'", stanza.StreamImproperAddressing},
		"no version":         {"to='localhost'", stanza.StreamUnsupportedVersion},
		"version 0.9":        {"to='localhost' version='0.9'", stanza.StreamUnsupportedVersion},
		"version without .":  {"to='localhost' version='1'", stanza.StreamUnsupportedVersion},
		"version no number":  {"to='localhost' version='1.x'", stanza.StreamUnsupportedVersion},
		"version .0":         {"to='localhost' version='.0'", stanza.StreamUnsupportedVersion},
		"version 00.9":       {"to='localhost' version='00.9'", stanza.StreamUnsupportedVersion},
		"attribute twice":    {"to='localhost' to='localhost' version='1.0'", stanza.StreamNotWellFormed},
		"undeclared prefix":  {"to='localhost' version='1.0' a:b='c'", stanza.StreamNotWellFormed},
		"unknown entity":     {"to='&local;' version='1.0'", stanza.StreamRestrictedXML},
		"less in attribute":  {"to='<' version='1.0'", stanza.StreamNotWellFormed},
		"control character":  {"to='\x01' version='1.0'", stanza.StreamNotWellFormed},
		"not UTF-8":          {"to='local\xff' version='1.0'", stanza.StreamNotWellFormed},
		"prefix xml rebound": {"xmlns:xml='urn:x' to='localhost' version='1.0'", stanza.StreamNotWellFormed},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			onEach(t, func(t *testing.T, transport xmpptest.Transport) {
				client := s.Open(t, transport)
				client.OpenWith(c.attrs)
				expectHeader(t, client)
				expectEnd(t, client, c.want)
			})
		})
	}
}

// TestRawHeaderErrors: what only a stream of bytes can do wrong.
func TestRawHeaderErrors(t *testing.T) {
	t.Parallel()
	s := start(t)
	const streams = "http://etherx.jabber.org/streams"
	cases := map[string]struct {
		text string
		want stanza.StreamCondition
	}{
		"content namespace": {"<stream:stream xmlns='jabber:server' xmlns:stream='" + streams + "' " + goodHeader + ">", stanza.StreamInvalidNamespace},
		"stream namespace":  {"<stream:stream xmlns='jabber:client' xmlns:stream='urn:x' " + goodHeader + ">", stanza.StreamInvalidNamespace},
		"no namespace":      {"<stream xmlns='jabber:client' " + goodHeader + ">", stanza.StreamInvalidNamespace},
		"other name":        {"<stream:streams xmlns='jabber:client' xmlns:stream='" + streams + "' " + goodHeader + ">", stanza.StreamBadFormat},
		"HTTP":              {"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", stanza.StreamNotWellFormed},
		"TLS":               {"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", stanza.StreamNotWellFormed},
		"UTF-16":            {"\xff\xfe<\x00?\x00", stanza.StreamUnsupportedEncoding},
		"Latin-1":           {"<?xml version='1.0' encoding='ISO-8859-1'?>", stanza.StreamUnsupportedEncoding},
		"comment":           {"<!-- -->", stanza.StreamRestrictedXML},
		"DTD":               {"<!DOCTYPE stream [<!ENTITY a 'b'>]>", stanza.StreamRestrictedXML},
		"instruction":       {"<?php ?>", stanza.StreamRestrictedXML},
		"end tag":           {"</stream:stream>", stanza.StreamNotWellFormed},
		"text":              {"hello", stanza.StreamNotWellFormed},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := s.Open(t, xmpptest.TCP)
			client.Send(c.text)
			expectHeader(t, client)
			expectEnd(t, client, c.want)
		})
	}
}

// elementErrors are the same before authentication and on a bound stream.
var elementErrors = map[string]struct {
	text string
	want stanza.StreamCondition
}{
	"tags do not match":  {"<iq><a></b></iq>", stanza.StreamNotWellFormed},
	"attribute twice":    {"<iq id='1' id='2'/>", stanza.StreamNotWellFormed},
	"not UTF-8":          {"<message><body>\xc3\x28</body></message>", stanza.StreamNotWellFormed},
	"control character":  {"<message><body>\x00</body></message>", stanza.StreamNotWellFormed},
	"reference to it":    {"<message><body>&#0;</body></message>", stanza.StreamNotWellFormed},
	"entity":             {"<message><body>&lol;</body></message>", stanza.StreamRestrictedXML},
	"undeclared prefix":  {"<message><x:body/></message>", stanza.StreamNotWellFormed},
	"undeclared attr":    {"<message x:a='b'/>", stanza.StreamNotWellFormed},
	"comment":            {"<message><!-- x --></message>", stanza.StreamRestrictedXML},
	"instruction":        {"<message><?x y?></message>", stanza.StreamRestrictedXML},
	"DTD":                {"<message><!DOCTYPE a></message>", stanza.StreamRestrictedXML},
	"not a stanza":       {"<foo xmlns='urn:x'/>", stanza.StreamUnsupportedStanzaType},
	"of a SASL exchange": {"<x xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>", stanza.StreamUnsupportedStanzaType},
}

func TestElementErrors(t *testing.T) {
	t.Parallel()
	s := start(t)
	for name, c := range elementErrors {
		t.Run(name, func(t *testing.T) {
			onEach(t, func(t *testing.T, transport xmpptest.Transport) {
				opened := s.Open(t, transport)
				opened.Open()
				opened.Send(c.text)
				expectEnd(t, opened, c.want)
				bound := s.Dial(t, transport, "alice", "")
				bound.Send(c.text)
				expectEnd(t, bound, c.want)
			})
		})
	}
}

// TestStateErrors: what is right at another time.
func TestStateErrors(t *testing.T) {
	t.Parallel()
	s := start(t)
	authenticated := func(t *testing.T, transport xmpptest.Transport) *xmpptest.Client {
		c := s.Open(t, transport)
		c.Authenticate("alice", xmpptest.Password)
		return c
	}
	opened := func(t *testing.T, transport xmpptest.Transport) *xmpptest.Client {
		c := s.Open(t, transport)
		c.Open()
		return c
	}
	bound := func(t *testing.T, transport xmpptest.Transport) *xmpptest.Client {
		return s.Dial(t, transport, "alice", "")
	}
	const auth = "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>AGFsaWNlAHNlY3JldA==</auth>"
	cases := map[string]struct {
		state func(*testing.T, xmpptest.Transport) *xmpptest.Client
		text  string
		want  stanza.StreamCondition
	}{
		"message before authentication":     {opened, "<message to='bob@localhost'><body>x</body></message>", stanza.StreamNotAuthorized},
		"presence before authentication":    {opened, "<presence/>", stanza.StreamNotAuthorized},
		"iq before authentication":          {opened, "<iq type='get' id='1'><ping xmlns='urn:xmpp:ping'/></iq>", stanza.StreamNotAuthorized},
		"empty iq before authentication":    {opened, "<iq type='get' id='1'/>", stanza.StreamNotAuthorized},
		"bind before authentication":        {opened, "<iq type='set' id='1'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>", stanza.StreamNotAuthorized},
		"message before bind":               {authenticated, "<message to='bob@localhost'><body>x</body></message>", stanza.StreamNotAuthorized},
		"presence before bind":              {authenticated, "<presence/>", stanza.StreamNotAuthorized},
		"iq before bind":                    {authenticated, "<iq type='get' id='1'><query xmlns='jabber:iq:roster'/></iq>", stanza.StreamNotAuthorized},
		"authentication twice":              {authenticated, auth, stanza.StreamNotAuthorized},
		"authentication of a bound stream":  {bound, auth, stanza.StreamUnsupportedStanzaType},
		"STARTTLS after authentication":     {authenticated, "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>", stanza.StreamNotAuthorized},
		"STARTTLS of a bound stream":        {bound, "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>", stanza.StreamUnsupportedStanzaType},
		"foreign sender":                    {bound, "<message from='bob@localhost' to='bob@localhost'/>", stanza.StreamInvalidFrom},
		"foreign resource":                  {bound, "<message from='alice@localhost/other' to='bob@localhost'/>", stanza.StreamInvalidFrom},
		"server as sender":                  {bound, "<presence from='localhost'/>", stanza.StreamInvalidFrom},
		"no sender":                         {bound, "<iq from='' type='get' id='1'/>", stanza.StreamInvalidFrom},
		"unreadable sender":                 {bound, "<iq from='@' type='get' id='1'/>", stanza.StreamInvalidFrom},
		"stanza in the namespace of others": {bound, "<message xmlns='jabber:server'/>", stanza.StreamInvalidNamespace},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			onEach(t, func(t *testing.T, transport xmpptest.Transport) {
				client := c.state(t, transport)
				client.Send(c.text)
				expectEnd(t, client, c.want)
			})
		})
	}
}

// TestStreamTwice: a second header without a reason for it.
func TestStreamTwice(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := s.Open(t, xmpptest.WebSocket)
	c.Open()
	c.OpenWith(goodHeader)
	expectEnd(t, c, stanza.StreamBadFormat)
	b := s.Dial(t, xmpptest.WebSocket, "alice", "")
	b.OpenWith(goodHeader)
	expectEnd(t, b, stanza.StreamBadFormat)
}

// TestHostIsPinned: the host of a restarted stream is checked as at first.
func TestHostIsPinned(t *testing.T) {
	t.Parallel()
	s := start(t)
	onEach(t, func(t *testing.T, transport xmpptest.Transport) {
		c := s.Open(t, transport)
		c.Open()
		c.Send("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>AGFsaWNlAHNlY3JldA==</auth>")
		if got := c.NextElement(); got.Local != "success" {
			t.Fatal(got)
		}
		c.OpenWith("to='example.org' version='1.0'")
		expectHeader(t, c)
		expectEnd(t, c, stanza.StreamHostUnknown)
	})
}

// TestElementInsteadOfHeader: after success the client must open anew.
func TestElementInsteadOfHeader(t *testing.T) {
	t.Parallel()
	c := start(t).Open(t, xmpptest.WebSocket)
	c.Open()
	c.Send("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>AGFsaWNlAHNlY3JldA==</auth>")
	if got := c.NextElement(); got.Local != "success" {
		t.Fatal(got)
	}
	c.Send("<iq type='set' id='1'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>")
	expectHeader(t, c)
	expectEnd(t, c, stanza.StreamBadFormat)
}

// TestHeader: what ours says (RFC 6120 §4.7).
func TestHeader(t *testing.T) {
	t.Parallel()
	s := start(t)
	onEach(t, func(t *testing.T, transport xmpptest.Transport) {
		ids := map[string]bool{}
		for range 3 {
			c := s.Open(t, transport)
			c.OpenWith("from='Alice@LOCALHOST' to='LocalHost' version='1.7' xml:lang='de'")
			got := expectHeader(t, c).Tree
			for name, want := range map[string]string{"from": "localhost", "to": "alice@localhost", "version": "1.0", "xml:lang": "de"} {
				if got.Attr(name) != want {
					t.Errorf("%s = %q, want %q", name, got.Attr(name), want)
				}
			}
			if len(got.Attr("id")) < 16 || ids[got.Attr("id")] {
				t.Errorf("id = %q", got.Attr("id"))
			}
			ids[got.Attr("id")] = true
		}
	})
}

// TestClose: RFC 6120 §4.4: the end of a stream is answered in every state.
func TestClose(t *testing.T) {
	t.Parallel()
	s := start(t)
	onEach(t, func(t *testing.T, transport xmpptest.Transport) {
		opened := s.Open(t, transport)
		opened.Open()
		opened.Disconnect()
		authenticated := s.Open(t, transport)
		authenticated.Authenticate("alice", xmpptest.Password)
		authenticated.Disconnect()
		s.Dial(t, transport, "alice", "").Disconnect()
	})
}

// TestAuthenticationTime: RFC 6120 §4.9.3.4.
func TestAuthenticationTime(t *testing.T) {
	t.Parallel()
	s := start(t, func(c *config.Config) { c.Limits.AuthTimeout = time.Millisecond })
	onEach(t, func(t *testing.T, transport xmpptest.Transport) {
		silent := s.Open(t, transport)
		expectHeader(t, silent)
		expectEnd(t, silent, stanza.StreamConnectionTimeout)
		idle := s.Open(t, transport)
		idle.Open()
		expectEnd(t, idle, stanza.StreamConnectionTimeout)
	})
}

// TestShutdown: RFC 6120 §4.9.3.20: everybody is told, in every state.
func TestShutdown(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, transport xmpptest.Transport) {
		s := start(t)
		silent := s.Open(t, transport)
		opened := s.Open(t, transport)
		opened.Open()
		authenticated := s.Open(t, transport)
		authenticated.Authenticate("alice", xmpptest.Password)
		bound := s.Dial(t, transport, "alice", "")
		bound.Drain() // it is in no stage in between
		stopped := make(chan struct{})
		go func() { defer close(stopped); s.Stop(t) }()
		expectHeader(t, silent)
		for _, c := range []*xmpptest.Client{silent, opened, authenticated, bound} {
			if it := c.Next(); !strings.Contains(it.Text, "system-shutdown") {
				t.Errorf("got %q, want system-shutdown", it.Text)
			}
		}
		bound.Disconnect() // the others are not waited for
		<-stopped
	})
}
