package roster

import (
	"context"
	"errors"
	"sync"

	"parley/internal/jid"
	"parley/internal/module"
)

// leavers remembers whom accounts that are about to be removed have to say
// goodbye to.
type leavers struct {
	mu sync.Mutex
	m  map[jid.JID]*Snapshot // guarded by mu
}

// BeforeRemoval must be called before an account is deleted from storage, as
// its contacts are unknown afterwards. Host.AccountRemoved then says goodbye to
// them; an account that was not deleted after all is left as it is.
func (m *Module) BeforeRemoval(ctx context.Context, account jid.JID) error {
	s, err := m.load(ctx, account)
	if err != nil {
		return err
	}
	m.removing.mu.Lock()
	defer m.removing.mu.Unlock()
	if m.removing.m == nil {
		m.removing.m = map[jid.JID]*Snapshot{}
	}
	m.removing.m[account] = s
	return nil
}

func (l *leavers) take(account jid.JID) *Snapshot {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.m[account]
	delete(l.m, account)
	return s
}

// accountRemoved ends the subscriptions of an account that is gone, so that
// whoever gets the address next inherits nobody's trust (XEP-0077 §3.2 says
// that the server should cancel its subscriptions). What is cached of it goes
// with its last session, which still needs it to say goodbye.
func (m *Module) accountRemoved(ctx context.Context, account jid.JID) error {
	s := m.removing.take(account)
	if s == nil {
		return nil
	}
	var err error
	for _, c := range s.contacts {
		err = errors.Join(err, m.alone(ctx, account, c.JID, func() (effects, error) {
			return m.goodbye(account, c.JID, c.State), nil
		}))
	}
	return err
}

var _ module.Module = (*Module)(nil)
