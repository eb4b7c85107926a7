package c2s_test

import (
	"bufio"
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"parley/internal/xmpptest"
	"parley/stanza"
)

// page is a WebSocket whose messages are seen as they are.
type page struct {
	t    *testing.T
	conn *websocket.Conn
}

func dialPage(t *testing.T, s *xmpptest.Server, path string, subprotocols ...string) *page {
	t.Helper()
	conn, _, err := websocket.Dial(t.Context(), "ws://"+s.Addr("http")+path, &websocket.DialOptions{Subprotocols: subprotocols})
	if err != nil {
		t.Fatal(err)
	}
	conn.SetReadLimit(-1)
	t.Cleanup(func() { _ = conn.CloseNow() })
	return &page{t, conn}
}

func (p *page) send(messages ...string) {
	p.t.Helper()
	for _, m := range messages {
		if err := p.conn.Write(p.t.Context(), websocket.MessageText, []byte(m)); err != nil {
			p.t.Fatal(err)
		}
	}
}

// receive returns the next message; at the end, how the server closed.
func (p *page) receive() string {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), xmpptest.Patience)
	defer cancel()
	_, b, err := p.conn.Read(ctx)
	switch {
	case websocket.CloseStatus(err) != -1:
		return websocket.CloseStatus(err).String()
	case err != nil:
		p.t.Fatal(err)
	}
	return string(b)
}

// expect compares the next messages; "…" in a pattern stands for anything.
func (p *page) expect(patterns ...string) {
	p.t.Helper()
	for _, want := range patterns {
		if got := p.receive(); !like(got, want) {
			p.t.Fatalf("got  %s\nwant %s", got, want)
		}
	}
}

func like(got, pattern string) bool {
	parts := strings.Split(pattern, "…")
	if len(parts) == 1 {
		return got == pattern
	}
	last := len(parts) - 1
	if !strings.HasPrefix(got, parts[0]) || !strings.HasSuffix(got, parts[last]) {
		return false
	}
	rest := got[len(parts[0]):]
	for _, part := range parts[1:last] {
		_, after, ok := strings.Cut(rest, part)
		if !ok {
			return false
		}
		rest = after
	}
	return len(rest) >= len(parts[last])
}

const (
	open         = `<open xmlns="urn:ietf:params:xml:ns:xmpp-framing" to="localhost" version="1.0"/>`
	opened       = `<open xmlns="urn:ietf:params:xml:ns:xmpp-framing" from="localhost" id="…" version="1.0" xml:lang="en"/>`
	closed       = `<close xmlns="urn:ietf:params:xml:ns:xmpp-framing" />`
	plainOfAlice = "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>AGFsaWNlAHNlY3JldA==</auth>"
	success      = "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>"
	bindX        = "<iq xmlns='jabber:client' type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>x</resource></bind></iq>"
	boundX       = "<iq xmlns='jabber:client' type='result' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>alice@localhost/x</jid></bind></iq>"
)

func errorMessage(condition string) string {
	return "<stream:error xmlns:stream='http://etherx.jabber.org/streams'><" + condition + " xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>…</stream:error>"
}

// TestStropheLiterals: what Strophe.js 5 looks for byte by byte.
func TestStropheLiterals(t *testing.T) {
	t.Parallel()
	s := start(t)
	for _, path := range []string{"/", "/xmpp-websocket", "/ws", "/websocket", "/ws-xmpp"} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			p := dialPage(t, s, path, "xmpp")
			if p.conn.Subprotocol() != "xmpp" {
				t.Errorf("subprotocol %q", p.conn.Subprotocol())
			}
			p.send(open)
			p.expect(opened,
				"<stream:features xmlns:stream='http://etherx.jabber.org/streams'><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>"+
					"<mechanism>SCRAM-SHA-256</mechanism><mechanism>SCRAM-SHA-1</mechanism><mechanism>PLAIN</mechanism></mechanisms>…</stream:features>")
			p.send(plainOfAlice)
			p.expect(success)
			p.send(open)
			p.expect(opened)
			features := p.receive()
			if !strings.Contains(features, "<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>") || strings.Contains(features, "session") {
				t.Errorf("features: %s", features)
			}
			p.send(strings.Replace(bindX, ">x<", ">"+path[1:]+"x<", 1))
			p.expect(strings.Replace(boundX, "/x<", "/"+path[1:]+"x<", 1))
			p.send("<iq xmlns='jabber:client' type='get' id='p'><ping xmlns='urn:xmpp:ping'/></iq>")
			p.expect("<iq xmlns='jabber:client' from='alice@localhost' to='alice@localhost/" + path[1:] + "x' id='p' type='result'></iq>")
			p.send(`<close xmlns="urn:ietf:params:xml:ns:xmpp-framing" />`)
			p.expect(closed, "StatusNormalClosure")
		})
	}
}

