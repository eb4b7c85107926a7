package register_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"parley/internal/jid"
	"parley/internal/module"
	"parley/internal/sasl"
	"parley/internal/xep/register"
	"parley/internal/xmpptest/modtest"
	"parley/internal/xmpptest/xmlmatch"
	"parley/stanza"
	"parley/storage"
	"parley/storage/sqlstore"
)

var _ module.Module = (*register.Module)(nil)

// accounts keeps real keys in a real database.
type accounts struct{ *sqlstore.Store }

func (a accounts) Create(ctx context.Context, account jid.JID, password string) error {
	keys, err := sasl.NewKeys(password, sasl.MinIterations)
	if errors.Is(err, sasl.ErrPassword) {
		return stanza.NewError(stanza.NotAcceptable, err.Error())
	}
	if err != nil {
		return err
	}
	return a.CreateAccount(ctx, account.String(), keys)
}

func (a accounts) SetPassword(ctx context.Context, session jid.JID, password string) error {
	keys, err := sasl.NewKeys(password, sasl.MinIterations)
	if err != nil {
		return err
	}
	return a.SetCredentials(ctx, session.Bare().String(), keys)
}

func (a accounts) Remove(ctx context.Context, account jid.JID) error {
	return a.DeleteAccount(ctx, account.String())
}

// accepts reports whether the password is the account's.
func (a accounts) accepts(t *testing.T, account, password string) bool {
	t.Helper()
	_, creds, err := a.Credentials(t.Context(), account)
	return err == nil && sasl.Verify(password, creds)
}

// oldKeys are made once: that is most of the time that the tests take.
var oldKeys = sync.OnceValue(func() []storage.Credential {
	keys, err := sasl.NewKeys("old secret", sasl.MinIterations)
	if err != nil {
		panic(err)
	}
	return keys
})

func setup(t *testing.T, opts register.Options) (*modtest.Bench, *register.Module, accounts) {
	t.Helper()
	b := modtest.New(t)
	a := accounts{modtest.Store(t)}
	m := register.New(opts, a, a.Store)
	b.Add(m)
	for _, name := range []string{"romeo@localhost", "juliet@localhost"} {
		b.AddAccount(name)
		if err := a.CreateAccount(t.Context(), name, oldKeys()); err != nil {
			t.Fatal(err)
		}
	}
	return b, m, a
}

const ns = ` xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'`

func failed(typ, condition string) string {
	return `<iq type='error' id='1' from='localhost'><error type='` + typ + `'><` + condition + ns + `/>{more}</error></iq>`
}

const ok = `<iq type='result' id='1' from='localhost'/>`

func fields(username, password string) string {
	return `<iq type='set' id='1' to='localhost'><query xmlns='jabber:iq:register'><username>` + username +
		`</username><password>` + password + `</password></query></iq>`
}

func form(typ, username, password string) string {
	return `<iq type='set' id='1'><query xmlns='jabber:iq:register'><x xmlns='jabber:x:data' type='` + typ + `'>
		<field var='FORM_TYPE'><value>jabber:iq:register</value></field>
		<field var='username'><value>` + username + `</value></field>
		<field var='password'><value>` + password + `</value></field></x></query></iq>`
}

const get = `<iq type='get' id='1' to='localhost'><query xmlns='jabber:iq:register'/></iq>`

func handle(t *testing.T, s *register.Stream, secure bool, request, want string) {
	t.Helper()
	req, err := xmlmatch.Parse(request)
	if err != nil {
		t.Fatal(err)
	}
	got := s.Handle(t.Context(), req, secure)
	if want == "" {
		if got != nil {
			t.Errorf("%s: got %s, want no answer", request, got)
		}
		return
	}
	if got == nil {
		t.Fatalf("%s: no answer, want %s", request, want)
	}
	if err := xmlmatch.Match(want, got.String()); err != nil {
		t.Errorf("%s: %v\n got: %s\nwant: %s", request, err, got, want)
	}
}

