package blocking

import (
	"context"

	"parley/internal/jid"
	"parley/internal/module"
	"parley/stanza"
)

// fromClient refuses what a client sends to whom its account blocks (§3.3).
func (m *Module) fromClient(ctx context.Context, ev *module.Event) error {
	account := ev.From.Bare()
	if m.lists.online(account.String()) == nil {
		return nil // as nearly always
	}
	blocked, err := m.blocks(ctx, account, ev.To)
	if err != nil || !blocked {
		return err
	}
	e := stanza.NewError(stanza.NotAcceptable, "")
	e.Type, e.App = stanza.Cancel, stanza.New(NSErrors, "blocked")
	return e
}

// toAccount refuses what somebody sends to an account that blocks him. It looks as
// if the account were offline (§3.3).
func (m *Module) toAccount(ctx context.Context, ev *module.Event) error {
	blocked, err := m.blocks(ctx, ev.To.Bare(), ev.From)
	switch {
	case err != nil || !blocked:
		return err
	case answered(ev.Stanza):
		return stanza.NewError(stanza.ServiceUnavailable, "")
	}
	return module.ErrHandled
}

// answered reports whether the sender of a refused stanza is told.
func answered(st *module.Stanza) bool {
	switch st.Kind {
	case stanza.IQ:
		return st.Type == string(module.Get) || st.Type == string(module.Set)
	case stanza.Message: // all other types count as normal (RFC 6121 §5.2.2)
		return st.Type != "groupchat" && st.Type != "headline" && st.Type != "error"
	}
	return false // §3.3: neither answer nor error
}

// blocks reports whether account, one of ours, blocks peer. It never blocks
// itself (§5) or the server.
func (m *Module) blocks(ctx context.Context, account, peer jid.JID) (bool, error) {
	if peer.IsZero() || m.exempt(account, peer) {
		return false, nil
	}
	l, err := m.listOf(ctx, account)
	return l.matches(peer), err
}

func (m *Module) exempt(account, peer jid.JID) bool {
	return peer.Bare() == account || peer.Local() == "" && m.host.IsLocal(peer)
}

// Blocks reports whether account, which has sessions, blocks peer. If that cannot
// be found out now it does.
func (m *Module) Blocks(ctx context.Context, account, peer jid.JID) bool {
	if m.lists.online(account.String()) == nil {
		return false
	}
	blocked, err := m.blocks(ctx, account, peer)
	if err != nil {
		m.logger().Error("blocklist not read", "jid", account.String(), "err", err)
	}
	return blocked || err != nil
}

// Between reports whether nothing may pass from one address to another, because
// one side blocks the other. Those of them that are accounts of ours have
// sessions: it is asked for every contact of a broadcast.
func (m *Module) Between(ctx context.Context, from, to jid.JID) bool {
	if !m.lists.some.Load() {
		return false
	}
	return m.Blocks(ctx, from.Bare(), to) || m.Blocks(ctx, to.Bare(), from)
}
