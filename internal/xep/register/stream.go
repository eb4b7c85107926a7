package register

import (
	"context"
	"errors"
	"time"

	"parley/internal/jid"
	"parley/internal/module"
	"parley/stanza"
	"parley/storage"
)

// Stream is one connection that has not logged in. One goroutine uses it.
type Stream struct {
	m    *Module
	addr string

	token    string    // a good invitation that was presented, or empty
	accepted time.Time // when it was found good
}

// Stream returns the registration state of a new connection from addr.
func (m *Module) Stream(addr string) *Stream { return &Stream{m: m, addr: addr} }

// Handle answers req, a whole IQ that came before login. It returns nil if req
// has nothing to do with registration.
func (s *Stream) Handle(ctx context.Context, req *stanza.Element, secure bool) *stanza.Element {
	handle := s.handler(req)
	if handle == nil {
		return nil
	}
	payload, err := s.guard(ctx, req, secure, handle)
	answer := stanza.New(stanza.NSClient, "iq", "type", "result", "from", s.m.host.Domain().String())
	if id, ok := req.Lookup("id"); ok {
		answer.Set("id", id)
	}
	if err != nil {
		return answer.Set("type", "error").Add(s.m.visible(err).Element())
	}
	if payload != nil {
		answer.Add(payload)
	}
	return answer
}

type handler func(ctx context.Context, request *stanza.Element) (*stanza.Element, error)

func (s *Stream) handler(req *stanza.Element) handler {
	if !req.Is(stanza.NSClient, "iq") || children(req) != 1 {
		return nil
	}
	payload, typ := req.First(), req.Attr("type")
	switch {
	case payload.Is(NS, "query") && typ == "get":
		return s.get
	case payload.Is(NS, "query") && typ == "set":
		return s.set
	case payload.Is(NSPreauth, "preauth") && typ == "set":
		return s.preauth
	}
	return nil
}

// guard refuses what is the same for all requests.
func (s *Stream) guard(ctx context.Context, req *stanza.Element, secure bool, handle handler) (*stanza.Element, error) {
	if to, ok := req.Lookup("to"); ok {
		if j, err := jid.Parse(to); err != nil || j != s.m.host.Domain() {
			return nil, stanza.NewError(stanza.ServiceUnavailable, "")
		}
	}
	if req.Attr("id") == "" { // RFC 6120 §8.1.3
		return nil, stanza.NewError(stanza.BadRequest, "an IQ needs an id")
	}
	if s.m.opts.Mode == Closed {
		return nil, closed(req.Attr("type"))
	}
	if !secure { // XEP-0077 §11
		return nil, stanza.NewError(stanza.PolicyViolation, "Registration needs an encrypted stream.")
	}
	return handle(ctx, req.First())
}

// closed: XEP-0077 §3.1 wants service-unavailable where nobody can register.
func closed(typ string) *stanza.Error {
	if typ == "get" {
		return stanza.NewError(stanza.ServiceUnavailable, noRegistration)
	}
	return stanza.NewError(stanza.NotAllowed, noRegistration)
}

const noRegistration = "This server does not take new accounts."

// get: XEP-0077 §3.1.
func (s *Stream) get(context.Context, *stanza.Element) (*stanza.Element, error) {
	if e := s.needInvite(); e != nil {
		return nil, e
	}
	return stanza.New(NS, "query").Add(
		stanza.New(NS, "instructions").AddText(s.m.opts.Instructions),
		stanza.New(NS, "username"),
		stanza.New(NS, "password"),
	), nil
}

// preauth: XEP-0445 §4.
func (s *Stream) preauth(ctx context.Context, request *stanza.Element) (*stanza.Element, error) {
	now := time.Now()
	token := request.Attr("token")
	_, err := s.m.invites.Invite(ctx, token, now)
	if errors.Is(err, storage.ErrNotFound) || token == "" {
		return nil, stanza.NewError(stanza.ItemNotFound, "The invitation is not known, used or expired.")
	}
	if err != nil {
		return nil, err
	}
	s.token, s.accepted = token, now
	return nil, nil
}

// set: XEP-0077 §3.1.
func (s *Stream) set(ctx context.Context, query *stanza.Element) (*stanza.Element, error) {
	if e := s.needInvite(); e != nil {
		return nil, e
	}
	if query.Child(NS, "remove") != nil { // XEP-0077 §3.2
		return nil, stanza.NewError(stanza.UnexpectedRequest, "Log in first.")
	}
	in, ok := readForm(query)
	if !ok {
		return nil, stanza.NewError(stanza.BadRequest, "")
	}
	account, e := s.m.check(in)
	if e != nil {
		return nil, e
	}
	if !s.m.rate.take(s.addr) {
		return nil, stanza.NewError(stanza.ResourceConstraint, "Too many registrations from your address. Try again later.")
	}
	err := s.create(ctx, account, in.password)
	if err != nil {
		s.m.rate.giveBack(s.addr)
		return nil, err
	}
	s.m.log().Info("account registered", "jid", account.String(), "addr", s.addr)
	return nil, nil
}

// create uses up the invitation, if there is one, and makes the account. An
// invitation that was used in vain is brought back. It may have expired since
// it was accepted (XEP-0445 §4).
func (s *Stream) create(ctx context.Context, account jid.JID, password string) error {
	if s.token == "" {
		return s.m.accounts.Create(ctx, account, password)
	}
	invite, err := s.m.invites.UseInvite(ctx, s.token, s.accepted)
	if errors.Is(err, storage.ErrNotFound) {
		s.token = ""
		return stanza.NewError(stanza.NotAllowed, "The invitation was used meanwhile.")
	}
	if err != nil {
		return err
	}
	if err := s.m.accounts.Create(ctx, account, password); err != nil {
		if again := s.m.invites.CreateInvite(context.WithoutCancel(ctx), invite); again != nil {
			s.m.log().Error("invitation lost", "op", "register", "err", again)
		}
		return err
	}
	s.token = ""
	return nil
}

func (s *Stream) needInvite() error {
	if s.m.opts.Mode == Invite && s.token == "" {
		return stanza.NewError(stanza.NotAllowed, "An invitation is needed to register.")
	}
	return nil
}

// check returns the account that in asks for. XEP-0077 §3.1: what is missing,
// empty or unusable is not-acceptable.
func (m *Module) check(in input) (jid.JID, error) {
	if in.username == "" || in.password == "" {
		return jid.JID{}, stanza.NewError(stanza.NotAcceptable, "A user name and a password are needed.")
	}
	account, err := jid.New(in.username, m.host.Domain().String(), "")
	if err != nil || account.Local() == "" {
		return jid.JID{}, stanza.NewError(stanza.NotAcceptable, "This user name cannot be used.")
	}
	if m.reserved[account.Local()] {
		return jid.JID{}, stanza.NewError(stanza.NotAcceptable, "This user name is reserved.")
	}
	if e := m.checkPassword(in.password); e != nil {
		return jid.JID{}, e
	}
	return account, nil
}

// visible is what the peer sees of err; our own faults are logged.
func (m *Module) visible(err error) *stanza.Error {
	if e, ok := errors.AsType[*stanza.Error](err); ok {
		return e
	}
	if errors.Is(err, storage.ErrConflict) {
		return stanza.NewError(stanza.Conflict, "This user name is taken.")
	}
	m.log().Error("registration failed", "err", err)
	return stanza.NewError(stanza.InternalServerError, "")
}

var _ module.Module = (*Module)(nil)