func TestBeforeLogin(t *testing.T) {
	t.Parallel()
	open := register.Options{Mode: register.Open, Reserved: []string{"Admin"}}
	tests := map[string]struct {
		opts          register.Options
		insecure      bool
		request, want string
		made          string // account that exists afterwards, with password "new secret"
	}{
		"fields": {open, false, get, `<iq type='result' id='1' from='localhost'><query xmlns='jabber:iq:register'>
			<instructions>{any}</instructions><username/><password/></query></iq>`, ""},
		"account":          {open, false, fields("bill", "new secret"), ok, "bill@localhost"},
		"prepared name":    {open, false, fields("Bill", "new secret"), ok, "bill@localhost"},
		"form":             {open, false, form("submit", "bill", "new secret"), ok, "bill@localhost"},
		"cancelled form":   {open, false, form("cancel", "bill", "new secret"), failed("modify", "bad-request"), ""},
		"taken":            {open, false, fields("romeo", "new secret"), failed("cancel", "conflict"), ""},
		"no name":          {open, false, fields("", "new secret"), failed("modify", "not-acceptable"), ""},
		"no password":      {open, false, fields("bill", ""), failed("modify", "not-acceptable"), ""},
		"nothing":          {open, false, `<iq type='set' id='1'><query xmlns='jabber:iq:register'/></iq>`, failed("modify", "not-acceptable"), ""},
		"bad name":         {open, false, fields("bill@localhost", "new secret"), failed("modify", "not-acceptable"), ""},
		"name with space":  {open, false, fields("b ill", "new secret"), failed("modify", "not-acceptable"), ""},
		"reserved":         {open, false, fields("ADMIN", "new secret"), failed("modify", "not-acceptable"), ""},
		"short password":   {open, false, fields("bill", "1234567"), failed("modify", "not-acceptable"), ""},
		"any password":     {register.Options{Mode: register.Open, MinPassword: 1}, false, fields("bill", "x"), ok, ""},
		"removal":          {open, false, `<iq type='set' id='1'><query xmlns='jabber:iq:register'><remove/></query></iq>`, failed("wait", "unexpected-request"), ""},
		"other server":     {open, false, `<iq type='get' id='1' to='other'><query xmlns='jabber:iq:register'/></iq>`, failed("cancel", "service-unavailable"), ""},
		"insecure":         {open, true, fields("bill", "new secret"), failed("modify", "policy-violation"), ""},
		"no id":            {open, false, `<iq type='get'><query xmlns='jabber:iq:register'/></iq>`, `<iq type='error' from='localhost'><error type='modify'><bad-request` + ns + `/>{more}</error></iq>`, ""},
		"other request":    {open, false, `<iq type='get' id='1'><ping xmlns='urn:xmpp:ping'/></iq>`, "", ""},
		"not a request":    {open, false, `<iq type='result' id='1'><query xmlns='jabber:iq:register'/></iq>`, "", ""},
		"message":          {open, false, `<message><query xmlns='jabber:iq:register'/></message>`, "", ""},
		"closed, fields":   {register.Options{}, false, get, failed("cancel", "service-unavailable"), ""},
		"closed, account":  {register.Options{}, false, fields("bill", "new secret"), failed("cancel", "not-allowed"), ""},
		"uninvited":        {register.Options{Mode: register.Invite}, false, fields("bill", "new secret"), failed("cancel", "not-allowed"), ""},
		"uninvited fields": {register.Options{Mode: register.Invite}, false, get, failed("cancel", "not-allowed"), ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, m, a := setup(t, tt.opts)
			handle(t, m.Stream("192.0.2.1"), !tt.insecure, tt.request, tt.want)
			if tt.made != "" && !a.accepts(t, tt.made, "new secret") {
				t.Errorf("%s was not made", tt.made)
			}
		})
	}
}

// XEP-0077 §8, XEP-0445 §3.
func TestStreamFeature(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		mode register.Mode
		st   module.StreamState
		want []string
	}{
		"open":          {register.Open, module.StreamState{Secure: true}, []string{"http://jabber.org/features/iq-register"}},
		"insecure":      {register.Open, module.StreamState{}, nil},
		"authenticated": {register.Open, module.StreamState{Secure: true, Authenticated: true}, nil},
		"closed":        {register.Closed, module.StreamState{Secure: true}, nil},
		"invite": {register.Invite, module.StreamState{Secure: true}, []string{
			"http://jabber.org/features/iq-register", "urn:xmpp:ibr-token:0", "urn:xmpp:invite",
		}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b, _, _ := setup(t, register.Options{Mode: tt.mode})
			got := b.Router.StreamFeatures(tt.st)
			if len(got) != len(tt.want) {
				t.Fatalf("got %v, want %v", got, tt.want)
			}
			for i, e := range got {
				if !e.Is(tt.want[i], "register") {
					t.Errorf("got %s, want <register xmlns='%s'/>", e, tt.want[i])
				}
			}
		})
	}
}

