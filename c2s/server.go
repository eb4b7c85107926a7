package c2s

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net/netip"
	"runtime/debug"
	"sync"
	"time"

	"parley/internal/jid"
	"parley/internal/module"
	"parley/internal/router"
	"parley/internal/sasl"
	"parley/internal/session"
	"parley/internal/sparing"
	"parley/stanza"
)

// Limits of one connection and of one address. Zero means "no limit" unless
// said otherwise.
type Limits struct {
	BeforeAuth       stanza.Limits // of one element, before authentication
	AfterAuth        stanza.Limits // and after
	Fragments        int           // frames of one WebSocket message
	AuthTime         time.Duration // from accepting a connection to its authentication
	AuthFailures     int           // failed attempts on one stream
	PerAddress       int           // connections from one address (IPv6: one /64)
	PerAddressUnauth int           // of them not authenticated
	BytesPerSecond   int
	BurstBytes       int
	StanzasPerSecond int
	BurstStanzas     int
	Session          session.Limits
	Resume           time.Duration // how long a session outlives its stream; 0: not at all
	PingAfter        time.Duration // silence after which the client is asked for a sign of life
	DeadAfter        time.Duration // silence after which the connection is given up
}

// Registrant is one stream's dealings with registration (XEP-0077) before
// authentication.
type Registrant interface {
	// Handle answers a whole <iq/> with a whole <iq/>, or with nil if it has
	// nothing to do with registration.
	Handle(ctx context.Context, iq *stanza.Element, secure bool) *stanza.Element
}

// Options of a Server.
type Options struct {
	Domain       jid.JID
	Router       *router.Router
	SASL         *sasl.Server
	Guesses      *Guesses                     // needed
	Registration func(addr string) Registrant // nil: none
	TLS          *tls.Config                  // nil: STARTTLS is not offered
	RequireTLS   bool
	Local        []netip.Prefix // networks that count as this machine, besides loopback
	Limits       Limits
	Streams      Streams // nil: nothing is told of streams of before a restart
	Secret       []byte  // makes the stable resources of XEP-0386: the same after a restart and on every node
	Log          *slog.Logger
}

// Server makes connections and knows them all.
type Server struct {
	Options
	addresses   addresses
	resumptions resumptions
	features    sync.Map // featureState → []byte, encoded
	writers     session.Writers
	watch       watch // of connections that rest
	tally       tally
	sparing     sparing.Lines

	mu      sync.Mutex
	conns   map[*Conn]struct{} // guarded by mu
	closing bool               // guarded by mu
	serial  uint64             // guarded by mu
	running sync.WaitGroup     // one for each Conn, one for the keeper
	stop    chan struct{}      // closed by Shutdown: the keeper ends
	base    context.Context    // of everything a connection does
	cancel  context.CancelFunc
	early   context.Context // of what comes before a stream; ends when Shutdown begins
	late    context.CancelFunc
}

// New returns a server; Shutdown must be called in the end.
func New(opts Options) *Server {
	s := &Server{Options: opts, conns: make(map[*Conn]struct{}), stop: make(chan struct{})}
	s.addresses.max, s.addresses.maxUnauth = opts.Limits.PerAddress, opts.Limits.PerAddressUnauth
	s.base, s.cancel = context.WithCancel(context.Background())
	s.early, s.late = context.WithCancel(s.base)
	opts.Router.Save(module.SavedValue{Name: "c2s.client", Save: userAgentID.Get, Load: userAgentID.Set})
	opts.Router.Save(module.SaveFlag("c2s.uses-archive", module.UsesArchive))
	s.running.Add(1)
	go s.keep()
	return s
}

// Peer is what a transport knows of the client.
type Peer struct {
	Addr     netip.Addr // the client's own address, behind trusted proxies too
	Loopback bool       // no network between us: the client itself is on this machine
	Secure   bool       // encrypted on the network, by us or by a trusted proxy
	Proxied  bool       // the connection is not the client's own
	// Bindings are what SASL may bind to (RFC 5929, RFC 9266): none where the
	// encryption does not end here.
	Bindings []sasl.ChannelBinding
}

