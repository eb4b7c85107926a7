package xmpptest

import (
	"io"
	"sync"
	"testing"

	"parley/internal/config"
)

// Pool lends servers to tests that leave them as they found them. A new server
// is started only when none is free: with Postgres that saves most of the time.
// Its servers have no limits on rates and on failures, which would add up.
type Pool struct {
	t    testing.TB // outlives the borrowers; its cleanup stops the servers
	opts Options

	mu   sync.Mutex
	free []*lent // guarded by mu
}

// lent is a server of a pool, with a log that goes to who has it.
type lent struct {
	*Server
	log *redirect
}

// NewPool returns an empty pool whose servers stop when t ends. t must not end
// before the tests that borrow from it.
func NewPool(t testing.TB, opts Options) *Pool {
	change := opts.Change
	opts.Change = func(c *config.Config) {
		c.Limits = c.Limits.Off()
		if change != nil {
			change(c)
		}
	}
	return &Pool{t: t, opts: opts}
}

// Get lends a server without accounts to t. It comes back when t has called
// Reusable; a server of which nobody says that is not used again.
func (p *Pool) Get(t testing.TB) *Server {
	t.Helper()
	l := p.take()
	if l == nil {
		l = p.start()
	}
	l.log.to(t.Output())
	l.reusable = false
	t.Cleanup(func() {
		l.log.to(io.Discard)
		if l.reusable && !t.Failed() {
			p.put(t, l)
		}
	})
	return l.Server
}

func (p *Pool) take() *lent {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := len(p.free)
	if n == 0 {
		return nil
	}
	l := p.free[n-1]
	p.free = p.free[:n-1]
	return l
}

func (p *Pool) start() *lent {
	log := &redirect{w: io.Discard}
	opts := p.opts
	opts.Log = log
	return &lent{Server: Start(p.t, opts), log: log}
}

// put removes all accounts: everything that is kept belongs to one.
func (p *Pool) put(t testing.TB, l *lent) {
	ctx := p.t.Context()
	accounts, err := l.Store.Accounts(ctx, l.Config.Domain, "", 1000)
	for _, a := range accounts {
		if err == nil {
			err = l.Store.DeleteAccount(ctx, a.JID)
		}
	}
	if err != nil {
		t.Errorf("cleaning a server: %v", err)
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.free = append(p.free, l)
}

// Reusable says that no client is left and nothing under way.
func (s *Server) Reusable() { s.reusable = true }

// redirect is a writer that can be pointed elsewhere.
type redirect struct {
	mu sync.Mutex
	w  io.Writer // guarded by mu
}

func (r *redirect) to(w io.Writer) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.w = w
}

func (r *redirect) Write(b []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.w.Write(b)
}
