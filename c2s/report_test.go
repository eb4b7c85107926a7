package c2s_test

import (
	"bytes"
	"strings"
	"sync"
	"testing"
	"time"

	"parley/internal/config"
	"parley/internal/xmpptest"
	"parley/stanza"
)

// logged is the log of a server, to be read while it runs.
type logged struct {
	mu  sync.Mutex
	out bytes.Buffer // guarded by mu
}

func (l *logged) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.out.Write(b)
}

// lines returns those that have all of the words.
func (l *logged) lines(words ...string) (out []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
lines:
	for line := range strings.Lines(l.out.String()) {
		for _, w := range words {
			if !strings.Contains(line, w) {
				continue lines
			}
		}
		out = append(out, line)
	}
	return out
}

// await waits for a line that comes after what the client has seen.
func (l *logged) await(t *testing.T, words ...string) {
	t.Helper()
	for deadline := time.Now().Add(xmpptest.Patience); len(l.lines(words...)) == 0; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("no line with %q", words)
		}
	}
}

func startLogged(t *testing.T, change func(*config.Config)) (*xmpptest.Server, *logged) {
	t.Helper()
	log := &logged{}
	s := xmpptest.Start(t, xmpptest.Options{Change: change, Log: log})
	s.AddUser(t, "alice")
	return s, log
}

// TestAuthenticationLog: one line for each, with result, mechanism and address,
// and nothing secret in the log.
func TestAuthenticationLog(t *testing.T) {
	t.Parallel()
	const secret = "wr0ng-passw0rd"
	s, log := startLogged(t, func(c *config.Config) { c.Limits.AuthFailuresPerAddress = 2 })
	c := s.Open(t, xmpptest.TCP)
	c.Open()
	for _, step := range []struct{ send, want, line string }{
		{auth("X-MADE-UP", ""), "invalid-mechanism", "result=invalid mechanism=other"},
		{auth("PLAIN", "YWJj"), "malformed-request", "result=invalid mechanism=PLAIN"},
		{plain("", "alice", secret), "not-authorized", "result=failure mechanism=PLAIN op=not-authorized account=alice@localhost"},
		{plain("", "nobody", secret), "not-authorized", "result=failure mechanism=PLAIN op=not-authorized account=nobody@localhost"},
	} {
		c.Send(step.send)
		expectFailure(t, c, step.want)
		if got := log.lines("msg=authentication", "transport=tcp addr=127.0.0.1", step.line); len(got) != 1 {
			t.Errorf("%d lines with %s, want one", len(got), step.line)
		}
	}
	c.Send(plainOfAlice)
	expectFailure(t, c, "temporary-auth-failure")
	log.await(t, "msg=authentication", "result=refused mechanism=PLAIN")
	log.await(t, "limit=auth_failures_per_address")
	if got := log.lines(secret); len(got) > 0 {
		t.Errorf("the log has a password: %q", got)
	}
}

// TestLoginLog: the line of a login, over both transports and in both profiles,
// without password and token.
func TestLoginLog(t *testing.T) {
	t.Parallel()
	s, log := startLogged(t, nil)
	onEachNow(t, func(t *testing.T, transport xmpptest.Transport) {
		s.Dial(t, transport, "alice", "")
		where := "transport=" + string(transport)
		log.await(t, "msg=authentication", where, "result=success mechanism=PLAIN account=alice@localhost")
		token := newToken(t, s, transport, "alice", phone)
		c := opened2(t, s, transport)
		c.Send(withToken("alice", token, phone))
		expectSuccess(t, c)
		log.await(t, "msg=authentication", where, "result=success mechanism=HT-SHA-256-NONE account=alice@localhost")
		if got := log.lines(token); len(got) > 0 {
			t.Errorf("the log has a token: %q", got)
		}
	})
}

// TestFloodDoesNotFillTheLog: a hundred refused connections and a hundred broken
// streams are some twenty lines each, and the refusals name the limit.
func TestFloodDoesNotFillTheLog(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, transport xmpptest.Transport) {
		s, log := startLogged(t, func(c *config.Config) { c.Limits.UnauthenticatedPerAddress = 1 })
		begin := time.Now()
		for range 100 {
			c := s.Open(t, xmpptest.TCP)
			c.Send("<<")
			for c.Next().Kind != xmpptest.Gone {
			}
		}
		first := s.Open(t, xmpptest.TCP)
		first.Open()
		for range 100 {
			expectRefusal(t, s, transport)
		}
		most := 20 + int(time.Since(begin)/time.Second) + 1
		for _, words := range [][]string{
			{"connection refused", "limit=unauthenticated_per_address", "transport=" + string(transport)},
			{"stream ended with an error", "op=" + string(stanza.StreamNotWellFormed)},
		} {
			if n := len(log.lines(words...)); n == 0 || n > most {
				t.Errorf("%d lines with %q, want 1 to %d", n, words, most)
			}
		}
	})
}
