package c2s_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/xdg-go/scram"

	"parley/internal/config"
	"parley/internal/sasl"
	"parley/internal/xmpptest"
	"parley/stanza"
)

const nsFAST = "urn:xmpp:fast:0"

func scramClient(t *testing.T, mechanism, user, password string) *scram.ClientConversation {
	t.Helper()
	hash := map[string]scram.HashGeneratorFcn{"SCRAM-SHA-1": scram.SHA1, "SCRAM-SHA-256": scram.SHA256}[mechanism]
	c, err := hash.NewClient(user, password, "")
	if err != nil {
		t.Fatal(err)
	}
	return c.NewConversation()
}

func requestToken(mechanism string) string {
	return "<request-token xmlns='urn:xmpp:fast:0' mechanism='" + mechanism + "'/>"
}

// hashed is draft-schmaus-kitten-sasl-ht-09.
func hashed(token, who string, binding []byte) []byte {
	m := hmac.New(sha256.New, []byte(token))
	m.Write(append([]byte(who), binding...))
	return m.Sum(nil)
}

// withToken is <authenticate/> with a token (XEP-0484 §3.4).
func withToken(user, token, id string, more ...string) string {
	more = append(more, agent(id))
	if !strings.Contains(strings.Join(more, ""), "<fast ") {
		more = append(more, "<fast xmlns='urn:xmpp:fast:0'/>")
	}
	return request2("HT-SHA-256-NONE", append([]byte(user+"\x00"), hashed(token, "Initiator", nil)...), more...)
}

// tokenIn returns the token of a <success/>, empty if there is none.
func tokenIn(success *stanza.Element) string { return success.Child(nsFAST, "token").Attr("token") }

// newToken logs in with the password and returns a token.
func newToken(t *testing.T, s *xmpptest.Server, transport xmpptest.Transport, user, id string) string {
	t.Helper()
	c := opened2(t, s, transport)
	c.Send(authenticate2(user, xmpptest.Password, agent(id), requestToken("HT-SHA-256-NONE")))
	success, _ := expectSuccess(t, c)
	token := success.Child(nsFAST, "token")
	until, err := time.Parse(time.RFC3339, token.Attr("expiry"))
	if err != nil || token.Attr("token") == "" || until.Before(time.Now().Add(20*24*time.Hour)) || until.After(time.Now().Add(22*24*time.Hour)) {
		t.Fatalf("got %s", success)
	}
	c.Disconnect()
	return token.Attr("token")
}

// TestFAST: XEP-0484 §3.4: in one round trip, with a resource, and the server
// proves that it knows the token.
func TestFAST(t *testing.T) {
	t.Parallel()
	s := start(t)
	for transport, id := range map[xmpptest.Transport]string{
		xmpptest.WebSocket: phone, xmpptest.TCP: laptop, xmpptest.DirectTLS: strings.Replace(phone, "d", "e", 1),
	} {
		token := newToken(t, s, transport, "alice", id)
		for range 2 {
			c := opened2(t, s, transport)
			c.Send(withToken("alice", token, id, "<fast xmlns='urn:xmpp:fast:0' count='7'/>", bind2Request))
			success, _ := expectSuccess(t, c)
			if got := decode(t, success.Child(nsSASL2, "additional-data").Text()); got != string(hashed(token, "Responder", nil)) {
				t.Errorf("the server does not prove that it knows the token: %s", success)
			}
			if tokenIn(success) != "" {
				t.Errorf("a new token after no time: %s", success)
			}
			c.JID = success.Child(nsSASL2, "authorization-identifier").Text()
			c.ExpectNothing()
			c.Disconnect()
		}
	}
}

// TestFASTFailures: who does not get in, and then with the password on the same
// stream, as clients do that have a token which is not good any more.
func TestFASTFailures(t *testing.T) {
	t.Parallel()
	s := start(t, func(c *config.Config) {
		c.Limits = c.Limits.Off()
	})
	token := newToken(t, s, xmpptest.TCP, "alice", phone)
	for name, tt := range map[string]struct{ send, want string }{
		"another token":      {withToken("alice", token+"x", phone), "not-authorized"},
		"another client":     {withToken("alice", token, laptop), "not-authorized"},
		"another account":    {withToken("bob", token, phone), "not-authorized"},
		"unknown account":    {withToken("nobody", token, phone), "not-authorized"},
		"no client":          {withToken("alice", token, ""), "malformed-request"},
		"a client, no UUID":  {withToken("alice", token, "phone"), "malformed-request"},
		"as a password":      {authenticate2("alice", token, agent(phone)), "not-authorized"},
		"no fast":            {strings.Replace(withToken("alice", token, phone), "<fast xmlns='urn:xmpp:fast:0'/>", "", 1), "invalid-mechanism"},
		"in the old profile": {auth("HT-SHA-256-NONE", base64.StdEncoding.EncodeToString(append([]byte("alice\x00"), hashed(token, "Initiator", nil)...))), "invalid-mechanism"},
	} {
		t.Run(name, func(t *testing.T) {
			onEach(t, func(t *testing.T, transport xmpptest.Transport) {
				c := opened2(t, s, transport)
				c.Send(tt.send)
				got := c.NextElement()
				if got.Local != "failure" || got.Child(stanza.NSSASL, tt.want) == nil {
					t.Fatalf("got %s, want failure %s", got, tt.want)
				}
				c.Send(authenticate2("alice", xmpptest.Password, bind2Request))
				expectSuccess(t, c)
			})
		})
	}
	c := opened2(t, s, xmpptest.TCP)
	c.Send(withToken("alice", token, phone))
	expectSuccess(t, c) // it was not spent by who did not have it
}

