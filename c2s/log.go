package c2s

import (
	"context"
	"log/slog"
)

// connLog is a Conn as the handler of its logger. It adds what tells the
// connection apart when something is logged: a logger that carried it would be
// some hundred bytes for each of them.
type connLog Conn

var _ slog.Handler = (*connLog)(nil)

// Enabled implements slog.Handler.
func (c *connLog) Enabled(ctx context.Context, l slog.Level) bool {
	return c.server.Log.Enabled(ctx, l)
}

// Handle implements slog.Handler.
func (c *connLog) Handle(ctx context.Context, r slog.Record) error {
	return c.server.Log.Handler().WithAttrs(c.attrs()).Handle(ctx, r)
}

// WithAttrs implements slog.Handler.
func (c *connLog) WithAttrs(attrs []slog.Attr) slog.Handler {
	return c.server.Log.Handler().WithAttrs(append(c.attrs(), attrs...))
}

// WithGroup implements slog.Handler.
func (c *connLog) WithGroup(name string) slog.Handler {
	return c.server.Log.Handler().WithAttrs(c.attrs()).WithGroup(name)
}

func (c *connLog) attrs() []slog.Attr {
	attrs := []slog.Attr{
		slog.Uint64("conn", c.serial), slog.String("transport", c.transport.kind()),
		slog.String("addr", c.peer.Addr.String()),
	}
	if s := c.session.Load(); s != nil {
		attrs = append(attrs, slog.String("jid", s.JID().String()))
	}
	return attrs
}
