package c2s_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"parley/internal/config"
	"parley/internal/xmpptest"
)

// attack guesses at alice's password until ctx ends, from each of the addresses
// on a few connections at once, and counts what was tried.
type attack struct {
	server *xmpptest.Server
	tried  atomic.Int64
	all    sync.WaitGroup
}

func (a *attack) from(ctx context.Context, source string, connections int) {
	for range connections {
		a.all.Go(func() {
			for ctx.Err() == nil {
				a.connection(ctx, source)
			}
		})
	}
}

// connection guesses until it is cut.
func (a *attack) connection(ctx context.Context, source string) {
	conn, err := dialFrom(ctx, a.server.Addr("c2s"), source)
	if err != nil {
		return
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	in := bufio.NewReader(conn)
	_, _ = io.WriteString(conn, header)
	_, _ = readTo(in, "</stream:features>")
	for {
		if _, err := io.WriteString(conn, plain("", "alice", "wrong")); err != nil {
			return
		}
		answer, err := readTo(in, "</failure>")
		if err != nil {
			return
		}
		if strings.Contains(answer, "<not-authorized") {
			a.tried.Add(1)
		}
	}
}

// readTo reads up to and including the mark.
func readTo(in *bufio.Reader, mark string) (string, error) {
	var got bytes.Buffer
	for !strings.HasSuffix(got.String(), mark) {
		b, err := in.ReadByte()
		if err != nil {
			return got.String(), err
		}
		got.WriteByte(b)
	}
	return got.String(), nil
}

func dialFrom(ctx context.Context, addr, source string) (net.Conn, error) {
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(source)}}
	return d.DialContext(ctx, "tcp", addr)
}

// until waits for that many guesses, and checks that they were not too fast: a
// slow machine makes fewer.
func (a *attack) until(t *testing.T, n int64, since time.Time, perSecond float64) {
	t.Helper()
	for deadline := time.Now().Add(3 * xmpptest.Patience); a.tried.Load() < n; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d guesses, want %d", a.tried.Load(), n)
		}
	}
	got := a.tried.Load()
	if most := int64(perSecond*time.Since(since).Seconds()) + 1; got > most {
		t.Errorf("%d guesses in %v, want at most %d", got, time.Since(since), most)
	}
}

// login logs alice in from an address with her password.
func login(t *testing.T, s *xmpptest.Server, source string) {
	t.Helper()
	conn, err := dialFrom(t.Context(), s.Addr("c2s"), source)
	if err != nil {
		t.Fatal(err)
	}
	c := &rawConn{Conn: conn, t: t}
	defer conn.Close()
	c.send(header)
	c.until("</stream:features>")
	c.send(plainOfAlice)
	c.until("<success")
}

// TestGuessedFromOneAddress: twice a second, with however many connections, and
// she gets in from elsewhere.
func TestGuessedFromOneAddress(t *testing.T) {
	t.Parallel()
	s := start(t, func(c *config.Config) { c.Limits.AuthFailuresPerAddress, c.Limits.AuthFailuresPerAccount = 0, 0 })
	ctx, stop := context.WithCancel(t.Context())
	a := &attack{server: s}
	begin := time.Now()
	a.from(ctx, "127.1.0.1", 8)
	a.until(t, 6, begin, 2)
	login(t, s, "127.2.0.1")
	stop()
	a.all.Wait()
}

// TestGuessedFrom200Addresses: 50 times a second and no faster, with the limits
// on failures off; and she gets in with a token, from where she was before and
// from where she never was.
func TestGuessedFrom200Addresses(t *testing.T) {
	t.Parallel()
	s := start(t, func(c *config.Config) { c.Limits.AuthFailuresPerAddress, c.Limits.AuthFailuresPerAccount = 0, 0 })
	token := newToken(t, s, xmpptest.WebSocket, "alice", phone) // from 127.0.0.1
	ctx, stop := context.WithCancel(t.Context())
	a := &attack{server: s}
	begin := time.Now()
	for i := range 200 {
		a.from(ctx, fmt.Sprintf("127.1.%d.%d", i/100, i%100+1), 1)
	}
	a.until(t, 60, begin, 50)
	login(t, s, "127.0.0.1")
	onEachNow(t, func(t *testing.T, transport xmpptest.Transport) {
		c := opened2(t, s, transport)
		c.Send(withToken("alice", token, phone))
		expectSuccess(t, c)
	})
	login(t, s, "127.2.0.1")
	stop()
	a.all.Wait()
}

