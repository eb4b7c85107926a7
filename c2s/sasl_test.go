package c2s_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"parley/internal/config"
	"parley/internal/xmpptest"
	"parley/stanza"
)

func auth(mechanism, data string) string {
	return "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='" + mechanism + "'>" + data + "</auth>"
}

func plain(authzid, user, password string) string {
	return auth("PLAIN", base64.StdEncoding.EncodeToString([]byte(authzid+"\x00"+user+"\x00"+password)))
}

func response(data string) string {
	return "<response xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>" + data + "</response>"
}

const abort = "<abort xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>"

// expectFailure: RFC 6120 §6.5; the stream lives on.
func expectFailure(t *testing.T, c *xmpptest.Client, condition string) {
	t.Helper()
	got := c.NextElement()
	if !got.Is(stanza.NSSASL, "failure") || got.Child(stanza.NSSASL, condition) == nil {
		t.Errorf("got %s, want failure %s", got, condition)
	}
}

// TestSASLFailures: what a client can do wrong, and then log in on the same
// stream.
func TestSASLFailures(t *testing.T) {
	t.Parallel()
	s := start(t, func(c *config.Config) {
		c.Limits = c.Limits.Off()
	})
	first := base64.StdEncoding.EncodeToString([]byte("n,,n=alice,r=abcdef"))
	type exchange []string // what is sent; all but the last are answered with a challenge
	cases := map[string]struct {
		exchange exchange
		want     string
	}{
		"wrong password":         {exchange{plain("", "alice", "wrong")}, "not-authorized"},
		"unknown user":           {exchange{plain("", "nobody", "secret")}, "not-authorized"},
		"nobody's name":          {exchange{plain("", "a b", "secret")}, "not-authorized"},
		"as somebody else":       {exchange{plain("bob@localhost", "alice", "secret")}, "invalid-authzid"},
		"as a resource":          {exchange{plain("alice@localhost/x", "alice", "secret")}, "invalid-authzid"},
		"as the server":          {exchange{plain("localhost", "alice", "secret")}, "invalid-authzid"},
		"SCRAM as somebody else": {exchange{auth("SCRAM-SHA-1", base64.StdEncoding.EncodeToString([]byte("n,a=bob@localhost,n=alice,r=abcdef")))}, "invalid-authzid"},
		"not base64":             {exchange{auth("PLAIN", "=$%")}, "incorrect-encoding"},
		"base64 without padding": {exchange{auth("PLAIN", "AGFsaWNlAHNlY3JldB")}, "incorrect-encoding"},
		"no NUL":                 {exchange{auth("PLAIN", "YWxpY2U=")}, "malformed-request"},
		"nothing in it":          {exchange{auth("PLAIN", "=")}, "malformed-request"},
		"nothing, then nothing":  {exchange{auth("PLAIN", ""), response("")}, "malformed-request"},
		"unknown mechanism":      {exchange{auth("X-SECRET", "")}, "invalid-mechanism"},
		"no mechanism":           {exchange{"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>"}, "invalid-mechanism"},
		"ANONYMOUS":              {exchange{auth("ANONYMOUS", "")}, "invalid-mechanism"},
		"EXTERNAL":               {exchange{auth("EXTERNAL", "=")}, "invalid-mechanism"},
		"not offered here":       {exchange{auth("SCRAM-SHA-256-PLUS", first)}, "invalid-mechanism"},
		"lower case":             {exchange{auth("plain", "AGFsaWNlAHNlY3JldA==")}, "invalid-mechanism"},
		"response to nothing":    {exchange{response("AGFsaWNlAHNlY3JldA==")}, "malformed-request"},
		"aborted before":         {exchange{abort}, "aborted"},
		"aborted in between":     {exchange{auth("SCRAM-SHA-1", first), abort}, "aborted"},
		"response is not base64": {exchange{auth("SCRAM-SHA-1", first), response("!")}, "incorrect-encoding"},
		"response is nonsense":   {exchange{auth("SCRAM-SHA-256", first), response("YWJj")}, "malformed-request"},
		"wrong proof":            {exchange{auth("SCRAM-SHA-256", first), response(base64.StdEncoding.EncodeToString([]byte("c=biws,r=abcdef,p=AAAA")))}, "not-authorized"},
		"begun anew in between":  {exchange{auth("SCRAM-SHA-256", first), plain("", "alice", "wrong")}, "not-authorized"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			onEach(t, func(t *testing.T, transport xmpptest.Transport) {
				client := s.Open(t, transport)
				client.Open()
				last := len(c.exchange) - 1
				for _, e := range c.exchange[:last] {
					client.Send(e)
					if got := client.NextElement(); got.Local != "challenge" {
						t.Fatalf("got %s, want a challenge", got)
					}
				}
				client.Send(c.exchange[last])
				expectFailure(t, client, c.want)
				client.Send(plain("alice@localhost", "alice", "secret"))
				if got := client.NextElement(); got.Local != "success" {
					t.Errorf("got %s, want success", got)
				}
			})
		})
	}
}

