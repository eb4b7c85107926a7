package c2s_test

import (
	"context"
	"encoding/base64"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"

	"parley/internal/xmpptest"
	"parley/stanza"
)

var errCut = errors.New("cut by the test")

// cutConn is cut when a number of bytes has passed, in both directions together.
type cutConn struct {
	net.Conn
	left atomic.Int64
}

func (c *cutConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if over := -c.left.Add(int64(-n)); err == nil && over > 0 {
		_ = c.Conn.Close()
		return max(0, n-int(over)), errCut
	}
	return n, err
}

func (c *cutConn) Write(p []byte) (int, error) {
	left := c.left.Add(int64(-len(p))) + int64(len(p))
	if left >= int64(len(p)) {
		return c.Conn.Write(p)
	}
	n, _ := c.Conn.Write(p[:max(0, left)])
	_ = c.Conn.Close()
	return n, errCut
}

// chaosLink is one connection. Everything may fail at any time.
type chaosLink struct {
	conn     net.Conn
	ws       *websocket.Conn // nil over TCP
	buf      []byte
	splitter stanza.Splitter
	header   *stanza.Header
}

// noCut is a number of bytes that no test reaches.
const noCut = 1 << 40

func dialChaos(t *testing.T, s *xmpptest.Server, transport xmpptest.Transport, budget int64) (*chaosLink, error) {
	l := new(chaosLink)
	dial := func(_ context.Context, _, addr string) (net.Conn, error) {
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			return nil, err
		}
		cut := &cutConn{Conn: conn}
		cut.left.Store(budget)
		l.conn = cut
		return cut, conn.SetDeadline(time.Now().Add(3 * xmpptest.Patience))
	}
	if transport == xmpptest.TCP {
		_, err := dial(t.Context(), "", s.Addr("c2s"))
		return l, err
	}
	client := &http.Client{Transport: &http.Transport{DialContext: dial, DisableKeepAlives: true}}
	ws, _, err := websocket.Dial(t.Context(), s.URL(), &websocket.DialOptions{Subprotocols: []string{"xmpp"}, HTTPClient: client})
	if err != nil {
		if l.conn != nil {
			_ = l.conn.Close()
		}
		return nil, err
	}
	ws.SetReadLimit(-1)
	l.ws = ws
	return l, nil
}

func (l *chaosLink) close() {
	if l.ws != nil {
		_ = l.ws.CloseNow()
	}
	_ = l.conn.Close()
}

func (l *chaosLink) send(text string) error {
	if l.ws != nil {
		return l.ws.Write(context.Background(), websocket.MessageText, []byte(text))
	}
	_, err := io.WriteString(l.conn, text)
	return err
}

// next returns the next element, or nil for a header.
func (l *chaosLink) next() (*stanza.Element, error) {
	if l.ws != nil {
		_, data, err := l.ws.Read(context.Background())
		if err != nil {
			return nil, err
		}
		return stanza.Parse(data)
	}
	for {
		kind, n, err := l.splitter.Next(l.buf)
		if err != nil {
			return nil, err
		}
		raw := l.buf[:n]
		l.buf = l.buf[n:]
		switch kind {
		case stanza.StreamOpen:
			l.header, err = stanza.ParseHeader(raw)
			return nil, err
		case stanza.StreamClose:
			return nil, io.EOF
		case stanza.Stanza:
			return stanza.ParseIn(raw, l.header)
		}
		b := make([]byte, 1024)
		if n, err = l.conn.Read(b); n == 0 {
			return nil, err
		}
		l.buf = append(l.buf, b[:n]...)
	}
}

// until reads up to an element of that name.
func (l *chaosLink) until(local string) (*stanza.Element, error) {
	for {
		e, err := l.next()
		switch {
		case err != nil:
			return nil, err
		case e != nil && e.Local == local:
			return e, nil
		case e != nil && e.Is(stanza.NSStream, "error"):
			return nil, errors.New(e.String())
		}
	}
}

func (l *chaosLink) open() error {
	header := "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='localhost' version='1.0'>"
	if l.ws != nil {
		header = "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='localhost' version='1.0'/>"
	}
	if err := l.send(header); err != nil {
		return err
	}
	_, err := l.until("features")
	return err
}

func (l *chaosLink) end() error {
	if l.ws != nil {
		return l.send("<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>")
	}
	return l.send("</stream:stream>")
}

// enter logs in and resumes, or binds a resource and enables stream management,
// in one step or in many. It returns <resumed/> or <enabled/>, and <failed/> if
// there was one.
func (l *chaosLink) enter(rng *rand.Rand, user, resume string, bind2 bool) (in, failed *stanza.Element, err error) {
	if err := l.open(); err != nil {
		return nil, nil, err
	}
	if rng.IntN(2) == 0 {
		return l.enterAtOnce(user, resume, bind2)
	}
	plain := base64.StdEncoding.EncodeToString([]byte("\x00" + user + "\x00" + xmpptest.Password))
	if err := l.send("<auth xmlns='" + stanza.NSSASL + "' mechanism='PLAIN'>" + plain + "</auth>"); err != nil {
		return nil, nil, err
	}
	if _, err := l.until("success"); err != nil {
		return nil, nil, err
	}
	l.splitter.Reset()
	if err := l.open(); err != nil {
		return nil, nil, err
	}
	if resume == "" {
		in, err = l.bind()
		return in, nil, err
	}
	return l.enterInSteps(resume)
}

// enterAtOnce: XEP-0198 §7.
func (l *chaosLink) enterAtOnce(user, resume string, bind2 bool) (in, failed *stanza.Element, err error) {
	enable := ""
	if bind2 {
		enable = "<bind xmlns='urn:xmpp:bind:0'><enable xmlns='urn:xmpp:sm:3' resume='true'/></bind>"
	}
	if err := l.send(authenticate2(user, xmpptest.Password, resume, enable)); err != nil {
		return nil, nil, err
	}
	success, err := l.until("success")
	if err != nil {
		return nil, nil, err
	}
	if resumed := success.Child(nsSM, "resumed"); resumed != nil {
		return resumed, nil, nil
	}
	if _, err = l.until("features"); err != nil {
		return nil, nil, err
	}
	failed = success.Child(nsSM, "failed")
	if in = success.Child("urn:xmpp:bind:0", "bound").Child(nsSM, "enabled"); in == nil {
		in, err = l.bind()
	}
	return in, failed, err
}

func (l *chaosLink) enterInSteps(resume string) (in, failed *stanza.Element, err error) {
	if err := l.send(resume); err != nil {
		return nil, nil, err
	}
	e, err := l.next()
	switch {
	case err != nil:
		return nil, nil, err
	case e.Is(nsSM, "resumed"):
		return e, nil, nil
	case !e.Is(nsSM, "failed"):
		return nil, nil, errors.New(e.String())
	}
	in, err = l.bind()
	return in, e, err
}

func (l *chaosLink) bind() (in *stanza.Element, err error) {
	if err := l.send("<iq xmlns='jabber:client' type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>"); err != nil {
		return nil, err
	}
	if _, err := l.until("iq"); err != nil {
		return nil, err
	}
	if err := l.send("<enable xmlns='urn:xmpp:sm:3' resume='true'/>"); err != nil {
		return nil, err
	}
	return l.until("enabled")
}
