// Package lastactivity implements Last Activity (XEP-0012): the uptime of the
// server, and how long ago an account was last available.
//
// Done: §3 (accounts, for the owner and for those who may see its presence), §4
// (a request to a full JID is the client's to answer, and reaches it from those
// only) and §5 (server).
//
// What is recorded is the last presence, not the last connection: a session
// that never became available leaves no trace that a contact could see. One
// row per account is kept as long as the account: at unavailable presence with
// its status text, and at the end of a session that was still available. The
// first uses StageArchive, before the presence module takes the stanza; the
// second StageCopy, so that nobody waits for the disk.
package lastactivity

import (
	"context"
	"errors"
	"strconv"
	"time"

	"parley/internal/jid"
	"parley/internal/module"
	"parley/stanza"
	"parley/storage"
)

// NS is the namespace of Last Activity.
const NS = "jabber:iq:last"

// maxStatus is how much of a status text is kept, in bytes.
const maxStatus = 1024

// Store keeps one row per account, under its bare JID.
type Store interface {
	SetLastActivity(ctx context.Context, account string, last storage.LastActivity) storage.Pending
	LastActivity(ctx context.Context, account string) (storage.LastActivity, error)
}

// Subscriptions tells who may see whose presence.
type Subscriptions interface {
	// IsSubscriber reports whether contact, a bare JID, has a subscription
	// to the presence of account; false if there is no such account.
	IsSubscriber(ctx context.Context, account, contact jid.JID) (bool, error)
}

// Module answers and records.
type Module struct {
	store Store
	subs  Subscriptions
	host  module.Host // set by Register
}

// New returns the module.
func New(store Store, subs Subscriptions) *Module { return &Module{store: store, subs: subs} }

// Spec names the standard.
func (*Module) Spec() []module.Spec {
	return []module.Spec{{
		Number: "XEP-0012", Title: "Last Activity", Version: "2.0",
		Status: "complete",
	}}
}

// Register takes requests to the server and to accounts, and watches sessions
// go.
func (m *Module) Register(r *module.Registrar) {
	m.host = r.Host()
	r.IQ(module.ToServer, module.Get, NS, "query", m.server)
	r.IQ(module.ToAccount, module.Get, NS, "query", m.account)
	r.Hooks.RequestToSession.Add(module.StageCheck, m.toSession)
	r.Hooks.PresenceFromClient.Add(module.StageArchive, m.unavailable)
	r.Hooks.SessionClosed.Add(module.StageCopy, m.closed)
}

// XEP-0012 §5.
func (m *Module) server(context.Context, *module.IQ) (*stanza.Element, error) {
	return answer(time.Since(m.host.Started()), ""), nil
}

// XEP-0012 §3. An account that does not exist answers like one whose presence
// the asker may not see.
func (m *Module) account(ctx context.Context, iq *module.IQ) (*stanza.Element, error) {
	account := iq.Account()
	if ok, err := m.mayAsk(ctx, iq.From.Bare(), account); err != nil {
		return nil, err
	} else if !ok {
		return nil, stanza.NewError(stanza.Forbidden, "")
	}
	for _, s := range m.host.Sessions(account) {
		if s.Presence() != nil {
			return answer(0, ""), nil
		}
	}
	last, err := m.store.LastActivity(ctx, account.String())
	if errors.Is(err, storage.ErrNotFound) {
		return nil, stanza.NewError(stanza.ItemNotFound, "never available so far")
	}
	if err != nil {
		return nil, err
	}
	return answer(time.Since(last.When), last.Status), nil
}

// XEP-0012 §4 and §8: who may not see the presence of a client does not reach
// it, and does not learn whether it is there.
func (m *Module) toSession(ctx context.Context, e *module.Event) error {
	if e.Type != "get" || !e.Has(NS, "query") {
		return nil
	}
	if ok, err := m.mayAsk(ctx, e.From.Bare(), e.To.Bare()); err != nil || ok {
		return err
	}
	return stanza.NewError(stanza.Forbidden, "")
}

func (m *Module) mayAsk(ctx context.Context, asker, account jid.JID) (bool, error) {
	if asker == account {
		return true, nil
	}
	if exists, err := m.host.AccountExists(ctx, account); err != nil || !exists {
		return false, err
	}
	return m.subs.IsSubscriber(ctx, account, asker)
}

func answer(ago time.Duration, status string) *stanza.Element {
	seconds := max(0, int64(ago/time.Second)) // a clock may have been set back
	query := stanza.New(NS, "query", "seconds", strconv.FormatInt(seconds, 10))
	if status != "" {
		query.AddText(status)
	}
	return query
}

// unavailable records the moment and the status text when an available client
// says goodbye to all.
func (m *Module) unavailable(ctx context.Context, e *module.Event) error {
	if e.Type != "unavailable" || !e.To.IsZero() || e.Session == nil || e.Session.Presence() == nil {
		return nil
	}
	status := e.Element(stanza.NSClient, "status").Text()
	e.Persist(m.record(ctx, e.Session, status))
	return nil
}

// closed records the moment when a client goes without a word. A session that
// went unavailable before has been recorded then.
func (m *Module) closed(ctx context.Context, s module.Session) error {
	if s.Presence() == nil {
		return nil
	}
	if err := storage.Wait(ctx, m.record(ctx, s, "")); err != nil {
		m.host.Logger("lastactivity").Warn("last activity not kept", "jid", s.JID().String(), "err", err)
	}
	return nil
}

func (m *Module) record(ctx context.Context, s module.Session, status string) storage.Pending {
	return unlessRemoved{m.store.SetLastActivity(ctx, s.JID().Bare().String(), storage.LastActivity{
		When: time.Now().UTC(), Status: shorten(status),
	})}
}

// unlessRemoved makes nothing of an account that is gone: a client that has
// removed its account (XEP-0077 §3.2) still says goodbye.
type unlessRemoved struct{ storage.Pending }

func (p unlessRemoved) Err() error {
	if err := p.Pending.Err(); !errors.Is(err, storage.ErrNotFound) {
		return err
	}
	return nil
}

// shorten cuts at the last whole character that fits.
func shorten(s string) string {
	if len(s) <= maxStatus {
		return s
	}
	end := 0
	for i := range s {
		if i > maxStatus {
			break
		}
		end = i
	}
	return s[:end]
}