// Admit counts a connection from addr, or refuses it with the limit that is
// reached. Release must follow.
func (s *Server) Admit(addr netip.Addr) error { return s.addresses.admit(addr) }

// start runs f on a goroutine that Shutdown waits for or, when the server is
// closing, refuse instead.
func (s *Server) start(f, refuse func()) {
	s.mu.Lock()
	closing := s.closing
	if !closing {
		s.running.Add(1)
	}
	s.mu.Unlock()
	if closing {
		refuse()
		return
	}
	go func() {
		defer s.running.Done()
		f()
	}()
}

// run serves one connection until it has ended. The caller has admitted it.
func (s *Server) run(t transport, peer Peer) {
	c := s.newConn(t, peer)
	c.log.Debug("connected")
	c.serve(s.base)
}

// newConn makes a connection known. One that comes after Shutdown has told
// everybody is told at once.
func (s *Server) newConn(t transport, peer Peer) *Conn {
	s.mu.Lock()
	s.serial++
	c := newConn(s, t, peer, s.serial)
	s.conns[c] = struct{}{}
	closing := s.closing
	s.mu.Unlock()
	if closing {
		c.end(&stanza.StreamError{Condition: stanza.StreamSystemShutdown})
	}
	return c
}

// forget ends the counting of c. It is called once the client's stream has
// ended, before the socket is closed, so that a client that sees the end may
// connect anew at once.
func (s *Server) forget(c *Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, known := s.conns[c]; known {
		delete(s.conns, c)
		s.addresses.release(c.peer.Addr, c.authenticated())
	}
}

// Count returns the number of open connections.
func (s *Server) Count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.conns)
}

// Shutdown tells every client that the server stops (RFC 6120 §4.9.3.20) and
// waits for all connections to end; when ctx ends it cuts them. It takes no
// new ones from its beginning.
func (s *Server) Shutdown(ctx context.Context) {
	s.mu.Lock()
	s.closing = true
	s.mu.Unlock()
	close(s.stop)
	s.late()
	for _, c := range s.all() {
		c.end(&stanza.StreamError{Condition: stanza.StreamSystemShutdown})
	}
	done := make(chan struct{})
	go func() {
		s.running.Wait()
		s.writers.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-ctx.Done():
		for _, c := range s.all() {
			c.transport.abort()
		}
		s.cancel()
		<-done
	}
	s.watch.close()
	s.suspend()
	s.cancel()
}

func (s *Server) all() []*Conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]*Conn, 0, len(s.conns))
	for c := range s.conns {
		out = append(out, c)
	}
	return out
}

// contain calls handlers where no connection's reader does: a panic in one ends
// nothing else.
func (s *Server) contain(f func()) {
	defer func() {
		if p := recover(); p != nil {
			s.Log.Error("panic in a handler", "err", p, "stack", string(debug.Stack()))
		}
	}()
	f()
}

// keepEvery is how often the keeper looks at all connections. One ticker for
// all of them is cheaper than timers of their own.
const keepEvery = time.Second

// keep asks silent clients for a sign of life and gives up dead connections.
func (s *Server) keep() {
	defer s.running.Done()
	tick := time.NewTicker(keepEvery)
	defer tick.Stop()
	for {
		select {
		case <-s.stop:
			return
		case now := <-tick.C:
			for _, c := range s.all() {
				c.check(now)
			}
			s.expire(now)
			s.Guesses.forget(now)
		}
	}
}

var _ module.Module = LegacySession{}

// LegacySession answers the session request of RFC 3921 §3, which RFC 6121 made
// a no-op; clients written before still send it.
type LegacySession struct{}

// Spec implements module.Module; the request is no feature worth a row.
func (LegacySession) Spec() []module.Spec { return nil }

// Register implements module.Module.
func (LegacySession) Register(r *module.Registrar) {
	ok := func(context.Context, *module.IQ) (*stanza.Element, error) { return nil, nil }
	r.IQ(module.ToAccount, module.Set, stanza.NSSession, "session", ok)
	r.IQ(module.ToServer, module.Set, stanza.NSSession, "session", ok)
}
