package c2s

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"runtime/debug"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"parley/internal/jid"
	"parley/internal/session"
	"parley/stanza"
	"parley/storage"
)

// phase is how far a stream has come.
type phase uint8

const (
	phaseOpening        phase = iota // a stream header is expected
	phaseAuthenticating              // features were sent: STARTTLS, SASL, registration
	phaseBinding                     // authenticated, features were sent: bind
	phaseBound                       // stanzas
)

// Conn is one client's connection.
type Conn struct {
	server    *Server // fixed
	transport transport
	serial    uint64
	log       *slog.Logger
	opened    time.Time

	// owned by the reader
	peer       Peer // changes with STARTTLS only, but for the address
	phase      phase
	replied    bool   // our stream header was sent on this stream
	lang       string // of what we say
	clientLang string // the default of what the client says; may be empty
	scanner    stanza.Scanner
	view       *stanza.View // nil while the connection rests
	account    jid.JID      // zero until authenticated
	registrant Registrant   // nil until asked for
	bytes      bucket
	stanzas    bucket
	to         addressCache
	unit       storage.Unit // what the stanza at hand persists
	unstored   unstored
	login

	// read by others
	isAuth   atomic.Bool
	session  atomic.Pointer[session.Session]
	kept     atomic.Pointer[resumption] // the session's, if it can be resumed
	parting  atomic.Bool                // the session outlives the error that ends the stream
	lastRead atomic.Int64               // unix nanoseconds
	asked    atomic.Bool                // a sign of life was asked for since lastRead
	pings    atomic.Uint64              // asked for so far

	unconfirmed time.Time // owned by the keeper: since when something is, as far as it knows

	endMu  sync.Mutex
	ending *stanza.StreamError // guarded by endMu: why others want the end
	ended  bool                // guarded by endMu
}

func newConn(s *Server, t transport, peer Peer, serial uint64) *Conn {
	c := &Conn{
		server: s, transport: t, peer: peer, serial: serial, opened: time.Now(),
		bytes:   newBucket(s.Limits.BytesPerSecond, s.Limits.BurstBytes),
		stanzas: newBucket(s.Limits.StanzasPerSecond, s.Limits.BurstStanzas),
		lang:    "en",
	}
	c.log = slog.New((*connLog)(c))
	t.listen(c)
	c.limit(s.Limits.BeforeAuth)
	c.lastRead.Store(c.opened.UnixNano())
	return c
}

func (c *Conn) limit(l stanza.Limits) {
	c.scanner.Limits = l
	c.transport.limit(l)
}

// serve reads until the connection rests, or until the stream has ended; then it
// cleans up.
func (c *Conn) serve(ctx context.Context) {
	err := c.read(ctx)
	if errors.Is(err, errQuiet) {
		c.rest()
		return
	}
	c.finish(err)
	c.transport.release()
	c.log.Debug("disconnected", "err", err, "dur", time.Since(c.opened))
}

// read handles items until the stream ends; a panic in a handler ends this
// connection only.
func (c *Conn) read(ctx context.Context) (err error) {
	defer c.recovered(&err)
	for {
		it, err := c.transport.next()
		if err != nil {
			if e := c.wantedEnd(); e != nil && errors.Is(err, errWoken) {
				return e
			}
			return err
		}
		c.heard()
		if err := c.pace(ctx, it.size); err != nil {
			return err
		}
		if err := c.item(ctx, it); err != nil {
			return err
		}
	}
}

// recovered is deferred around what calls handlers.
func (c *Conn) recovered(err *error) {
	if p := recover(); p != nil {
		c.log.Error("panic in a handler", "err", p, "stack", string(debug.Stack()))
		*err = streamError(stanza.StreamInternalServerError, "")
	}
}

func (c *Conn) heard() {
	c.lastRead.Store(time.Now().UnixNano())
	c.asked.Store(false)
}

var _ listener = (*Conn)(nil)