// TestFASTGuesses: a wrong token counts like a wrong password.
func TestFASTGuesses(t *testing.T) {
	t.Parallel()
	s := start(t, func(c *config.Config) {
		c.Limits.AuthFailuresPerAddress, c.Limits.AuthFailuresPerAccount = 2, 0
	})
	c := opened2(t, s, xmpptest.WebSocket)
	for range 2 {
		c.Send(withToken("alice", "guess", phone))
		expectFailure2(t, c, "not-authorized")
	}
	c.Send(authenticate2("alice", xmpptest.Password))
	expectFailure2(t, c, "temporary-auth-failure")
}

// TestFASTExpired: XEP-0484 §4.2, and that is no guess.
func TestFASTExpired(t *testing.T) {
	t.Parallel()
	s := start(t, func(c *config.Config) {
		c.SASL.TokenLifetime, c.Limits.AuthFailuresPerAddress = time.Nanosecond, 1
	})
	c := opened2(t, s, xmpptest.WebSocket)
	c.Send(authenticate2("alice", xmpptest.Password, agent(phone), requestToken("HT-SHA-256-NONE")))
	success, _ := expectSuccess(t, c)
	c = opened2(t, s, xmpptest.WebSocket)
	for range 2 {
		c.Send(withToken("alice", tokenIn(success), phone))
		expectFailure2(t, c, "credentials-expired")
	}
}

// TestFASTRotation: XEP-0484 §3.5: the server gives a new token to who comes with
// an old one, and takes both until the new one was used.
func TestFASTRotation(t *testing.T) {
	t.Parallel()
	s := start(t, func(c *config.Config) { c.SASL.TokenRotation = 0 })
	login := func(token string) string {
		c := opened2(t, s, xmpptest.TCP)
		c.Send(withToken("alice", token, phone))
		success, _ := expectSuccess(t, c)
		c.Disconnect()
		return tokenIn(success)
	}
	first := newToken(t, s, xmpptest.TCP, "alice", phone)
	lost := login(first)
	second := login(first)
	if lost == "" || second == "" || lost == second || second == first {
		t.Fatalf("got %q, then %q, then %q", first, lost, second)
	}
	login(second)
	for _, token := range []string{first, lost} {
		c := opened2(t, s, xmpptest.TCP)
		c.Send(withToken("alice", token, phone))
		expectFailure2(t, c, "not-authorized")
	}
}

// TestFASTInvalidate: XEP-0484 §3.6: the login succeeds for the last time, and no
// new token is given though it would be due, but to who asks for one.
func TestFASTInvalidate(t *testing.T) {
	t.Parallel()
	s := start(t, func(c *config.Config) { c.SASL.TokenRotation = 0 })
	for _, yes := range []string{"true", "1"} {
		token := newToken(t, s, xmpptest.WebSocket, "alice", phone)
		fast := fmt.Sprintf("<fast xmlns='urn:xmpp:fast:0' invalidate='%s'/>", yes)
		c := opened2(t, s, xmpptest.WebSocket)
		c.Send(withToken("alice", token, phone, fast, bind2Request))
		success, _ := expectSuccess(t, c)
		if tokenIn(success) != "" {
			t.Errorf("got %s", success)
		}
		c.JID = success.Child(nsSASL2, "authorization-identifier").Text()
		c.ExpectNothing() // the session goes on
		c = opened2(t, s, xmpptest.WebSocket)
		c.Send(withToken("alice", token, phone))
		expectFailure2(t, c, "not-authorized")

		c = opened2(t, s, xmpptest.WebSocket)
		c.Send(withToken("alice", newToken(t, s, xmpptest.WebSocket, "alice", phone), phone, fast, requestToken("HT-SHA-256-NONE")))
		success, _ = expectSuccess(t, c)
		c = opened2(t, s, xmpptest.WebSocket)
		c.Send(withToken("alice", tokenIn(success), phone))
		expectSuccess(t, c)
	}
}

// TestFASTOff: token_lifetime 0.
func TestFASTOff(t *testing.T) {
	t.Parallel()
	s := start(t, func(c *config.Config) { c.SASL.TokenLifetime = 0 })
	c := s.Open(t, xmpptest.TCP)
	check(t, c.Open().String(), []string{nsSASL2}, []string{nsFAST})
	c.Send(authenticate2("alice", xmpptest.Password, agent(phone), requestToken("HT-SHA-256-NONE")))
	if success, _ := expectSuccess(t, c); tokenIn(success) != "" {
		t.Errorf("got %s", success)
	}
	c = opened2(t, s, xmpptest.TCP)
	c.Send(withToken("alice", "x", phone))
	expectFailure2(t, c, "invalid-mechanism")
}

