package blocking

import (
	"context"
	"hash/maphash"
	"log/slog"
	"strconv"
	"sync/atomic"
	"time"

	"parley/internal/jid"
	"parley/internal/module"
	"parley/stanza"
	"parley/storage"
)

// Namespaces of XEP-0191 and XEP-0377.
const (
	NS          = "urn:xmpp:blocking"
	NSErrors    = "urn:xmpp:blocking:errors"
	NSReporting = "urn:xmpp:reporting:1"
)

// Store keeps lists and reports.
type Store interface {
	// Blocks returns whom account blocks; an unknown one blocks nobody.
	Blocks(ctx context.Context, account string) ([]string, error)
	Block(ctx context.Context, account string, jids []string, maxItems int) error
	Unblock(ctx context.Context, account string, jids []string) error
	UnblockAll(ctx context.Context, account string) error
	AddReport(ctx context.Context, r storage.Report, maxReports int) error
}

// Presences tells those who are blocked, and no more, what they see of account.
// items are the addresses at which something has changed, hit tells for which
// others that counts.
type Presences interface {
	// Leave sends them "unavailable".
	Leave(ctx context.Context, account jid.JID, items []jid.JID, hit func(jid.JID) bool) error
	// Return sends them account's presence, and asks for theirs.
	Return(ctx context.Context, account jid.JID, items []jid.JID, hit func(jid.JID) bool) error
}

// Options bound what an account may store. Zero values stand for the defaults.
type Options struct {
	MaxItems    int // addresses of a list; 1000
	MaxReports  int // reports of one account; 500. Further ones are only logged
	MaxText     int // bytes of all texts of a report; 4096
	MaxMessages int // messages that a report names; 50
}

func (o Options) withDefaults() Options {
	set := func(v *int, d int) {
		if *v <= 0 {
			*v = d
		}
	}
	set(&o.MaxItems, 1000)
	set(&o.MaxReports, 500)
	set(&o.MaxText, 4096)
	set(&o.MaxMessages, 50)
	return o
}

// Module is the feature.
type Module struct {
	store     Store
	presences Presences
	opts      Options
	host      module.Host // set by Register
	lists     cache

	interested module.SessionValue[bool] // has asked for the list, §3.3
	pushes     atomic.Uint64             // numbers the ids of pushes
	seed       maphash.Seed
	turns      [64]chan struct{} // held over a change of a list and its pushes
}

// New returns the feature.
func New(store Store, presences Presences, opts Options) *Module {
	m := &Module{
		store: store, presences: presences, opts: opts.withDefaults(),
		interested: module.NewSessionValue[bool](), seed: maphash.MakeSeed(),
	}
	for i := range m.turns {
		m.turns[i] = make(chan struct{}, 1)
	}
	return m
}

// Spec names the standards.
func (*Module) Spec() []module.Spec {
	return []module.Spec{
		{Number: "XEP-0191", Title: "Blocking Command", Version: "1.3", Status: "complete"},
		{Number: "XEP-0377", Title: "Blocking Command Reports", Version: "0.4.1", Status: "complete; reports stay with the operator"},
	}
}

// Register takes part in the server.
func (m *Module) Register(r *module.Registrar) {
	m.host = r.Host()
	r.IQ(module.ToAccount, module.Get, NS, "blocklist", m.owner(m.get))
	r.IQ(module.ToAccount, module.Set, NS, "block", m.owner(m.block))
	r.IQ(module.ToAccount, module.Set, NS, "unblock", m.owner(m.unblock))
	r.Feature(module.ToServer, NS, NSReporting) // XEP-0191 §3.1, XEP-0377 §3
	r.Hooks.FromClient.Add(module.StageCheck, m.fromClient)
	r.Hooks.ToAccount.Add(module.StageCheck, m.toAccount)
	r.Hooks.SessionBound.Add(module.StageCheck, m.bound)
	// After presence, which still has to know to whom not to say goodbye.
	r.Hooks.SessionClosed.Add(module.StageCopy, m.closed)
	r.Hooks.AccountRemoved.Add(module.StageDeliver, m.removed)
	r.Save(module.SaveFlag("blocking.interested", m.interested))
	r.Save(module.SavedValue{Name: "blocking.some", Save: m.saveSome, Load: m.loadSome})
}

// owner lets only an account's own clients see and change its list.
func (m *Module) owner(h module.IQHandler) module.IQHandler {
	return func(ctx context.Context, iq *module.IQ) (*stanza.Element, error) {
		if !iq.FromOwner() {
			return nil, stanza.NewError(stanza.Forbidden, "")
		}
		return h(ctx, iq)
	}
}

// turn waits until nobody changes the list of account, and returns what ends
// that. Some accounts share one.
func (m *Module) turn(ctx context.Context, account jid.JID) (end func(), err error) {
	t := m.turns[maphash.String(m.seed, account.String())%uint64(len(m.turns))]
	select {
	case t <- struct{}{}:
		return func() { <-t }, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// push tells the sessions that have asked for the list (§3.3, §3.4, §3.5). It has
// no 'from': that means the own account.
func (m *Module) push(account jid.JID, change *stanza.Element) {
	for _, s := range m.host.Sessions(account) {
		if m.interested.Get(s) {
			st := module.NewStanza(stanza.IQ, string(module.Set), jid.JID{}, s.JID(), change)
			st.ID = "blocking-" + strconv.FormatUint(m.pushes.Add(1), 36)
			s.Send(st)
		}
	}
}

func (m *Module) logger() *slog.Logger { return m.host.Logger("blocking") }

func now() time.Time { return time.Now().UTC() }

var _ module.Module = (*Module)(nil)