// TestMessages: RFC 7395 §3.3: one message, one element, with its namespaces.
func TestMessages(t *testing.T) {
	t.Parallel()
	s := start(t)
	closeWith := func(condition string) []string { return []string{errorMessage(condition), closed, "…"} }
	cases := map[string]struct {
		before, message string // before: a message that is answered with a header and features
		want            []string
	}{
		"close at once":           {"", closed, []string{"StatusNormalClosure"}},
		"close after open":        {open, closed, []string{closed, "StatusNormalClosure"}},
		"close as in the RFC":     {open, `<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'></close>`, []string{closed, "StatusNormalClosure"}},
		"two elements":            {open, plainOfAlice + plainOfAlice, closeWith("not-well-formed")},
		"an element and a half":   {open, plainOfAlice + "<a", closeWith("not-well-formed")},
		"half an element":         {open, "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl'", closeWith("not-well-formed")},
		"text":                    {open, "hello", closeWith("not-well-formed")},
		"prolog":                  {open, "<?xml version='1.0'?><iq/>", closeWith("bad-format")},
		"header of RFC 6120":      {open, "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='localhost' version='1.0'>", closeWith("bad-format")},
		"end tag of RFC 6120":     {open, "</stream:stream>", []string{closed, "StatusNormalClosure"}},
		"a whole stream":          {open, "<stream xmlns='http://etherx.jabber.org/streams'/>", closeWith("unsupported-stanza-type")},
		"no namespace":            {open, "<auth mechanism='PLAIN'>AGFsaWNlAHNlY3JldA==</auth>", closeWith("unsupported-stanza-type")},
		"prefix of the header":    {open, "<stream:error/>", closeWith("not-well-formed")},
		"open twice":              {open, open, closeWith("bad-format")},
		"wrong framing namespace": {"", `<open xmlns="urn:x" to="localhost" version="1.0"/>`, append([]string{opened}, closeWith("invalid-namespace")...)},
		"no framing namespace":    {"", `<open to="localhost" version="1.0"/>`, append([]string{opened}, closeWith("invalid-namespace")...)},
		"something else first":    {"", `<opening xmlns="urn:ietf:params:xml:ns:xmpp-framing"/>`, append([]string{opened}, closeWith("bad-format")...)},
		"stanza first":            {"", `<iq xmlns="jabber:client" id="1" type="get"/>`, append([]string{opened}, closeWith("bad-format")...)},
		"open is not well-formed": {"", `<open xmlns="urn:ietf:params:xml:ns:xmpp-framing" to="localhost" version="1.0">`, append([]string{opened}, closeWith("not-well-formed")...)},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := dialPage(t, s, "/xmpp-websocket", "xmpp")
			if c.before != "" {
				p.send(c.before)
				p.expect("<open …", "<stream:features …")
			}
			p.send(c.message)
			p.expect(c.want...)
		})
	}
}

// TestBinaryMessage: RFC 7395 §3.2.
func TestBinaryMessage(t *testing.T) {
	t.Parallel()
	p := dialPage(t, start(t), "/xmpp-websocket", "xmpp")
	if err := p.conn.Write(t.Context(), websocket.MessageBinary, []byte(open)); err != nil {
		t.Fatal(err)
	}
	p.expect(opened, errorMessage("bad-format"), closed, "StatusUnsupportedData")
}

// TestWhitespaceMessages are keep-alives, in every state.
func TestWhitespaceMessages(t *testing.T) {
	t.Parallel()
	p := dialPage(t, start(t), "/xmpp-websocket", "xmpp")
	p.send(" ", "", "\n", "\n  "+open+"\r\n")
	p.expect(opened, "<stream:features …")
	p.send("\n", plainOfAlice, "\n")
	p.expect(success)
	p.send("\n", open, "\n")
	p.expect(opened, "<stream:features …")
	p.send("\n", bindX, "\n")
	p.expect(boundX)
	p.send("\n", closed)
	p.expect(closed, "StatusNormalClosure")
}

// TestSubprotocol: RFC 7395 §3.1.
func TestSubprotocol(t *testing.T) {
	t.Parallel()
	s := start(t)
	cases := map[string]struct {
		offered []string // header lines
		code    int
		chosen  string
	}{
		"xmpp":            {[]string{"xmpp"}, 101, "xmpp"},
		"among others":    {[]string{"mqtt, xmpp"}, 101, "xmpp"},
		"in two lines":    {[]string{"mqtt", "xmpp"}, 101, "xmpp"},
		"none":            {nil, 101, ""},
		"another":         {[]string{"mqtt"}, 400, ""},
		"like it":         {[]string{"xmpp2"}, 400, ""},
		"an empty header": {[]string{""}, 400, ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+s.Addr("http")+"/xmpp-websocket", nil)
			if err != nil {
				t.Fatal(err)
			}
			for name, value := range map[string]string{"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="} {
				req.Header.Set(name, value)
			}
			req.Header["Sec-Websocket-Protocol"] = c.offered
			conn := dialRaw(t, s.Addr("http"))
			if err := req.Write(conn); err != nil {
				t.Fatal(err)
			}
			resp, err := http.ReadResponse(bufio.NewReader(conn), req)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			if resp.StatusCode != c.code || resp.Header.Get("Sec-WebSocket-Protocol") != c.chosen {
				t.Errorf("got %d %q, want %d %q", resp.StatusCode, resp.Header.Get("Sec-WebSocket-Protocol"), c.code, c.chosen)
			}
		})
	}
}

// TestConflictOverWebSocket: the older session learns why it ends.
func TestConflictOverWebSocket(t *testing.T) {
	t.Parallel()
	s := start(t)
	old := s.Dial(t, xmpptest.WebSocket, "alice", "home")
	done := make(chan struct{})
	go func() {
		defer close(done)
		expectEnd(t, old, stanza.StreamConflict)
	}()
	s.Dial(t, xmpptest.TCP, "alice", "home").Drain()
	<-done
}
