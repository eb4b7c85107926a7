package imtest

import (
	"context"
	"sync"
	"testing"

	"parley/internal/jid"
	"parley/internal/module"
	"parley/internal/router"
	"parley/stanza"
)

// Remote stands for all other domains: it keeps what is sent there, and sends
// what a peer's server would.
type Remote struct {
	t      testing.TB
	router *router.Router

	mu  sync.Mutex
	got []string // guarded by mu
}

// Remote connects the world to other domains. It must be called before the
// first client is bound.
func (w *World) Remote(t testing.TB) *Remote {
	r := &Remote{t: t, router: w.Router}
	w.Router.Remote = sink{r}
	return r
}

type sink struct{ r *Remote }

// Send implements router.Remote.
func (s sink) Send(_ context.Context, st *module.Stanza) *stanza.Error {
	s.r.mu.Lock()
	defer s.r.mu.Unlock()
	s.r.got = append(s.r.got, string(st.AppendTo(nil)))
	return nil
}

// Got returns what was sent to other domains since the last call.
func (r *Remote) Got() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	got := r.got
	r.got = nil
	return got
}

// Send hands the server a stanza from another domain.
func (r *Remote) Send(from, xml string) {
	r.t.Helper()
	r.router.Route(context.Background(), Stanza(r.t, jid.MustParse(from), xml))
}
