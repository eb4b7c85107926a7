// Package version answers Software Version (XEP-0092) for the server.
//
// The operating system is told only if the options say so (XEP-0092 §5).
package version

import (
	"context"

	"parley/internal/module"
	"parley/stanza"
)

// NS is the namespace of Software Version.
const NS = "jabber:iq:version"

// Options is what the server tells about itself.
type Options struct {
	Name    string // "Parley" if empty
	Version string // "unknown" if empty: the element is required
	OS      string // left out if empty
}

// Module answers version requests.
type Module struct{ opts Options }

// New returns the module.
func New(opts Options) *Module {
	if opts.Name == "" {
		opts.Name = "Parley"
	}
	if opts.Version == "" {
		opts.Version = "unknown"
	}
	return &Module{opts: opts}
}

// Spec names the standard.
func (*Module) Spec() []module.Spec {
	return []module.Spec{{Number: "XEP-0092", Title: "Software Version", Version: "1.1", Status: "complete"}}
}

// Register takes version requests to the server.
func (m *Module) Register(r *module.Registrar) {
	r.IQ(module.ToServer, module.Get, NS, "query", m.get)
}

// XEP-0092 §2.
func (m *Module) get(context.Context, *module.IQ) (*stanza.Element, error) {
	query := stanza.New(NS, "query").Add(
		stanza.New(NS, "name").AddText(m.opts.Name),
		stanza.New(NS, "version").AddText(m.opts.Version),
	)
	if m.opts.OS != "" {
		query.Add(stanza.New(NS, "os").AddText(m.opts.OS))
	}
	return query, nil
}