func (c *Conn) noticed(n int) {
	c.heard()
	if n > 0 {
		_ = c.pace(c.server.base, n) // when it ends, so does the connection
	}
}

// answered: only the answer to the last ping proves that what was written
// before that ping has arrived.
func (c *Conn) answered(token []byte) {
	if s := c.session.Load(); s != nil && string(token) == pingToken(c.pings.Load()) {
		s.Answered()
	}
}

func pingToken(n uint64) string { return "alive-" + strconv.FormatUint(n, 10) }

func (c *Conn) item(ctx context.Context, it item) error {
	switch it.kind {
	case itemOpen:
		return c.open(it.header)
	case itemClose:
		return errEndOfStream
	case itemElement:
		return c.element(ctx, it.raw)
	case itemSpace:
		if c.inSASL2() {
			return onlySASL2()
		}
	}
	return nil
}

func (c *Conn) element(ctx context.Context, raw []byte) error {
	if c.phase == phaseOpening {
		return streamError(stanza.StreamBadFormat, "a stream header is expected first")
	}
	c.scanner.SetScope(c.transport.scope())
	if c.view == nil {
		c.view = new(stanza.View)
	}
	if err := c.scanner.Scan(raw, c.view); err != nil {
		return err
	}
	switch c.phase {
	case phaseAuthenticating:
		return c.authenticate(ctx, c.view)
	case phaseBinding:
		if string(c.view.Space) == session.NSManagement {
			return c.manageUnbound(ctx, c.view.Tree())
		}
		return c.bind(ctx, c.view)
	default:
		return c.stanza(ctx, c.view)
	}
}

// pace slows the reader down to the allowed rate.
func (c *Conn) pace(ctx context.Context, n int) error {
	now := time.Now()
	wait := max(c.bytes.take(now, n), c.stanzas.take(now, 1))
	if wait > 0 {
		c.server.hit(c.log, limitRate)
	}
	return sleep(ctx, wait)
}

func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// finish closes the stream as its end demands: an orderly goodbye, an error
// first, or nothing at all. Then it lets the session go.
func (c *Conn) finish(err error) {
	var e *stanza.StreamError
	orderly := errors.Is(err, errEndOfStream) // the end of a connection alone says nothing of what was on its way
	speak := orderly || errors.Is(err, io.EOF) || errors.As(err, &e) || errors.Is(err, errWoken)
	if e != nil {
		tallied(&c.server.tally, &c.server.tally.ends, string(e.Condition))
		c.server.sparing.Info(c.log, "stream "+string(e.Condition), "stream ended with an error", "op", string(e.Condition), "err", e.Text)
	}
	if speak {
		c.transport.boundWrites(time.Now().Add(closeGrace))
	} else {
		c.transport.abort()
	}
	if !c.park(e, orderly) {
		if speak {
			c.goodbye(e, errors.Is(err, io.EOF))
		}
		c.leave(orderly)
	}
	c.server.forget(c)
	if speak {
		if e == nil {
			e = c.wantedEnd() // we began the end, and the client finished it in order
		}
		c.transport.shutdown(e)
	}
	c.transport.abort()
}

// leave lets the session go.
func (c *Conn) leave(orderly bool) {
	var err error // logged already
	defer c.recovered(&err)
	if r := c.kept.Load(); r != nil {
		r.end(c, orderly)
	} else if s := c.session.Load(); s != nil {
		c.server.Router.Unbind(context.Background(), s, orderly)
	}
}

// closeGrace bounds how long the end of a stream may take: writing what is
// left and waiting for the client's own end.
const closeGrace = 3 * time.Second

// goodbye ends the stream; fin says that the client has ended the connection.
func (c *Conn) goodbye(e *stanza.StreamError, fin bool) {
	s := c.session.Load()
	switch {
	case s == nil:
		c.writeEnd(e)
	case fin:
		s.Stop()
		if !c.peer.Proxied && c.transport.acked() {
			s.Alive() // before anything more is written that nobody will acknowledge
		}
		c.writeEnd(e)
	default:
		c.lastCount(s)
		s.End(e) // its writer says it, after what is queued
	}
}

