package sasl_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"parley/internal/jid"
	"parley/internal/sasl"
	"parley/storage"
	"parley/storage/sqlite"
	"parley/storage/sqlstore"
)

const (
	phone  = "d4565fa7-4d72-4749-b3d3-740edbf87770"
	laptop = "0f5b1c4e-9d1c-4f57-8c0f-4a5a4f0e3a11"
)

// tokenSite is a server with a database, where alice has "wonderland".
type tokenSite struct {
	*sasl.Server
	t     testing.TB
	store *sqlstore.Store
}

// neverAsked is a Store for passwords: who comes with a token is not to wait for
// those who guess at one.
type neverAsked struct{ t testing.TB }

func (s neverAsked) Credentials(context.Context, string) (storage.Account, []storage.Credential, error) {
	s.t.Error("the keys were looked up as for a password")
	return storage.Account{}, nil, storage.ErrNotFound
}

func newTokenSite(t testing.TB, change ...func(*sasl.TokenOptions)) *tokenSite {
	t.Helper()
	ctx := context.Background()
	store, err := sqlite.Open(ctx, filepath.Join(t.TempDir(), "parley.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	if _, err := store.Migrate(ctx); err != nil {
		t.Fatal(err)
	}
	opts := sasl.TokenOptions{Store: store, Secret: []byte("the secret of the tokens"), Lifetime: time.Hour, Rotate: time.Hour, Max: 3}
	for _, f := range change {
		f(&opts)
	}
	s, err := sasl.New(sasl.Options{
		Domain: jid.MustParse("localhost"), Store: neverAsked{t}, Secret: []byte("0123456789abcdef"), Iterations: iterations, Tokens: opts, Told: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	s.Hurry()
	site := &tokenSite{s, t, store}
	site.addUser("alice@localhost", "wonderland")
	return site
}

func (s *tokenSite) addUser(account, password string) {
	s.t.Helper()
	if err := s.store.CreateAccount(context.Background(), account, keys(s.t, password)); err != nil {
		s.t.Fatal(err)
	}
}

func (s *tokenSite) keysOf(account string) []byte {
	s.t.Helper()
	_, creds, err := s.store.Credentials(context.Background(), account)
	if err != nil {
		s.t.Fatal(err)
	}
	return sasl.Fingerprint(creds)
}

// give returns a new token of alice's.
func (s *tokenSite) give(client, mechanism string) string {
	s.t.Helper()
	const account = "alice@localhost"
	token, expires, ok, err := s.NewToken(context.Background(), jid.MustParse(account), sasl.Client{ID: client, Software: "Looking Glass"}, mechanism, s.keysOf(account))
	if err != nil || !ok || len(token) != 43 || expires.IsZero() {
		s.t.Fatalf("token %q until %v, %v, %v", token, expires, ok, err)
	}
	return token
}

// hashed is draft-schmaus-kitten-sasl-ht-09: HMAC(token, who || cb-data).
func hashed(token, who string, binding []byte) []byte {
	m := hmac.New(sha256.New, []byte(token))
	m.Write(append([]byte(who), binding...))
	return m.Sum(nil)
}

// attempt is a client that logs in with a token.
type attempt struct {
	user, token, client, mechanism string
	state                          sasl.State
	binding                        []byte
	tamper                         func([]byte) []byte
}

// run logs in, and checks that the server knows the token, too.
func (a attempt) run(t testing.TB, s *sasl.Server) (*sasl.TokenExchange, error) {
	t.Helper()
	x, err := s.StartToken(a.mechanism, a.state, sasl.Client{ID: a.client, Address: "192.0.2.1"})
	if err != nil {
		return nil, err
	}
	message := append([]byte(a.user+"\x00"), hashed(a.token, "Initiator", a.binding)...)
	if a.tamper != nil {
		message = a.tamper(message)
	}
	answer, done, err := x.Step(context.Background(), message)
	if done != (err == nil) || done != (x.Username() == "alice") || x.Username() != "" && !done {
		t.Fatalf("done %v, error %v, user %q", done, err, x.Username())
	}
	if done && !bytes.Equal(answer, hashed(a.token, "Responder", a.binding)) {
		t.Fatalf("the server does not prove that it knows the token: %x", answer)
	}
	if _, done, err := x.Step(context.Background(), message); done || condition(t, err) != sasl.MalformedRequest {
		t.Errorf("after the end: %v, %v", done, err)
	}
	return x, err
}

func (s *tokenSite) logsIn(token, want string) {
	s.t.Helper()
	_, err := attempt{user: "alice", token: token, client: phone, mechanism: sasl.HTNone, state: loopback}.run(s.t, s.Server)
	if got := condition(s.t, err); got != want {
		s.t.Errorf("got %q, want %q", got, want)
	}
}

func TestTokenMechanisms(t *testing.T) {
	t.Parallel()
	s := newTokenSite(t)
	without, _ := newServer(t)
	for name, tt := range map[string]struct {
		server *sasl.Server
		state  sasl.State
		want   []string
	}{
		"TLS":              {s.Server, overTLS, []string{"HT-SHA-256-EXPR", "HT-SHA-256-ENDP", "HT-SHA-256-NONE"}},
		"TLS at a proxy":   {s.Server, sasl.State{TLS: true}, []string{"HT-SHA-256-NONE"}},
		"loopback":         {s.Server, loopback, []string{"HT-SHA-256-NONE"}},
		"in the clear":     {s.Server, sasl.State{Cleartext: true}, nil},
		"without tokens":   {without, overTLS, nil},
		"without exporter": {s.Server, sasl.State{TLS: true, Bindings: []sasl.ChannelBinding{endPoint}}, []string{"HT-SHA-256-ENDP", "HT-SHA-256-NONE"}},
	} {
		if got := tt.server.TokenMechanisms(tt.state); !slices.Equal(got, tt.want) {
			t.Errorf("%s: got %v, want %v", name, got, tt.want)
		}
		for _, m := range tt.want {
			if _, err := tt.server.Start(context.Background(), m, tt.state); condition(t, err) != sasl.InvalidMechanism {
				t.Errorf("%s: %s without a token: %v", name, m, err)
			}
		}
	}
}

// XEP-0484 §3.4, §4.1: who gets in with which token.
func TestTokenLogin(t *testing.T) {
	t.Parallel()
	flip := func(b []byte) []byte { b[len(b)-1] ^= 1; return b }
	for name, tt := range map[string]struct {
		change func(*attempt)
		want   string
	}{
		"right":                {func(*attempt) {}, ""},
		"bare JID":             {func(a *attempt) { a.user = "Alice@localhost" }, ""},
		"another token":        {func(a *attempt) { a.token += "x" }, sasl.NotAuthorized},
		"the last bit":         {func(a *attempt) { a.tamper = flip }, sasl.NotAuthorized},
		"another account":      {func(a *attempt) { a.user = "bob" }, sasl.NotAuthorized},
		"an unknown account":   {func(a *attempt) { a.user = "dave" }, sasl.NotAuthorized},
		"another domain":       {func(a *attempt) { a.user = "alice@example.org" }, sasl.NotAuthorized},
		"no name":              {func(a *attempt) { a.user = "al ice" }, sasl.NotAuthorized},
		"another client":       {func(a *attempt) { a.client = laptop }, sasl.NotAuthorized},
		"no client":            {func(a *attempt) { a.client = "" }, sasl.MalformedRequest},
		"not bound":            {func(a *attempt) { a.mechanism, a.binding = sasl.HTNone, nil }, sasl.NotAuthorized},
		"bound to less":        {func(a *attempt) { a.mechanism, a.binding = sasl.HTServerEndPoint, endPoint.Data }, sasl.NotAuthorized},
		"another connection":   {func(a *attempt) { a.binding = []byte("of another") }, sasl.NotAuthorized},
		"a password mechanism": {func(a *attempt) { a.mechanism = sasl.Plain }, sasl.InvalidMechanism},
		"not offered here":     {func(a *attempt) { a.state = loopback }, sasl.InvalidMechanism},
		"HT-SHA-256-UNIQ":      {func(a *attempt) { a.mechanism = "HT-SHA-256-UNIQ" }, sasl.InvalidMechanism},
		"no hash":              {func(a *attempt) { a.tamper = func([]byte) []byte { return []byte("alice\x00") } }, sasl.MalformedRequest},
		"no NUL":               {func(a *attempt) { a.tamper = func([]byte) []byte { return []byte("alice") } }, sasl.MalformedRequest},
		"no user":              {func(a *attempt) { a.user = "" }, sasl.MalformedRequest},
		"no UTF-8":             {func(a *attempt) { a.user = "al\xff" }, sasl.MalformedRequest},
		"a short hash":         {func(a *attempt) { a.tamper = func(b []byte) []byte { return b[:len(b)-1] } }, sasl.MalformedRequest},
		"a long hash":          {func(a *attempt) { a.tamper = func(b []byte) []byte { return append(b, 0) } }, sasl.MalformedRequest},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newTokenSite(t)
			s.addUser("bob@localhost", "builder")
			a := attempt{user: "alice", token: s.give(phone, sasl.HTExporter), client: phone, mechanism: sasl.HTExporter, state: overTLS, binding: exporter.Data}
			tt.change(&a)
			if _, err := a.run(t, s.Server); condition(t, err) != tt.want {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

// What ends a token besides its being revoked.
func TestTokenEnds(t *testing.T) {
	t.Parallel()
	ctx, alice := context.Background(), jid.MustParse("alice@localhost")
	for name, tt := range map[string]struct {
		end  func(*tokenSite) error
		want string
	}{
		"new password": {func(s *tokenSite) error {
			return s.store.SetCredentials(ctx, alice.String(), keys(s.t, "wonderland")) // the same, with other salts
		}, sasl.NotAuthorized},
		"account disabled":  {func(s *tokenSite) error { return s.store.SetDisabled(ctx, alice.String(), true) }, sasl.AccountDisabled},
		"account removed":   {func(s *tokenSite) error { return s.store.DeleteAccount(ctx, alice.String()) }, sasl.NotAuthorized},
		"client forgotten":  {func(s *tokenSite) error { return s.Forget(ctx, alice, phone) }, sasl.NotAuthorized},
		"another forgotten": {func(s *tokenSite) error { return s.Forget(ctx, alice, laptop) }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newTokenSite(t)
			token := s.give(phone, sasl.HTNone)
			s.logsIn(token, "")
			if err := tt.end(s); err != nil {
				t.Fatal(err)
			}
			s.logsIn(token, tt.want)
		})
	}
}

// XEP-0484 §4.2: an expired token is told apart, to who has it.
func TestTokenExpires(t *testing.T) {
	t.Parallel()
	s := newTokenSite(t, func(o *sasl.TokenOptions) { o.Lifetime = -time.Second })
	token := s.give(phone, sasl.HTNone)
	s.logsIn(token, sasl.CredentialsExpired)
	s.logsIn(token+"x", sasl.NotAuthorized)
}

// XEP-0484 §3.5, §5.1: the old token is good until the new one was used; a new
// one that nobody used is replaced.
func TestTokenRotation(t *testing.T) {
	t.Parallel()
	s := newTokenSite(t, func(o *sasl.TokenOptions) { o.Rotate = 0 })
	first := s.give(phone, sasl.HTNone)
	s.logsIn(first, "")
	lost := s.give(phone, sasl.HTNone)
	s.logsIn(first, "")
	second := s.give(phone, sasl.HTNone)
	s.logsIn(lost, sasl.NotAuthorized)
	s.logsIn(first, "")
	s.logsIn(second, "")
	s.logsIn(second, "")
	s.logsIn(first, sasl.NotAuthorized)

	x, err := attempt{user: "alice", token: second, client: phone, mechanism: sasl.HTNone, state: loopback}.run(t, s.Server)
	if err != nil || !x.Due() || x.Mechanism() != sasl.HTNone {
		t.Errorf("not to be replaced: %v", err)
	}
	if kept, err := s.Kept(context.Background(), x); !kept || err != nil {
		t.Errorf("not kept: %v", err)
	}
	if err := s.Forget(context.Background(), jid.MustParse("alice@localhost"), phone); err != nil {
		t.Fatal(err)
	}
	if kept, err := s.Kept(context.Background(), x); kept || err != nil {
		t.Errorf("kept after it was revoked: %v", err)
	}
}

func TestYoungTokenIsKept(t *testing.T) {
	t.Parallel()
	s := newTokenSite(t)
	x, err := attempt{user: "alice", token: s.give(phone, sasl.HTNone), client: phone, mechanism: sasl.HTNone, state: loopback}.run(t, s.Server)
	if err != nil || x.Due() {
		t.Errorf("to be replaced after no time: %v", err)
	}
}

// The database shows when and from where a token was used, and not the token.
func TestTokenIsNotStored(t *testing.T) {
	t.Parallel()
	s := newTokenSite(t)
	token := s.give(phone, sasl.HTNone)
	s.logsIn(token, "")
	rows, err := s.store.Tokens(context.Background(), "alice@localhost", "")
	if err != nil || len(rows) != 1 {
		t.Fatal(rows, err)
	}
	if r := rows[0]; r.New || r.Used.IsZero() || r.Address != "192.0.2.1" || r.Software != "Looking Glass" || bytes.Contains(fmt.Append(nil, r), []byte(token)) {
		t.Errorf("got %+v", r)
	}
}

// tokens_per_account: with one client more, the one that was away longest goes.
func TestTokensPerAccount(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s := newTokenSite(t)
	clients := func() (out []string) {
		rows, err := s.store.Tokens(ctx, "alice@localhost", "")
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range rows {
			out = append(out, r.Client)
		}
		return slices.Compact(out)
	}
	past := time.Now().Add(-time.Minute)
	for i, c := range []string{"a", "b"} { // b came later, but a was here since
		row := storage.Token{Account: "alice@localhost", Client: c, Mechanism: sasl.HTNone, Salt: []byte(c), Created: past.Add(time.Duration(i) * time.Second), Expires: past.Add(time.Hour)}
		if c == "a" {
			row.Used = past.Add(30 * time.Second)
		}
		if err := s.store.PutToken(ctx, row); err != nil {
			t.Fatal(err)
		}
	}
	s.give(phone, sasl.HTNone)
	if got := clients(); !slices.Equal(got, []string{"a", "b", phone}) {
		t.Fatalf("at the limit: %v", got)
	}
	s.give(phone, sasl.HTNone)
	if got := clients(); len(got) != 3 {
		t.Fatalf("a client that comes again counts anew: %v", got)
	}
	s.give(laptop, sasl.HTNone)
	if got := clients(); !slices.Equal(got, []string{laptop, "a", phone}) {
		t.Fatalf("over the limit: %v", got)
	}
	gone := storage.Token{Account: "alice@localhost", Client: "a", Mechanism: sasl.HTNone, Salt: []byte("a"), Created: time.Now(), Expires: past}
	if err := s.store.PutToken(ctx, gone); err != nil {
		t.Fatal(err)
	}
	s.give(phone, sasl.HTNone)
	if got := clients(); !slices.Equal(got, []string{laptop, phone}) {
		t.Errorf("an expired one is kept: %v", got)
	}
}

func TestNoTokenFor(t *testing.T) {
	t.Parallel()
	s := newTokenSite(t)
	without, _ := newServer(t)
	for name, tt := range map[string]struct {
		server            *sasl.Server
		client, mechanism string
	}{
		"no client":          {s.Server, "", sasl.HTNone},
		"password mechanism": {s.Server, phone, sasl.ScramSHA256},
		"no mechanism":       {s.Server, phone, ""},
		"no tokens":          {without, phone, sasl.HTNone},
	} {
		_, _, ok, err := tt.server.NewToken(context.Background(), jid.MustParse("alice@localhost"), sasl.Client{ID: tt.client}, tt.mechanism, nil)
		if ok || err != nil {
			t.Errorf("%s: %v, %v", name, ok, err)
		}
	}
}

// Unchanged is what a login is checked with at its end.
func TestUnchanged(t *testing.T) {
	t.Parallel()
	ctx, alice := context.Background(), jid.MustParse("alice@localhost")
	s := newTokenSite(t)
	then := s.keysOf("alice@localhost")
	check := func(name string, want bool) {
		t.Helper()
		if got, err := s.Unchanged(ctx, alice, then); got != want || err != nil {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	check("at once", true)
	for _, disabled := range []bool{true, false} {
		if err := s.store.SetDisabled(ctx, alice.String(), disabled); err != nil {
			t.Fatal(err)
		}
		check("disabled or not", !disabled)
	}
	if err := s.store.SetCredentials(ctx, alice.String(), keys(t, "wonderland")); err != nil {
		t.Fatal(err)
	}
	check("new password", false)
	if err := s.store.DeleteAccount(ctx, alice.String()); err != nil {
		t.Fatal(err)
	}
	check("removed", false)
}

// Quiet is false from the first change that was told: by the caller or, of a
// token, by ourselves.
func TestQuiet(t *testing.T) {
	t.Parallel()
	s := newTokenSite(t)
	token := attempt{user: "alice", token: s.give(phone, sasl.HTNone), client: phone, mechanism: sasl.HTNone, state: loopback}
	for name, change := range map[string]func(){
		"told":          s.Changed,
		"token revoked": func() { _ = s.Forget(context.Background(), jid.MustParse("alice@localhost"), laptop) },
	} {
		x, err := token.run(t, s.Server)
		if err != nil || !s.Quiet(x.AsOf()) {
			t.Errorf("%s: %v, or not quiet before", name, err)
		}
		if change(); s.Quiet(x.AsOf()) {
			t.Errorf("%s: quiet after it", name)
		}
	}
	if untold, _ := newServer(t); untold.Quiet(0) {
		t.Error("quiet though nobody tells of changes")
	}
}

// FuzzToken: nobody is authenticated but with the right token.
func FuzzToken(f *testing.F) {
	for _, seed := range []string{"alice\x00", "alice@localhost\x00", "\x00", "", "bob\x00aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "alice\x00aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"} {
		f.Add([]byte(seed))
	}
	s := newTokenSite(f)
	s.give(phone, sasl.HTNone)
	f.Fuzz(func(t *testing.T, message []byte) {
		x, err := s.StartToken(sasl.HTNone, loopback, sasl.Client{ID: phone})
		if err != nil {
			t.Fatal(err)
		}
		_, done, err := x.Step(context.Background(), message)
		if message == nil {
			return
		}
		if checkStep(t, x, done, err); done {
			t.Fatalf("%q is taken for a token", message)
		}
	})
}

// BenchmarkToken is the server's part of one login.
func BenchmarkToken(b *testing.B) {
	s := newTokenSite(b)
	a := attempt{user: "alice", token: s.give(phone, sasl.HTNone), client: phone, mechanism: sasl.HTNone, state: loopback}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := a.run(b, s.Server); err != nil {
			b.Fatal(err)
		}
	}
}

// counted is a store that tells what it was asked.
type counted struct {
	sasl.TokenStore
	asked []string
}

func (c *counted) Credentials(ctx context.Context, account string) (storage.Account, []storage.Credential, error) {
	c.asked = append(c.asked, "credentials")
	return c.TokenStore.Credentials(ctx, account)
}

func (c *counted) Tokens(ctx context.Context, account, client string) ([]storage.Token, error) {
	c.asked = append(c.asked, "tokens")
	return c.TokenStore.Tokens(ctx, account, client)
}

// Whoever fails has made the server do the same work: what is asked of the
// database does not tell which accounts and clients there are.
func TestTokenFailuresCostTheSame(t *testing.T) {
	t.Parallel()
	var store *counted
	s := newTokenSite(t, func(o *sasl.TokenOptions) { store = &counted{TokenStore: o.Store}; o.Store = store })
	s.give(phone, sasl.HTNone)
	for name, a := range map[string]attempt{
		"wrong token":     {user: "alice", client: phone},
		"unknown client":  {user: "alice", client: laptop},
		"unknown account": {user: "dave", client: phone},
		"no account":      {user: "a b", client: phone},
	} {
		store.asked = nil
		a.token, a.mechanism, a.state = "wrong", sasl.HTNone, loopback
		_, err := a.run(t, s.Server)
		if f, ok := errors.AsType[*sasl.Failure](err); !ok || f.Condition != sasl.NotAuthorized || f.Text == "" || !slices.Equal(store.asked, []string{"credentials", "tokens"}) {
			t.Errorf("%s: %v after asking %v", name, err, store.asked)
		}
	}
}
