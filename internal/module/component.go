package module

import (
	"context"

	"parley/internal/jid"
)

// Component is the one owner of every stanza for a domain that this server
// serves beside its own, such as that of rooms. ErrHandled and nil mean that it
// was taken care of; a *stanza.Error is sent back. The event has the sending
// session, and what it persists counts as with any other stanza.
type Component func(ctx context.Context, ev *Event) error

// Component makes c the owner of a domain. A second owner panics, as with IQ.
// The domain is not local in the sense of Host.IsLocal: there are no accounts.
func (r *Registrar) Component(domain jid.JID, c Component) {
	if _, taken := r.components[domain.Domain()]; taken {
		panic("module: two owners of the domain " + domain.Domain())
	}
	if r.components == nil {
		r.components = map[string]Component{}
	}
	r.components[domain.Domain()] = c
}

// ComponentOf returns the owner of j's domain, or nil.
func (r *Registrar) ComponentOf(j jid.JID) Component { return r.components[j.Domain()] }