func (c *Conn) writeEnd(e *stanza.StreamError) {
	if e != nil {
		if !c.replied && c.reply(jid.JID{}) != nil { // RFC 6120 §4.9.1.2: the header goes first
			return
		}
		if c.transport.write(e.Append(nil)) != nil {
			return
		}
	}
	if c.replied {
		_ = c.transport.writeClose() // the peer may be gone; nothing is left to do
	}
}

// end makes the stream end with e, from any goroutine.
func (c *Conn) end(e *stanza.StreamError) {
	c.endMu.Lock()
	if !c.ended {
		c.ending, c.ended = e, true
	}
	c.endMu.Unlock()
	switch s := c.session.Load(); {
	case s == nil:
		c.transport.wake(time.Now()) // the reader says it
	case c.kept.Load() != nil && e.Condition == stanza.StreamSystemShutdown:
		c.part(e, closeGrace)
	default:
		s.End(e)
	}
}

// tooLate says once that the client has not authenticated in time.
func (c *Conn) tooLate() {
	if c.wantedEnd() == nil {
		c.server.hit(c.log, limitAuthTime)
	}
}

func (c *Conn) wantedEnd() *stanza.StreamError {
	c.endMu.Lock()
	defer c.endMu.Unlock()
	return c.ending
}

func (c *Conn) authenticated() bool { return c.isAuth.Load() }

// check is the keeper's look at the connection.
func (c *Conn) check(now time.Time) {
	l := &c.server.Limits
	if !c.isAuth.Load() {
		if l.AuthTime > 0 && now.Sub(c.opened) > l.AuthTime {
			c.tooLate()
			c.end(streamError(stanza.StreamConnectionTimeout, "not authenticated in time"))
		}
		if l.AuthTime > 0 && now.Sub(c.opened) > l.AuthTime+2*closeGrace {
			c.transport.abort()
		}
		return
	}
	c.confirm(now)
	silent := now.Sub(time.Unix(0, c.lastRead.Load()))
	switch {
	case l.DeadAfter > 0 && silent > l.DeadAfter:
		c.log.Info("connection is dead", "dur", silent)
		c.transport.abort()
	case l.PingAfter > 0 && silent > l.PingAfter && !c.asked.Swap(true):
		c.probe()
	}
	if c.mayRest(silent) {
		c.transport.ask()
	}
}

// confirmAfter is how long messages that were written to a WebSocket wait for a
// proof that they have arrived. Those of this time come twice when a connection
// is cut. Over TCP the proof is a stanza, which wakes phones and bothers
// scripts, so it waits as long as any ping.
const confirmAfter = 5 * time.Second

func (c *Conn) confirmAfter(s *session.Session) time.Duration {
	switch {
	case s.Managed() && s.Fresh():
		return acknowledgeAfter
	case s.Managed(): // it was asked, and lags behind
		return max(acknowledgeAfter, c.server.Limits.PingAfter)
	}
	if c.transport.traits().canStartTLS { // TCP
		return max(confirmAfter, c.server.Limits.PingAfter)
	}
	return confirmAfter
}

// acknowledgeAfter is how long stanzas that were written under stream management
// wait before the client is asked for its count, if few are.
const acknowledgeAfter = time.Second

// confirm asks for that proof.
func (c *Conn) confirm(now time.Time) {
	s := c.session.Load()
	if s != nil {
		s.Tick(now)
	}
	switch {
	case s == nil || !s.Unconfirmed():
		c.unconfirmed = time.Time{}
	case c.unconfirmed.IsZero():
		c.unconfirmed = now
	case now.Sub(c.unconfirmed) >= c.confirmAfter(s):
		c.unconfirmed = now
		s.Probe()
	}
}

func (c *Conn) probe() {
	if s := c.session.Load(); s != nil {
		s.Probe()
	}
}
