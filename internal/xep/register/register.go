package register

import (
	"context"
	"errors"
	"log/slog"
	"unicode/utf8"

	"parley/internal/jid"
	"parley/internal/module"
	"parley/stanza"
	"parley/storage"
)

// Module registers, changes and removes accounts.
type Module struct {
	opts     Options
	accounts Accounts
	invites  Invites
	rate     *limiter
	reserved map[string]bool // prepared localparts
	host     module.Host     // set by Register
}

// New returns the module.
func New(opts Options, accounts Accounts, invites Invites) *Module {
	if opts.Mode == "" {
		opts.Mode = Closed
	}
	if opts.PerHour == 0 {
		opts.PerHour = DefaultPerHour
	}
	if opts.MinPassword == 0 {
		opts.MinPassword = DefaultMinPassword
	}
	if opts.Instructions == "" {
		opts.Instructions = "Choose a user name and a password."
	}
	m := &Module{
		opts: opts, accounts: accounts, invites: invites,
		rate: newLimiter(opts.PerHour), reserved: map[string]bool{},
	}
	for _, name := range opts.Reserved {
		if j, err := jid.New(name, "localhost", ""); err == nil {
			m.reserved[j.Local()] = true
		}
	}
	return m
}

// Register takes the requests of bound sessions and announces registration
// where it is possible.
func (m *Module) Register(r *module.Registrar) {
	m.host = r.Host()
	for _, target := range []module.Target{module.ToServer, module.ToAccount} {
		r.IQ(target, module.Get, NS, "query", own(m.get))
		r.IQ(target, module.Set, NS, "query", own(m.set))
	}
	r.StreamFeature(m.feature(nsFeature, Open, Invite))
	r.StreamFeature(m.feature(nsTokenFeature, Invite))
	r.StreamFeature(m.feature(nsInviteFeature, Invite))
}

// feature announces <register/> in the given modes (XEP-0077 §8, XEP-0445 §3).
func (m *Module) feature(space string, modes ...Mode) module.StreamFeature {
	announced := false
	for _, mode := range modes {
		announced = announced || mode == m.opts.Mode
	}
	return func(st module.StreamState) *stanza.Element {
		if !announced || !st.Secure || st.Authenticated {
			return nil
		}
		return stanza.New(space, "register")
	}
}

// own lets only a session of ours speak, and only about its own account.
func own(h module.IQHandler) module.IQHandler {
	return func(ctx context.Context, iq *module.IQ) (*stanza.Element, error) {
		toServer := !iq.To.IsZero() && iq.To.Local() == ""
		if iq.Session == nil || !toServer && !iq.FromOwner() {
			return nil, stanza.NewError(stanza.Forbidden, "")
		}
		return h(ctx, iq)
	}
}

// XEP-0077 §3.1: the asker is registered.
func (m *Module) get(_ context.Context, iq *module.IQ) (*stanza.Element, error) {
	return stanza.New(NS, "query").Add(
		stanza.New(NS, "registered"),
		stanza.New(NS, "instructions").AddText("Send a new password to change it."),
		stanza.New(NS, "username").AddText(iq.From.Local()),
		stanza.New(NS, "password"),
	), nil
}

// XEP-0077 §3.2 and §3.3.
func (m *Module) set(ctx context.Context, iq *module.IQ) (*stanza.Element, error) {
	if iq.Request.Child(NS, "remove") != nil {
		return nil, m.remove(ctx, iq)
	}
	return nil, m.change(ctx, iq)
}

// change: XEP-0077 §3.3. The user name may be left out; if it is there it has
// to be the asker's own.
func (m *Module) change(ctx context.Context, iq *module.IQ) error {
	if !iq.Session.Secure() {
		return stanza.NewError(stanza.NotAuthorized, "A password can be changed on an encrypted stream only.")
	}
	in, ok := readForm(iq.Request)
	if !ok {
		return stanza.NewError(stanza.BadRequest, "")
	}
	if in.username != "" && !m.names(in.username, iq.From.Bare()) {
		return stanza.NewError(stanza.Forbidden, "That is not your account.")
	}
	if in.password == "" {
		return stanza.NewError(stanza.BadRequest, "There is no new password.")
	}
	if e := m.checkPassword(in.password); e != nil {
		return e
	}
	if err := m.accounts.SetPassword(ctx, iq.From, in.password); err != nil {
		return err
	}
	m.log().Info("password changed", "jid", iq.From.Bare().String())
	return nil
}

// names reports whether username, a localpart or a bare JID, is account's.
func (m *Module) names(username string, account jid.JID) bool {
	if j, err := jid.New(username, account.Domain(), ""); err == nil {
		return j == account
	}
	j, err := jid.Parse(username)
	return err == nil && j == account
}

// remove: XEP-0077 §3.2. The result leaves before the streams end.
func (m *Module) remove(ctx context.Context, iq *module.IQ) error {
	if n := children(iq.Request); n != 1 {
		return stanza.NewError(stanza.BadRequest, "<remove/> has to stand alone.")
	}
	account := iq.From.Bare()
	err := m.accounts.Remove(ctx, account)
	if errors.Is(err, storage.ErrNotFound) {
		return stanza.NewError(stanza.RegistrationRequired, "")
	}
	if err != nil {
		return err
	}
	result := module.NewStanza(stanza.IQ, "result", iq.To, iq.From)
	if iq.To.IsZero() {
		result.From = account
	}
	result.ID = iq.ID
	iq.Session.Send(result)
	m.log().Info("account removed by its owner", "jid", account.String())
	m.host.AccountRemoved(ctx, account)
	return module.ErrHandled
}

func (m *Module) checkPassword(password string) *stanza.Error {
	if utf8.RuneCountInString(password) < m.opts.MinPassword {
		return stanza.NewError(stanza.NotAcceptable, m.shortPassword())
	}
	return nil
}

func (m *Module) log() *slog.Logger { return m.host.Logger("register") }
