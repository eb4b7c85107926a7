package c2s

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// heard is a listener that only listens.
type heard struct {
	part  func()
	pongs chan string
}

func (h *heard) answered(b []byte) { h.pongs <- string(b) }

func (h *heard) noticed(int) {
	if h.part != nil {
		h.part()
	}
}

// started is a reader that tells when it was started.
type started chan struct{}

func (s started) startReader() { s <- struct{}{} }

// resting is a transport and its client.
type resting struct {
	transport
	watch  *watch
	client io.ReadWriteCloser // what is written is one message
	wire   net.Conn           // the client's connection
	woken  started
	heard  heard
}

// state is what is common to both transports.
func (r *resting) state() *rest {
	if t, ok := r.transport.(*tcp); ok {
		return &t.rest
	}
	return &r.transport.(*webSocket).rest
}

// overTCP and overWebSocket return a transport whose client has done nothing yet.
func overTCP(t *testing.T, w *watch) *resting {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	client, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	conn, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	return &resting{transport: newTCP(conn, conn, w), client: client, wire: client}
}

func overTLS(t *testing.T, w *watch) *resting {
	s := httptest.NewTLSServer(nil) // for its certificate
	defer s.Close()
	r := overTCP(t, w)
	under := r.transport.(*tcp)
	under.conn = tls.Server(under.raw, &tls.Config{Certificates: s.TLS.Certificates})
	cfg := s.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
	cfg.ServerName = "example.com" // what it is for
	r.client = tls.Client(r.wire, cfg)
	r.wire = r.client.(net.Conn)
	return r
}

func overWebSocket(t *testing.T, w *watch) *resting {
	served := make(chan *webSocket, 1)
	s := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, req *http.Request) {
		socket, err := accept(rw, req, 4, w)
		if err != nil {
			t.Error(err)
		}
		served <- socket
	}))
	t.Cleanup(s.Close)
	var under net.Conn
	client := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, network, addr string) (_ net.Conn, err error) {
		under, err = new(net.Dialer).DialContext(ctx, network, addr)
		return under, err
	}}}
	conn, _, err := websocket.Dial(t.Context(), s.URL, &websocket.DialOptions{HTTPClient: client, Subprotocols: []string{Subprotocol}})
	if err != nil {
		t.Fatal(err)
	}
	r := &resting{transport: <-served, client: websocket.NetConn(context.Background(), conn, websocket.MessageText), wire: under}
	return r
}

// eachResting runs f for both transports, which have read their stream headers.
func eachResting(t *testing.T, f func(*testing.T, *resting)) {
	for name, over := range map[string]func(*testing.T, *watch) *resting{
		"tcp": overTCP, "tls": overTLS, "websocket": overWebSocket,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := new(watch)
			r := over(t, w)
			r.watch, r.woken, r.heard.pongs = w, make(started, 1), make(chan string, 1)
			t.Cleanup(func() {
				_ = r.wire.Close()
				r.abort()
				w.close()
			})
			r.listen(&r.heard)
			opened := make(chan struct{})
			go func() { // TLS shakes hands first
				defer close(opened)
				r.send(t, "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='localhost' version='1.0'>")
			}()
			if it, err := r.next(); err != nil || it.kind != itemOpen {
				t.Fatalf("got %v, %v for a stream header", it.kind, err)
			}
			<-opened
			f(t, r)
		})
	}
}

func (r *resting) send(t *testing.T, text string) {
	t.Helper()
	if _, err := io.WriteString(r.client, text); err != nil {
		t.Error(err)
	}
}

// reads expects an element next, past white space.
func (r *resting) reads(t *testing.T, want string) {
	t.Helper()
	for {
		it, err := r.next()
		if err != nil {
			t.Fatalf("got %v, want %s", err, want)
		}
		if it.kind == itemSpace {
			continue
		}
		if string(it.raw) != want {
			t.Errorf("got %q, want %s", it.raw, want)
		}
		return
	}
}

// rests lets the transport rest.
func (r *resting) rests(t *testing.T) {
	t.Helper()
	r.ask()
	if it, err := r.next(); !errors.Is(err, errQuiet) {
		t.Fatalf("got %v, %v, want rest", it, err)
	}
	r.release()
	r.begin(r.woken)
	select {
	case <-r.woken:
		t.Fatal("rest is over at once")
	default:
	}
}

func (r *resting) isOver(t *testing.T) {
	t.Helper()
	select {
	case <-r.woken:
	case <-time.After(10 * time.Second):
		t.Fatal("the rest does not end")
	}
	r.watch.mu.Lock()
	defer r.watch.mu.Unlock()
	if n := len(r.watch.resting); n != 0 {
		t.Errorf("the watch knows %d resting connections, want none", n)
	}
}

// TestRest: input ends a rest, again and again, and nothing of it is lost.
func TestRest(t *testing.T) {
	t.Parallel()
	eachResting(t, func(t *testing.T, r *resting) {
		for range 3 {
			r.rests(t)
			r.send(t, "<message/>")
			r.isOver(t)
			r.reads(t, "<message/>")
		}
	})
}

