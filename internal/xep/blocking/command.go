package blocking

import (
	"context"
	"errors"
	"fmt"

	"parley/internal/jid"
	"parley/internal/module"
	"parley/stanza"
	"parley/storage"
)

// get is §3.2. The list is sent with the turn, so that no push that it knows of
// comes after it, and none that it does not know of before.
func (m *Module) get(ctx context.Context, iq *module.IQ) (*stanza.Element, error) {
	account := iq.Account()
	end, err := m.turn(ctx, account)
	if err != nil {
		return nil, err
	}
	defer end()
	l, err := m.listOf(ctx, account)
	if err != nil {
		return nil, err
	}
	m.interested.Set(iq.Session, true)
	answer(iq, element("blocklist", l.items()))
	return nil, module.ErrHandled
}

func answer(iq *module.IQ, payload ...*stanza.Element) {
	result := module.NewStanza(stanza.IQ, "result", iq.Account(), iq.From, payload...)
	result.ID = iq.ID
	iq.Session.Send(result)
}

// block is §3.3.
func (m *Module) block(ctx context.Context, iq *module.IQ) (*stanza.Element, error) {
	items, err := parseItems(iq.Request)
	if err != nil {
		return nil, err
	}
	if len(items) == 0 {
		return nil, stanza.NewError(stanza.BadRequest, "nobody is named")
	}
	account := iq.Account()
	err = m.change(ctx, account, func(before *list) (*list, error) {
		return before.with(items), m.store.Block(ctx, account.String(), texts(items), m.opts.MaxItems)
	}, func(before, after *list) {
		answer(iq)
		m.push(account, element("block", items))
		m.tell(account, m.presences.Leave(ctx, account, items, m.difference(account, after, before)))
	})
	if err == nil {
		m.report(ctx, account, iq.Request)
	}
	return nil, m.outcome(err)
}

// unblock is §3.4 and, without items, §3.5.
func (m *Module) unblock(ctx context.Context, iq *module.IQ) (*stanza.Element, error) {
	items, err := parseItems(iq.Request)
	if err != nil {
		return nil, err
	}
	account := iq.Account()
	err = m.change(ctx, account, func(before *list) (*list, error) {
		if len(items) == 0 {
			return nil, m.store.UnblockAll(ctx, account.String())
		}
		return before.without(items), m.store.Unblock(ctx, account.String(), texts(items))
	}, func(before, after *list) {
		answer(iq)
		m.push(account, element("unblock", items))
		m.tell(account, m.presences.Return(ctx, account, before.items(), m.difference(account, before, after)))
	})
	return nil, m.outcome(err)
}

// change stores a change of a list and then has it followed up. All has an
// order: others change the same list before or after.
func (m *Module) change(ctx context.Context, account jid.JID, write func(*list) (*list, error), then func(before, after *list)) error {
	end, err := m.turn(ctx, account)
	if err != nil {
		return err
	}
	defer end()
	before, err := m.listOf(ctx, account)
	if err != nil {
		return err
	}
	after, err := write(before)
	if err != nil {
		return err
	}
	m.lists.set(account.String(), after, true)
	m.forgetGone(account)
	then(before, after)
	return nil
}

// difference returns what tells who is on one list and not on the other.
func (m *Module) difference(account jid.JID, l, other *list) func(jid.JID) bool {
	return func(j jid.JID) bool { return l.matches(j) && !other.matches(j) && !m.exempt(account, j) }
}

// tell notes that presence could not follow a change, which counts all the same.
func (m *Module) tell(account jid.JID, err error) {
	if err != nil {
		m.logger().Error("presence not sent", "jid", account.String(), "err", err)
	}
}

// outcome is what a handler returns: a success was answered before what follows
// from it.
func (m *Module) outcome(err error) error {
	switch {
	case err == nil:
		return module.ErrHandled
	case errors.Is(err, storage.ErrQuota):
		return stanza.NewError(stanza.PolicyViolation, fmt.Sprintf("at most %d addresses can be blocked", m.opts.MaxItems))
	case errors.Is(err, storage.ErrNotFound):
		return stanza.NewError(stanza.ItemNotFound, "the account is gone")
	}
	return fmt.Errorf("blocking: write: %w", err)
}

// parseItems reads the addresses, each once. Only a command with nothing at all in
// it names nobody: what is not understood must not unblock everybody.
func parseItems(command *stanza.Element) (items []jid.JID, err error) {
	seen := map[jid.JID]bool{}
	for e := range command.Elements() {
		j, err := parseItem(e)
		if err != nil {
			return nil, err
		}
		if !seen[j] {
			seen[j] = true
			items = append(items, j)
		}
	}
	return items, nil
}

func parseItem(e *stanza.Element) (jid.JID, error) {
	text, ok := e.Lookup("jid")
	if !e.Is(NS, "item") || !ok {
		return jid.JID{}, stanza.NewError(stanza.BadRequest, "the command holds nothing but items with a jid")
	}
	j, err := jid.Parse(text)
	if err != nil {
		return jid.JID{}, stanza.NewError(stanza.JIDMalformed, "")
	}
	return j, nil
}

func texts(items []jid.JID) []string {
	out := make([]string, len(items))
	for i, j := range items {
		out[i] = j.String()
	}
	return out
}
