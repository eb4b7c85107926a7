package c2s

import (
	"context"

	"parley/internal/module"
)

// notStored returns what is to be called when a write of st has failed: it tells the
// sender. That is not on the reader's goroutine, and a panic in a handler which
// the error passes ends nothing.
func (c *Conn) notStored(st *module.Stanza) func(error) {
	return func(err error) {
		c.server.contain(func() { c.server.Router.Failed(context.Background(), st, err) })
	}
}