// XEP-0445 §4.
func TestInvitation(t *testing.T) {
	t.Parallel()
	_, m, a := setup(t, register.Options{Mode: register.Invite})
	invite := storage.Invite{Token: "TOKEN", Created: time.Now()}
	if err := a.CreateInvite(t.Context(), invite); err != nil {
		t.Fatal(err)
	}
	present := func(token string) string {
		return `<iq type='set' id='1' to='localhost'><preauth xmlns='urn:xmpp:pars:0' token='` + token + `'/></iq>`
	}
	first, second := m.Stream("192.0.2.1"), m.Stream("192.0.2.2")
	handle(t, first, true, present("other"), failed("cancel", "item-not-found"))
	handle(t, first, true, present(""), failed("cancel", "item-not-found"))
	handle(t, first, true, present("TOKEN"), ok)
	handle(t, second, true, present("TOKEN"), ok)
	// A registration that fails does not use it up.
	handle(t, first, true, fields("romeo", "new secret"), failed("cancel", "conflict"))
	handle(t, first, true, fields("bill", "short"), failed("modify", "not-acceptable"))
	handle(t, first, true, fields("bill", "new secret"), ok)
	if !a.accepts(t, "bill@localhost", "new secret") {
		t.Error("bill@localhost was not made")
	}
	// It was good for one account only, on whatever stream.
	handle(t, first, true, fields("ben", "new secret"), failed("cancel", "not-allowed"))
	handle(t, second, true, fields("ben", "new secret"), failed("cancel", "not-allowed"))
	handle(t, second, true, present("TOKEN"), failed("cancel", "item-not-found"))
}

// XEP-0445 §4: expiry counts when the invitation is presented, not later.
func TestInvitationExpires(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := &memory{made: map[jid.JID]bool{}}
		store.invite = storage.Invite{Token: "TOKEN", Expires: time.Now().Add(time.Hour)}
		b := modtest.New(t)
		m := register.New(register.Options{Mode: register.Invite}, store, store)
		b.Add(m)
		const present = `<iq type='set' id='1'><preauth xmlns='urn:xmpp:pars:0' token='TOKEN'/></iq>`
		early, late := m.Stream("192.0.2.1"), m.Stream("192.0.2.1")
		handle(t, early, true, present, ok)
		time.Sleep(2 * time.Hour)
		handle(t, late, true, present, failed("cancel", "item-not-found"))
		handle(t, early, true, fields("bill", "new secret"), ok)
	})
}

func TestRate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := &memory{made: map[jid.JID]bool{}}
		b := modtest.New(t)
		m := register.New(register.Options{Mode: register.Open, PerHour: 2}, store, nil)
		b.Add(m)
		s := m.Stream("2001:db8::1")
		handle(t, s, true, fields("a", "new secret"), ok)
		handle(t, s, true, fields("a", "new secret"), failed("cancel", "conflict"))
		handle(t, s, true, fields("b", "new secret"), ok)
		handle(t, s, true, fields("c", "new secret"), failed("wait", "resource-constraint"))
		handle(t, m.Stream("2001:db8::ffff"), true, fields("c", "new secret"), failed("wait", "resource-constraint"))
		handle(t, m.Stream("2001:db8:0:1::1"), true, fields("c", "new secret"), ok)
		time.Sleep(31 * time.Minute)
		handle(t, s, true, fields("d", "new secret"), ok)
		handle(t, s, true, fields("e", "new secret"), failed("wait", "resource-constraint"))
	})
}

func TestRateOff(t *testing.T) {
	t.Parallel()
	store := &memory{made: map[jid.JID]bool{}}
	b := modtest.New(t)
	m := register.New(register.Options{Mode: register.Open, PerHour: register.Off}, store, nil)
	b.Add(m)
	for c := 'a'; c <= 'z'; c++ {
		handle(t, m.Stream("192.0.2.1"), true, fields(string(c), "new secret"), ok)
	}
}

// memory stands in for a database inside a bubble of fake time, which real I/O
// cannot enter.
type memory struct {
	mu     sync.Mutex
	made   map[jid.JID]bool // guarded by mu
	invite storage.Invite   // guarded by mu
}

func (s *memory) Invite(_ context.Context, token string, now time.Time) (storage.Invite, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.invite.Token != token || !s.invite.Expires.After(now) {
		return storage.Invite{}, storage.ErrNotFound
	}
	return s.invite, nil
}

func (s *memory) UseInvite(ctx context.Context, token string, now time.Time) (storage.Invite, error) {
	used, err := s.Invite(ctx, token, now)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.invite = storage.Invite{}
	return used, err
}

func (s *memory) CreateInvite(_ context.Context, i storage.Invite) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.invite = i
	return nil
}

func (s *memory) Create(_ context.Context, account jid.JID, _ string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.made[account] {
		return storage.ErrConflict
	}
	s.made[account] = true
	return nil
}

func (*memory) SetPassword(context.Context, jid.JID, string) error { return nil }

func (*memory) Remove(context.Context, jid.JID) error { return nil }
