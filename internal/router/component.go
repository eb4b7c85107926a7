package router

import (
	"context"
	"errors"

	"parley/internal/module"
)

// toComponent hands over what is for a domain that has an owner of its own.
func (r *Router) toComponent(ctx context.Context, ev *module.Event, c module.Component) {
	if err := c(ctx, ev); err != nil && !errors.Is(err, module.ErrHandled) {
		r.refuse(ctx, ev, r.stanzaError(ev.Stanza, err))
	}
}
