package c2s

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"time"

	"parley/internal/session"
	"parley/stanza"
	"parley/storage"
)

// resumptions are the sessions that outlive their streams, by SM-ID.
type resumptions struct {
	mu   sync.Mutex
	byID map[string]*resumption // guarded by mu
}

func (r *resumptions) find(id string) *resumption {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.byID[id]
}

func (r *resumptions) all() []*resumption {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := make([]*resumption, 0, len(r.byID))
	for _, one := range r.byID {
		out = append(out, one)
	}
	return out
}

func (r *resumptions) put(one *resumption) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.byID == nil {
		r.byID = make(map[string]*resumption)
	}
	r.byID[one.id] = one
}

func (r *resumptions) drop(one *resumption) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.byID, one.id)
}

// resumption is one of these sessions and who serves it.
type resumption struct {
	server  *Server
	id      string
	window  time.Duration
	session *session.Session

	mu    sync.Mutex
	conn  *Conn         // guarded by mu; nil while the session is detached
	free  chan struct{} // guarded by mu; closed when conn has let the session go, or it has ended
	until time.Time     // guarded by mu; of a detached one
	over  bool          // guarded by mu: the session has ended, or is about to
}

// keep makes the session outlive c, if that was settled.
func (c *Conn) keep(s *session.Session, m session.Management) {
	if m.ID == "" {
		return
	}
	r := &resumption{server: c.server, id: m.ID, window: m.Resume, session: s, conn: c, free: make(chan struct{})}
	c.kept.Store(r)
	c.server.resumptions.put(r)
}

// resume answers <resume/> (XEP-0198 §5).
func (c *Conn) resume(ctx context.Context, request *stanza.Element) (*stanza.Element, *session.Session, error) {
	h, err := count(request)
	id := request.Attr("previd")
	if err != nil || id == "" {
		return smFailed(stanza.BadRequest), nil, nil
	}
	r := c.server.resumptions.find(id)
	if r == nil || r.session.JID().Bare() != c.account {
		failed, err := c.lapsed(ctx, id)
		return failed, nil, err
	}
	return c.takeOver(ctx, r, h)
}

// resumeGrace bounds how long a client waits for its old connection to let the
// session go, and for what it sent over that to be stored.
const resumeGrace = 20 * time.Second

func (c *Conn) takeOver(ctx context.Context, r *resumption, h uint32) (*stanza.Element, *session.Session, error) {
	ctx, cancel := context.WithTimeout(ctx, resumeGrace)
	defer cancel()
	switch ended, err := r.take(ctx, c); {
	case ended:
		failed, err := c.lapsed(ctx, r.id)
		return failed, nil, err
	case err != nil:
		return nil, nil, c.notNow(err)
	}
	handled, err := r.session.Settled(ctx)
	if err != nil {
		r.release()
		return nil, nil, c.notNow(err)
	}
	ok, e := r.session.Attach((*stream)(c), h, c.secure(), c.peer.Addr.String())
	switch {
	case e != nil:
		r.release()
		return nil, nil, e
	case !ok:
		r.release()
		failed, err := c.lapsed(ctx, r.id)
		return failed, nil, err
	}
	c.session.Store(r.session)
	c.kept.Store(r)
	c.phase = phaseBound
	return stanza.New(session.NSManagement, "resumed", "previd", r.id, "h", strconv.FormatUint(uint64(handled), 10)), r.session, nil
}

// lookUpFor bounds the wait for the number of a stream that has ended.
const lookUpFor = 5 * time.Second

// lapsed answers for a stream that cannot be resumed: with the number of stanzas
// that were handled, if it was one of this account's.
func (c *Conn) lapsed(ctx context.Context, id string) (*stanza.Element, error) {
	failed := smFailed(stanza.ItemNotFound)
	if c.server.Streams == nil {
		return failed, nil
	}
	ctx, cancel := context.WithTimeout(ctx, lookUpFor)
	defer cancel()
	st, err := c.server.Streams.Stream(ctx, id)
	switch {
	case errors.Is(err, storage.ErrNotFound):
	case err != nil:
		return nil, c.notNow(err)
	case st.Account == c.account.String():
		failed.Set("h", strconv.FormatUint(uint64(st.Handled), 10))
	}
	return failed, nil
}

// notNow ends the stream of a client that may resume, or has to be told a number,
// which cannot be found out now. Without <failed/> it keeps what it has and comes
// again; with one but no number it would send again what is stored.
func (c *Conn) notNow(err error) error {
	c.log.Warn("not resumed", "err", err)
	return streamError(stanza.StreamInternalServerError, "resuming is not possible now; try again later")
}