// TestInitialResponse: RFC 6120 §6.4.2: without one the client is asked for it.
func TestInitialResponse(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := s.Open(t, xmpptest.TCP)
	c.Open()
	c.Send(auth("PLAIN", ""))
	if it := c.Next(); it.Text != "<challenge xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>=</challenge>" {
		t.Errorf("got %s", it.Text)
	}
	c.Send(response("AGFsaWNlAHNlY3JldA=="))
	if got := c.NextElement(); got.Local != "success" {
		t.Errorf("got %s", got)
	}
}

// TestFailuresOfAStream: five are allowed, the sixth ends it.
func TestFailuresOfAStream(t *testing.T) {
	t.Parallel()
	s := start(t, func(c *config.Config) { c.Limits.AuthFailuresPerAddress = 0 })
	onEach(t, func(t *testing.T, transport xmpptest.Transport) {
		fail := func(c *xmpptest.Client, times int) {
			for range times {
				c.Send(auth("X-UNKNOWN", ""))
				expectFailure(t, c, "invalid-mechanism")
			}
		}
		good := s.Open(t, transport)
		good.Open()
		fail(good, 5)
		good.Send(plainOfAlice)
		if got := good.NextElement(); got.Local != "success" {
			t.Errorf("after five failures: %s", got)
		}
		bad := s.Open(t, transport)
		bad.Open()
		fail(bad, 6)
		expectEnd(t, bad, stanza.StreamPolicyViolation)
	})
}

// TestFailuresOfAnAddress: then even the right password waits; a success in
// between resets nothing.
func TestFailuresOfAnAddress(t *testing.T) {
	t.Parallel()
	s := start(t, func(c *config.Config) {
		c.Limits.AuthFailuresPerAddress, c.Limits.AuthFailuresPerAccount = 3, 0
	})
	fail := func() {
		c := s.Open(t, xmpptest.TCP)
		c.Open()
		c.Send(plain("", "bob", "wrong"))
		expectFailure(t, c, "not-authorized")
	}
	fail()
	fail()
	s.Dial(t, xmpptest.TCP, "alice", "")
	fail()
	onEach(t, func(t *testing.T, transport xmpptest.Transport) {
		c := s.Open(t, transport)
		c.Open()
		c.Send(plainOfAlice)
		expectFailure(t, c, "temporary-auth-failure")
		expectEnd(t, c, stanza.StreamPolicyViolation)
	})
}

// TestUnknownUserLooksReal: the same challenge each time, like that of a user.
func TestUnknownUserLooksReal(t *testing.T) {
	t.Parallel()
	s := start(t)
	challenge := func(user string) string {
		c := s.Open(t, xmpptest.TCP)
		c.Open()
		c.Send(auth("SCRAM-SHA-256", base64.StdEncoding.EncodeToString([]byte("n,,n="+user+",r=abcdef"))))
		b, err := base64.StdEncoding.DecodeString(c.NextElement().Text())
		if err != nil {
			t.Fatal(err)
		}
		_, rest, _ := strings.Cut(string(b), ",") // without the nonce
		return rest
	}
	if a, b := challenge("nobody"), challenge("nobody"); a != b || len(a) != len(challenge("alice")) {
		t.Errorf("got %q and %q, a user gets %q", a, b, challenge("alice"))
	}
}

// TestTLSRequired: nothing but STARTTLS where the connection must be encrypted.
func TestTLSRequired(t *testing.T) {
	t.Parallel()
	c := start(t, requireTLS).Open(t, xmpptest.TCP)
	c.Open()
	for _, mechanism := range []string{"PLAIN", "SCRAM-SHA-1", "SCRAM-SHA-256", "SCRAM-SHA-256-PLUS"} {
		c.Send(auth(mechanism, "AGFsaWNlAHNlY3JldA=="))
		expectFailure(t, c, "encryption-required")
	}
}