// TestFASTBound: over TLS a token can be bound to the connection, and is then
// good for nothing else (XEP-0484 §3.4).
func TestFASTBound(t *testing.T) {
	t.Parallel()
	s := start(t, requireTLS, func(c *config.Config) { c.Limits.AuthFailuresPerAddress = 0 })
	for mechanism, binding := range map[string]string{"HT-SHA-256-EXPR": sasl.TLSExporter, "HT-SHA-256-ENDP": sasl.TLSServerEndPoint} {
		c, _, features := startTLS(t, s, tls.VersionTLS13)
		check(t, features, []string{"<fast xmlns='urn:xmpp:fast:0'><mechanism>HT-SHA-256-EXPR</mechanism><mechanism>HT-SHA-256-ENDP</mechanism><mechanism>HT-SHA-256-NONE</mechanism></fast>"}, []string{"tls-0rtt", "UNIQ"})
		c.send(authenticate2("alice", xmpptest.Password, agent(phone), requestToken(mechanism)))
		_, rest, _ := strings.Cut(c.until("</success>"), " token='")
		token, _, _ := strings.Cut(rest, "'")

		login := func(as string, data func(tls.ConnectionState) []byte) string {
			c, state, _ := startTLS(t, s, tls.VersionTLS13)
			message := append([]byte("alice\x00"), hashed(token, "Initiator", data(state))...)
			c.send(request2(as, message, agent(phone), "<fast xmlns='urn:xmpp:fast:0'/>"))
			answer := c.until("</success>", "</failure>")
			if ok := strings.Contains(answer, base64.StdEncoding.EncodeToString(hashed(token, "Responder", data(state)))); ok != strings.Contains(answer, "<success") {
				t.Errorf("no proof in %s", answer)
			}
			return answer
		}
		mine := func(state tls.ConnectionState) []byte { return bindingOf(t, state, binding) }
		check(t, login(mechanism, mine), []string{"<success"}, nil)
		check(t, login("HT-SHA-256-NONE", func(tls.ConnectionState) []byte { return nil }), []string{"<not-authorized"}, nil)
		check(t, login(mechanism, func(s tls.ConnectionState) []byte { return append([]byte("x"), mine(s)...) }), []string{"<not-authorized"}, nil)
	}
}

// bindingOf is the client's view of a channel binding.
func bindingOf(t *testing.T, state tls.ConnectionState, name string) []byte {
	t.Helper()
	for _, b := range sasl.TLSBindings(state, state.PeerCertificates[0]) {
		if b.Type == name {
			return bytes.Clone(b.Data)
		}
	}
	t.Fatalf("no %s", name)
	return nil
}

// TestNewPasswordEndsAll: XEP-0077 §3.3: with the old password go its tokens, its
// streams and all sessions but the one that asked.
func TestNewPasswordEndsAll(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, transport xmpptest.Transport) {
		s := start(t)
		token := newToken(t, s, transport, "alice", phone)
		asks, other, bobs := bound2(t, s, transport, "alice", laptop), manage(t, s, transport, "alice", "x"), s.Dial(t, transport, "bob", "")
		detached := manage(t, s, transport, "alice", "y")
		detached.Close()
		asks.Send("<iq xmlns='jabber:client' type='set' id='1' to='localhost'><query xmlns='jabber:iq:register'><username>alice</username><password>through the glass</password></query></iq>")
		asks.Expect("<iq type='result' id='1' from='localhost' to='" + asks.JID + "'/>")
		expectEndOf(t, other, stanza.StreamNotAuthorized)
		asks.ExpectNothing()
		bobs.ExpectNothing()

		c := opened2(t, s, transport)
		c.Send(withToken("alice", token, phone))
		expectFailure2(t, c, "not-authorized")
		c.Send(authenticate2("alice", "through the glass", fmt.Sprintf("<resume xmlns='urn:xmpp:sm:3' previd='%s' h='0'/>", detached.id)))
		success, _ := expectSuccess(t, c)
		if success.Child(nsSM, "failed") == nil || success.Child(nsSM, "resumed") != nil {
			t.Errorf("got %s", success)
		}
		if rows, err := s.Store.Tokens(t.Context(), "alice@localhost", ""); err != nil || len(rows) != 0 {
			t.Errorf("left: %v, %v", rows, err)
		}
	})
}

// expectEndOf is expectEnd for a client that counts.
func expectEndOf(t *testing.T, m *managed, condition stanza.StreamCondition) {
	t.Helper()
	for {
		it := m.Next()
		if it.Kind != xmpptest.Element {
			t.Fatalf("got %q, want a stream error", it.Text)
		}
		if it.Tree.Is(stanza.NSStream, "error") {
			if it.Tree.Child(stanza.NSStreamErrors, string(condition)) == nil {
				t.Errorf("got %s, want %s", it.Text, condition)
			}
			return
		}
	}
}