// take gives the session to c, after the connection that has it has let it go. Of
// one that is about to end it waits for the end, and reports that: then its last
// count is stored.
func (r *resumption) take(ctx context.Context, c *Conn) (ended bool, err error) {
	for {
		holder, free, over := r.tryTake(c)
		switch {
		case free == nil:
			return false, nil
		case !over:
			holder.replace()
		}
		select {
		case <-free:
		case <-ctx.Done():
			return false, ctx.Err()
		}
		if over {
			return true, nil
		}
	}
}

// tryTake gives the session to c, or returns who has it and what to wait for.
func (r *resumption) tryTake(c *Conn) (holder *Conn, free <-chan struct{}, over bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.over || r.conn != nil {
		return r.conn, r.free, r.over
	}
	r.conn, r.free = c, make(chan struct{})
	return nil, nil, false
}

// replace makes the connection leave its session to another: XEP-0198 §5 asks
// for <conflict/>.
func (c *Conn) replace() {
	c.part(streamError(stanza.StreamConflict, "the stream was resumed elsewhere"), conflictGrace)
}

// part makes the stream end with e, within grace, and the session go on.
func (c *Conn) part(e *stanza.StreamError, grace time.Duration) {
	c.endMu.Lock()
	if !c.ended || c.ending == nil {
		c.ending, c.ended = e, true
	}
	c.endMu.Unlock()
	c.parting.Store(true)
	c.transport.boundWrites(time.Now().Add(grace))
	c.transport.wake(time.Now())
}

// park leaves the session without a stream, waiting for its client, if the
// stream ended in a way that allows it: it was lost, replaced, or ended because
// the server stops; not closed, or ended with another error. e is the error to
// say.
func (c *Conn) park(e *stanza.StreamError, orderly bool) bool {
	r := c.kept.Load()
	if r == nil || orderly || e != nil && !c.leaves(e) || !r.session.Detach() {
		return false
	}
	if e != nil {
		c.writeEnd(e)
	}
	if !c.parting.Load() { // else nobody needs to know: it is resumed at once, or everything stops
		c.server.contain(func() { c.server.Router.Detached(context.Background(), r.session) })
	}
	r.release()
	return true
}

// leaves reports whether e ends the stream only. A connection that was resuming
// when the server began to stop had no session to leave then.
func (c *Conn) leaves(e *stanza.StreamError) bool {
	return c.parting.Load() || e.Condition == stanza.StreamSystemShutdown
}

// release lets the session go: from now on another connection may take it.
func (r *resumption) release() {
	r.mu.Lock()
	r.conn, r.until = nil, time.Now().Add(r.window)
	close(r.free)
	ended := r.session.Ended()
	r.mu.Unlock()
	if ended { // while it was on its way
		r.end(nil, false)
	}
}

// end ends the session for good, unless it is not conn's; nil stands for a
// detached one.
func (r *resumption) end(conn *Conn, orderly bool) {
	r.mu.Lock()
	if r.over || r.conn != conn {
		r.mu.Unlock()
		return
	}
	r.over = true
	if conn == nil {
		r.free = make(chan struct{})
	}
	defer close(r.free)
	r.mu.Unlock()
	if !orderly {
		r.remember()
	}
	r.server.resumptions.drop(r)
	r.server.contain(func() { r.server.Router.Unbind(context.Background(), r.session, orderly) })
}

// rememberFor bounds the wait for a database that is away.
const rememberFor = 2 * time.Second

// remember stores the final number of handled stanzas, for a client that comes
// too late.
func (r *resumption) remember() {
	ctx, cancel := context.WithTimeout(context.Background(), rememberFor)
	defer cancel()
	if _, err := r.session.Settled(ctx); err != nil && !errors.Is(err, context.Canceled) {
		r.server.Log.Warn("count of handled stanzas not stored", "jid", r.session.JID().String(), "err", err)
	}
}

// expired is called, on a goroutine of its own, when a detached session was
// ended or holds too much. When the server stops, suspend does it.
func (s *Server) expired(id string) {
	if r := s.resumptions.find(id); r != nil {
		s.start(func() { r.end(nil, false) }, func() {})
	}
}

// expire ends the detached sessions whose time is over.
func (s *Server) expire(now time.Time) {
	for _, r := range s.resumptions.all() {
		if r.overdue(now) {
			s.start(func() { r.end(nil, false) }, func() {})
		}
	}
}

func (r *resumption) overdue(now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.conn == nil && !r.over && now.After(r.until)
}

// lastCountGrace bounds how long the end of a stream waits for what its client
// has sent to be stored.
const lastCountGrace = time.Second

// lastCount tells a client that ends its stream what was handled (XEP-0198 §4),
// while it still listens. Without stream management the end itself says it.
func (c *Conn) lastCount(s *session.Session) {
	ctx, cancel := context.WithTimeout(context.Background(), lastCountGrace)
	defer cancel()
	if !s.Managed() {
		c.unstored.wait(ctx)
		return
	}
	if _, err := s.Settled(ctx); err == nil {
		s.AckRequested()
	}
}