// TestGuessedWithFailures: the same with the limits as they are by default: each
// of the addresses is refused in the end, and the account's owner is not.
func TestGuessedWithFailures(t *testing.T) {
	t.Parallel()
	s := start(t, func(c *config.Config) { c.Limits.AuthBackoff = 100 * time.Millisecond })
	login(t, s, "127.3.0.1")
	token := newToken(t, s, xmpptest.WebSocket, "alice", phone)
	ctx, stop := context.WithCancel(t.Context())
	a := &attack{server: s}
	begin := time.Now()
	for i := range 200 {
		a.from(ctx, fmt.Sprintf("127.1.%d.%d", i/100, i%100+1), 1)
	}
	a.from(ctx, "127.0.0.1", 2) // where the device with the token is, too
	a.until(t, 12, begin, 50)
	login(t, s, "127.3.0.1")
	c := opened2(t, s, xmpptest.TCP)
	c.Send(withToken("alice", token, phone))
	expectSuccess(t, c)
	stop()
	a.all.Wait()
}

// onEachNow is onEach while something goes on.
func onEachNow(t *testing.T, f func(*testing.T, xmpptest.Transport)) {
	for _, transport := range clear {
		t.Run(string(transport), func(t *testing.T) { f(t, transport) })
	}
}

// TestTokenFromRefusedAddress: wrong passwords from an address that many share
// keep nobody out who has a token, and wrong tokens do, at the limit and not
// before.
func TestTokenFromRefusedAddress(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, transport xmpptest.Transport) {
		s := start(t, func(c *config.Config) {
			c.Limits.AuthFailuresPerAddress, c.Limits.AuthFailuresPerAccount = 2, 0
		})
		token := newToken(t, s, transport, "alice", phone)
		c := opened2(t, s, transport)
		for range 2 {
			c.Send(plain("", "bob", "wrong"))
			expectFailure(t, c, "not-authorized")
		}
		c.Send(withToken("alice", "wrong", phone))
		expectFailure2(t, c, "not-authorized")
		c.Send(withToken("alice", token, phone))
		expectSuccess(t, c)
		c = opened2(t, s, transport)
		c.Send(withToken("alice", "wrong", phone))
		expectFailure2(t, c, "not-authorized")
		c.Send(withToken("alice", token, phone))
		expectFailure2(t, c, "temporary-auth-failure")
	})
}

// TestFailuresOfANetwork: addresses of one /64 are one, those of another are not;
// after n failures it is refused, after n-1 not.
func TestFailuresOfANetwork(t *testing.T) {
	t.Parallel()
	s := start(t, behind("127.0.0.1/32"), func(c *config.Config) {
		c.Limits.AuthFailuresPerAddress, c.Limits.AuthFailuresPerAccount = 3, 0
	})
	try := func(source, password, want string) {
		t.Helper()
		c := s.DialRaw(t, "c2s-tls")
		c.Send("PROXY TCP6 " + source + " ::1 4000 5223\r\n")
		c = c.Secure(&tls.Config{InsecureSkipVerify: true})
		c.Send(header)
		c.Until("</stream:features>")
		c.Send(plain("", "alice", password))
		c.Until(want)
	}
	try("2001:db8::1", "wrong", "<not-authorized")
	try("2001:db8::ffff", "wrong", "<not-authorized")
	try("2001:db8::2", xmpptest.Password, "<success")
	try("2001:db8:0:0:1::", "wrong", "<not-authorized")
	try("2001:db8::2", xmpptest.Password, "<temporary-auth-failure")
	try("2001:db8:0:1::1", xmpptest.Password, "<success")
}