// TestRestWithInput: what came before the rest began ends it.
func TestRestWithInput(t *testing.T) {
	t.Parallel()
	eachResting(t, func(t *testing.T, r *resting) {
		r.ask()
		r.send(t, "<presence/>")
		if _, err := r.next(); !errors.Is(err, errQuiet) {
			t.Fatalf("got %v, want rest", err)
		}
		r.release()
		r.begin(r.woken)
		r.isOver(t)
		r.reads(t, "<presence/>")
	})
}

// TestNoRestInside: who has sent half an element is waited for.
func TestNoRestInside(t *testing.T) {
	t.Parallel()
	for name, halves := range map[string][2]string{
		"tcp":       {"<message><bo", "dy/></message>"},
		"websocket": {"\x01\x86\x00\x00\x00\x00<messa", "\x80\x84\x00\x00\x00\x00ge/>"}, // RFC 6455 §5.4
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			eachResting(t, func(t *testing.T, r *resting) {
				if _, tcp := r.transport.(*tcp); tcp != (name == "tcp") {
					return
				}
				var asked atomic.Bool
				r.heard.part = func() { // on the reader, when the first half has come
					r.ask()
					asked.Store(true)
				}
				got := make(chan item)
				go func() {
					it, err := r.next()
					if err != nil {
						t.Error(err)
					}
					got <- it
				}()
				if _, err := io.WriteString(r.wire, halves[0]); err != nil {
					t.Fatal(err)
				}
				for !asked.Load() || r.isAsked() { // until the reader has heard, and went on
					runtime.Gosched()
				}
				if _, err := io.WriteString(r.wire, halves[1]); err != nil {
					t.Fatal(err)
				}
				if it := <-got; string(it.raw) != "<message/>" && string(it.raw) != "<message><body/></message>" {
					t.Errorf("got %q", it.raw)
				}
			})
		})
	}
}

// isAsked reports whether the reader has not heard yet that it was asked.
func (r *resting) isAsked() bool {
	s := r.state()
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked
}

// TestRestAfterPong: a control frame is no reason to stay (RFC 6455 §5.5.3).
func TestRestAfterPong(t *testing.T) {
	t.Parallel()
	eachResting(t, func(t *testing.T, r *resting) {
		if _, ok := r.transport.(*webSocket); !ok {
			return
		}
		for _, token := range []string{"alive-1", "alive-2"} {
			if _, err := io.WriteString(r.wire, "\x8a\x87\x00\x00\x00\x00"+token); err != nil {
				t.Fatal(err)
			}
			answered := make(chan struct{})
			go func() {
				if got := <-r.heard.pongs; got != token {
					t.Errorf("got %q, want %q", got, token)
				}
				r.ask()
				close(answered)
			}()
			if _, err := r.next(); !errors.Is(err, errQuiet) {
				t.Fatalf("got %v, want rest", err)
			}
			<-answered
		}
		r.send(t, "<iq/>")
		r.reads(t, "<iq/>")
	})
}

// TestWokenFromRest: others end a rest, and none begins any more.
func TestWokenFromRest(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]func(*resting){
		"wake":            func(r *resting) { r.wake(time.Now()) },
		"abort":           func(r *resting) { r.abort() },
		"client's FIN":    func(r *resting) { _ = r.wire.Close() },
		"wake after next": nil,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			eachResting(t, func(t *testing.T, r *resting) {
				if f != nil {
					r.rests(t)
					f(r)
				} else {
					r.ask()
					if _, err := r.next(); !errors.Is(err, errQuiet) {
						t.Fatalf("got %v, want rest", err)
					}
					r.wake(time.Now())
					r.begin(r.woken)
				}
				r.isOver(t)
				if name != "client's FIN" { // there it may rest, and is told again
					r.ask()
				}
				if it, err := r.next(); err == nil || errors.Is(err, errQuiet) {
					t.Errorf("got %v, %v, want the end", it, err)
				}
			})
		})
	}
}

// TestWatchClosed: a server that has stopped lets no connection rest, which
// nobody would wake.
func TestWatchClosed(t *testing.T) {
	t.Parallel()
	eachResting(t, func(t *testing.T, r *resting) {
		r.ask()
		if _, err := r.next(); !errors.Is(err, errQuiet) {
			t.Fatalf("got %v, want rest", err)
		}
		r.watch.close()
		r.begin(r.woken)
		r.isOver(t)
	})
}

// TestAbortedIsForgotten: nothing keeps a WebSocket that was cut.
func TestAbortedIsForgotten(t *testing.T) {
	t.Parallel()
	freed := make(chan struct{})
	func() {
		r := overWebSocket(t, nil)
		runtime.AddCleanup(r.transport.(*webSocket), func(c chan struct{}) { close(c) }, freed)
		r.abort()
		_ = r.wire.Close()
	}()
	for range 1000 {
		runtime.GC()
		select {
		case <-freed:
			return
		default:
			runtime.Gosched()
		}
	}
	t.Error("it is still there")
}
