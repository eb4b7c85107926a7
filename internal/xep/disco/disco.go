package disco

import (
	"context"
	"slices"
	"strings"
	"sync"

	"parley/internal/jid"
	"parley/internal/module"
	"parley/stanza"
)

// Subscriptions tells who may see whose presence.
type Subscriptions interface {
	// IsSubscriber reports whether contact, a bare JID, has a subscription
	// to the presence of account; false if there is no such account.
	IsSubscriber(ctx context.Context, account, contact jid.JID) (bool, error)
}

// Module answers disco queries.
type Module struct {
	opts  Options
	subs  Subscriptions
	host  module.Host // set by Register
	items []Item      // fixed after Register

	once   sync.Once // computes the rest at the first question: by then all modules have registered
	server info
	ver    string // XEP-0115 §5.1
}

// New returns the module.
func New(opts Options, subs Subscriptions) *Module {
	if opts.Name == "" {
		opts.Name = "Parley"
	}
	if opts.Node == "" {
		opts.Node = "urn:x-parley:server"
	}
	return &Module{opts: opts, subs: subs}
}

// AddItem lists a service of the server, such as a sub-domain. It must be
// called before the first connection.
func (m *Module) AddItem(item Item) { m.items = append(m.items, item) }

// Register takes disco queries to the server and to accounts and announces the
// caps of the server.
func (m *Module) Register(r *module.Registrar) {
	m.host = r.Host()
	r.IQ(module.ToServer, module.Get, NSInfo, "query", m.serverInfo)
	r.IQ(module.ToServer, module.Get, NSItems, "query", m.serverItems)
	r.IQ(module.ToAccount, module.Get, NSInfo, "query", m.accountInfo)
	r.IQ(module.ToAccount, module.Get, NSItems, "query", m.accountItems)
	r.Feature(module.ToServer, NSCaps)
	r.Identity(module.ToServer, module.Identity{Category: "server", Type: "im", Name: m.opts.Name})
	r.Identity(module.ToAccount, module.Identity{Category: "account", Type: "registered"})
	r.StreamFeature(m.caps)
}

// load computes what the server says about itself.
func (m *Module) load() {
	m.once.Do(func() {
		m.server = info{
			identities: plain(m.host.AnnouncedIdentities(module.ToServer)),
			features:   m.host.AnnouncedFeatures(module.ToServer),
			forms:      m.opts.Contacts.forms(),
		}
		m.ver = m.server.ver()
	})
}

// XEP-0115 §6.3.
func (m *Module) caps(st module.StreamState) *stanza.Element {
	if !st.Authenticated {
		return nil
	}
	m.load()
	return stanza.New(NSCaps, "c", "hash", "sha-1", "node", m.opts.Node, "ver", m.ver)
}

// XEP-0030 §3; the node of XEP-0115 §6.2 answers like no node.
func (m *Module) serverInfo(_ context.Context, iq *module.IQ) (*stanza.Element, error) {
	m.load()
	node := iq.Request.Attr("node")
	if node != "" && node != m.opts.Node+"#"+m.ver {
		return nil, stanza.NewError(stanza.ItemNotFound, "")
	}
	return m.server.element(node), nil
}

// XEP-0030 §4.
func (m *Module) serverItems(_ context.Context, iq *module.IQ) (*stanza.Element, error) {
	if iq.Request.Attr("node") != "" {
		return nil, stanza.NewError(stanza.ItemNotFound, "")
	}
	query := stanza.New(NSItems, "query")
	for _, it := range m.items {
		e := stanza.New(NSItems, "item", "jid", it.JID.String())
		if it.Name != "" {
			e.Set("name", it.Name)
		}
		query.Add(e)
	}
	return query, nil
}

// XEP-0030 §3.1 and §9.
func (m *Module) accountInfo(ctx context.Context, iq *module.IQ) (*stanza.Element, error) {
	if ok, err := m.mayAsk(ctx, iq); err != nil {
		return nil, err
	} else if !ok {
		return nil, stanza.NewError(stanza.ServiceUnavailable, "")
	}
	if iq.Request.Attr("node") != "" {
		return nil, stanza.NewError(stanza.ItemNotFound, "")
	}
	account := info{
		identities: plain(m.host.AnnouncedIdentities(module.ToAccount)),
		features:   m.host.AnnouncedFeatures(module.ToAccount),
	}
	return account.element(""), nil
}

// XEP-0030 §4.1 and §9: the available resources.
func (m *Module) accountItems(ctx context.Context, iq *module.IQ) (*stanza.Element, error) {
	query := stanza.New(NSItems, "query")
	node := iq.Request.Attr("node")
	ok, err := m.mayAsk(ctx, iq)
	switch {
	case err != nil:
		return nil, err
	case !ok && node != "":
		return query.Set("node", node), nil
	case !ok:
		return query, nil
	case node != "":
		return nil, stanza.NewError(stanza.ItemNotFound, "")
	}
	for _, full := range m.available(iq.Account()) {
		query.Add(stanza.New(NSItems, "item", "jid", full))
	}
	return query, nil
}

func (m *Module) available(account jid.JID) []string {
	var out []string
	for _, s := range m.host.Sessions(account) {
		if s.Presence() != nil {
			out = append(out, s.JID().String())
		}
	}
	slices.SortFunc(out, strings.Compare)
	return out
}

func (m *Module) mayAsk(ctx context.Context, iq *module.IQ) (bool, error) {
	if iq.FromOwner() {
		return true, nil
	}
	if exists, err := m.host.AccountExists(ctx, iq.Account()); err != nil || !exists {
		return false, err
	}
	return m.subs.IsSubscriber(ctx, iq.Account(), iq.From.Bare())
}
