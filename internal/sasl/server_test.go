package sasl_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"parley/internal/jid"
	"parley/internal/sasl"
	"parley/storage"
)

const iterations = sasl.MinIterations

// accounts is a Store in memory that remembers what it was asked.
type accounts struct {
	rows  map[string]row
	err   error
	asked []string
}

type row struct {
	disabled bool
	keys     []storage.Credential
}

func (a *accounts) Credentials(_ context.Context, jid string) (storage.Account, []storage.Credential, error) {
	a.asked = append(a.asked, jid)
	if a.err != nil {
		return storage.Account{}, nil, a.err
	}
	r, ok := a.rows[jid]
	if !ok {
		return storage.Account{}, nil, storage.ErrNotFound
	}
	return storage.Account{JID: jid, Disabled: r.disabled}, r.keys, nil
}

func keys(t testing.TB, password string) []storage.Credential {
	t.Helper()
	out, err := sasl.NewKeys(password, iterations)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// newServer knows alice ("wonderland"), bob ("builder") and carol, who is
// disabled ("gone").
func newServer(t testing.TB) (*sasl.Server, *accounts) {
	t.Helper()
	store := &accounts{rows: map[string]row{
		"alice@localhost": {keys: keys(t, "wonderland")},
		"bob@localhost":   {keys: keys(t, "builder")},
		"carol@localhost": {keys: keys(t, "gone"), disabled: true},
	}}
	return newServerOver(t, store), store
}

func newServerOver(t testing.TB, store sasl.Store) *sasl.Server {
	t.Helper()
	s, err := sasl.New(sasl.Options{
		Domain: jid.MustParse("localhost"), Store: store,
		Secret: []byte("0123456789abcdef"), Iterations: iterations,
	})
	if err != nil {
		t.Fatal(err)
	}
	s.Hurry()
	return s
}

var (
	exporter = sasl.ChannelBinding{Type: sasl.TLSExporter, Data: []byte("exported keying material of this")}
	endPoint = sasl.ChannelBinding{Type: sasl.TLSServerEndPoint, Data: []byte("hash of the certificate shown...")}

	overTLS  = sasl.State{TLS: true, Bindings: []sasl.ChannelBinding{exporter, endPoint}}
	loopback = sasl.State{Loopback: true}
)

func start(t testing.TB, s *sasl.Server, mechanism string, st sasl.State) sasl.Exchange {
	t.Helper()
	x, err := s.Start(context.Background(), mechanism, st)
	if err != nil {
		t.Fatalf("Start(%s): %v", mechanism, err)
	}
	return x
}

// condition of err, which must be a *Failure; "" for nil.
func condition(t testing.TB, err error) string {
	t.Helper()
	if err == nil {
		return ""
	}
	var f *sasl.Failure
	if !errors.As(err, &f) {
		t.Fatalf("error %v (%T) is no *sasl.Failure", err, err)
	}
	return f.Condition
}

func TestMechanisms(t *testing.T) {
	t.Parallel()
	s, _ := newServer(t)
	all := []string{"SCRAM-SHA-256-PLUS", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN"}
	tests := map[string]struct {
		state sasl.State
		want  []string
	}{
		"TLS with bindings":        {overTLS, all},
		"TLS at a proxy":           {sasl.State{TLS: true}, all[2:]},
		"loopback":                 {loopback, all[2:]},
		"bindings without TLS":     {sasl.State{Loopback: true, Bindings: overTLS.Bindings}, all[2:]},
		"elsewhere":                {sasl.State{}, nil},
		"elsewhere, allowed clear": {sasl.State{Cleartext: true}, all[2:4]},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := s.Mechanisms(tt.state); !slices.Equal(got, tt.want) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

// Only what this connection was offered now may be started.
func TestStartRefusesWhatWasNotOffered(t *testing.T) {
	t.Parallel()
	s, _ := newServer(t)
	tests := map[string]struct {
		mechanism string
		state     sasl.State
		want      string
	}{
		"unknown":                {"ANONYMOUS", overTLS, sasl.InvalidMechanism},
		"lower case":             {"plain", overTLS, sasl.InvalidMechanism},
		"PLAIN in clear":         {"PLAIN", sasl.State{}, sasl.EncryptionRequired},
		"PLAIN, only SCRAM goes": {"PLAIN", sasl.State{Cleartext: true}, sasl.EncryptionRequired},
		"SCRAM in clear":         {"SCRAM-SHA-1", sasl.State{}, sasl.EncryptionRequired},
		"PLUS on loopback":       {"SCRAM-SHA-1-PLUS", loopback, sasl.InvalidMechanism},
		"PLUS behind a proxy":    {"SCRAM-SHA-256-PLUS", sasl.State{TLS: true}, sasl.InvalidMechanism},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := s.Start(context.Background(), tt.mechanism, tt.state)
			if got := condition(t, err); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestNewChecksItsOptions(t *testing.T) {
	t.Parallel()
	good := sasl.Options{
		Domain: jid.MustParse("localhost"), Store: &accounts{},
		Secret: make([]byte, 16), Iterations: 10000,
	}
	if _, err := sasl.New(good); err != nil {
		t.Fatal(err)
	}
	tests := map[string]func(*sasl.Options){
		"no domain":        func(o *sasl.Options) { o.Domain = jid.JID{} },
		"account as host":  func(o *sasl.Options) { o.Domain = jid.MustParse("a@localhost") },
		"no store":         func(o *sasl.Options) { o.Store = nil },
		"short secret":     func(o *sasl.Options) { o.Secret = o.Secret[:15] },
		"few iterations":   func(o *sasl.Options) { o.Iterations = 4095 },
		"many iterations":  func(o *sasl.Options) { o.Iterations = sasl.MaxIterations + 1 },
		"full JID as host": func(o *sasl.Options) { o.Domain = jid.MustParse("localhost/x") },
	}
	for name, spoil := range tests {
		opts := good
		spoil(&opts)
		if _, err := sasl.New(opts); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// The account that an attempt is counted for is known as soon as it is named.
func TestClaimed(t *testing.T) {
	t.Parallel()
	s, _ := newServer(t)
	tests := []struct{ mechanism, message, want string }{
		{"PLAIN", "\x00Alice\x00wrong", "alice@localhost"},
		{"PLAIN", "bob@localhost\x00alice\x00wonderland", "alice@localhost"},
		{"PLAIN", "\x00nobody\x00wrong", "nobody@localhost"},
		{"PLAIN", "\x00a@example.org\x00wrong", ""},
		{"PLAIN", "junk", ""},
		{"SCRAM-SHA-1", "n,,n=ALICE,r=abc", "alice@localhost"},
		{"SCRAM-SHA-1", "n,a=bob@localhost,n=alice,r=abc", "alice@localhost"},
		{"SCRAM-SHA-256", "n,,n=nobody@localhost,r=abc", "nobody@localhost"},
		{"SCRAM-SHA-256", "junk", ""},
	}
	for _, tt := range tests {
		x := start(t, s, tt.mechanism, loopback)
		if got := x.Claimed(); got != "" {
			t.Errorf("before the first message: %q", got)
		}
		_, _, _ = x.Step(context.Background(), []byte(tt.message))
		if got := x.Claimed(); got != tt.want {
			t.Errorf("%s %q: got %q, want %q", tt.mechanism, tt.message, got, tt.want)
		}
	}
}
