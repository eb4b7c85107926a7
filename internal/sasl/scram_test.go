package sasl_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/xdg-go/scram"

	"parley/internal/sasl"
	"parley/storage"
)

// The published exchanges, to the letter.
func TestScramVectors(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ mechanism, salt, nonce, c1, s1, c2, s2 string }{
		"RFC 5802 §5": {
			"SCRAM-SHA-1", "QSXCR+Q6sek8bf92", "3rfcNHYJY1ZVvWVs7j",
			"n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL",
			"r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
			"c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
			"v=rmF9pqV8S7suAoZWja4dJRkFsKQ=",
		},
		"RFC 7677 §3": {
			"SCRAM-SHA-256", "W22ZaJ0SNY7soEsUEjb6gQ==", "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0",
			"n,,n=user,r=rOprNGfwEbeRWgbNEkqO",
			"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
			"c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
			"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			salt, err := base64.StdEncoding.DecodeString(tt.salt)
			if err != nil {
				t.Fatal(err)
			}
			key := sasl.NewKeysWithSalt(tt.mechanism, "pencil", salt, 4096)
			s := newServerOver(t, &accounts{rows: map[string]row{"user@localhost": {keys: []storage.Credential{key}}}})
			s.SetNonce(tt.nonce)
			s.LeaveUnprotected()
			x := start(t, s, tt.mechanism, loopback)
			for _, turn := range [][2]string{{tt.c1, tt.s1}, {tt.c2, tt.s2}} {
				got, _, err := x.Step(context.Background(), []byte(turn[0]))
				if err != nil || string(got) != turn[1] {
					t.Fatalf("got %q, %v, want %q", got, err, turn[1])
				}
			}
			if x.Username() != "user" {
				t.Errorf("username %q", x.Username())
			}
		})
	}
}

// login is a client's side of one exchange, with places to tamper with it.
type login struct {
	mechanism, user, password, authzid string
	state                              sasl.State
	binding                            *sasl.ChannelBinding // the client's; nil for "n"
	claimsNoPlus                       bool                 // the client says "y"
	first, final                       func(string) string  // change its messages
}

// run returns the exchange after its end and whether the client believes the server.
func (l login) run(t testing.TB, s *sasl.Server) (x sasl.Exchange, trusted bool, err error) {
	t.Helper()
	ctx := context.Background()
	conv := l.client(t)
	x = start(t, s, l.mechanism, l.state)
	c1, _ := conv.Step("")
	challenge, done, err := x.Step(ctx, []byte(tamper(l.first, c1)))
	if err != nil || done {
		return x, false, err
	}
	c2, err := conv.Step(string(challenge))
	if err != nil {
		t.Fatalf("client: %v", err)
	}
	verifier, done, err := x.Step(ctx, []byte(tamper(l.final, c2)))
	if err != nil {
		return x, false, err
	}
	if _, err := conv.Step(string(verifier)); err != nil || !done {
		t.Fatalf("done %v, client: %v", done, err)
	}
	return x, conv.Valid(), nil
}

func (l login) client(t testing.TB) *scram.ClientConversation {
	t.Helper()
	hash := scram.SHA1
	if strings.HasPrefix(l.mechanism, "SCRAM-SHA-256") {
		hash = scram.SHA256
	}
	c, err := hash.NewClient(l.user, l.password, l.authzid)
	if err != nil {
		t.Fatal(err)
	}
	switch {
	case l.binding != nil:
		return c.NewConversationWithChannelBinding(scram.ChannelBinding{
			Type: scram.ChannelBindingType(l.binding.Type), Data: l.binding.Data,
		})
	case l.claimsNoPlus:
		return c.NewConversationAdvertisingChannelBinding()
	}
	return c.NewConversation()
}

func tamper(f func(string) string, s string) string {
	if f == nil {
		return s
	}
	return f(s)
}

func replace(from, to string) func(string) string {
	return func(s string) string {
		if !strings.Contains(s, from) {
			panic(fmt.Sprintf("%q is not in %q", from, s))
		}
		return strings.Replace(s, from, to, 1)
	}
}

// flipProof changes the first byte of the proof.
func flipProof(s string) string {
	head, proof, _ := strings.Cut(s, ",p=")
	b, _ := base64.StdEncoding.DecodeString(proof)
	b[0] ^= 1
	return head + ",p=" + base64.StdEncoding.EncodeToString(b)
}

func TestScram(t *testing.T) {
	t.Parallel()
	other := sasl.ChannelBinding{Type: sasl.TLSExporter, Data: []byte("exported keying material of that")}
	unique := sasl.ChannelBinding{Type: "tls-unique", Data: []byte("finished")}
	onlyExporter := sasl.State{TLS: true, Bindings: []sasl.ChannelBinding{exporter}}
	tests := map[string]struct {
		login
		want string // condition
	}{
		"right":                  {login{user: "alice", password: "wonderland"}, ""},
		"bare JID as name":       {login{user: "alice@localhost", password: "wonderland"}, ""},
		"upper case":             {login{user: "Alice", password: "wonderland"}, ""},
		"own authzid":            {login{user: "alice", password: "wonderland", authzid: "alice@localhost"}, ""},
		"knows of no PLUS":       {login{user: "alice", password: "wonderland", state: loopback, claimsNoPlus: true}, ""},
		"wrong password":         {login{user: "alice", password: "builder"}, sasl.NotAuthorized},
		"unknown":                {login{user: "dave", password: "builder"}, sasl.NotAuthorized},
		"unknown, own authzid":   {login{user: "dave", password: "x", authzid: "dave@localhost"}, sasl.NotAuthorized},
		"other domain":           {login{user: "alice@example.org", password: "wonderland"}, sasl.NotAuthorized},
		"no name for an account": {login{user: "al ice", password: "wonderland"}, sasl.NotAuthorized},
		"authzid of another":     {login{user: "alice", password: "wonderland", authzid: "bob@localhost"}, sasl.InvalidAuthzid},
		"authzid, localpart":     {login{user: "alice", password: "wonderland", authzid: "alice"}, sasl.InvalidAuthzid},
		"authzid, full JID":      {login{user: "alice", password: "wonderland", authzid: "alice@localhost/x"}, sasl.InvalidAuthzid},
		"unknown, other authzid": {login{user: "dave", password: "wonderland", authzid: "bob@localhost"}, sasl.InvalidAuthzid},
		"disabled, right":        {login{user: "carol", password: "gone"}, sasl.AccountDisabled},
		"disabled, wrong":        {login{user: "carol", password: "here"}, sasl.NotAuthorized},

		"downgrade":              {login{user: "alice", password: "wonderland", claimsNoPlus: true}, sasl.NotAuthorized},
		"p without PLUS":         {login{user: "alice", password: "wonderland", first: replace("n,", "p=tls-exporter,")}, sasl.MalformedRequest},
		"authzid slipped in":     {login{user: "alice", password: "wonderland", first: replace("n,,", "n,a=alice@localhost,")}, sasl.NotAuthorized},
		"flag changed":           {login{user: "alice", password: "wonderland", state: loopback, first: replace("n,", "y,")}, sasl.NotAuthorized},
		"name changed":           {login{user: "alice", password: "wonderland", first: replace("n=alice", "n=bob")}, sasl.NotAuthorized},
		"extension":              {login{user: "alice", password: "wonderland", first: replace("n,,", "n,,m=x,")}, sasl.MalformedRequest},
		"empty nonce":            {login{user: "alice", password: "wonderland", first: func(string) string { return "n,,n=alice,r=" }}, sasl.MalformedRequest},
		"bad escape":             {login{user: "alice", password: "wonderland", first: replace("n=alice", "n=al=ice")}, sasl.MalformedRequest},
		"NUL":                    {login{user: "alice", password: "wonderland", first: replace("alice", "al\x00ice")}, sasl.MalformedRequest},
		"no UTF-8":               {login{user: "alice", password: "wonderland", first: replace("alice", "al\xffice")}, sasl.MalformedRequest},
		"unknown flag":           {login{user: "alice", password: "wonderland", first: replace("n,", "z,")}, sasl.MalformedRequest},
		"no flag":                {login{user: "alice", password: "wonderland", first: replace("n,,", "")}, sasl.MalformedRequest},
		"proof changed":          {login{user: "alice", password: "wonderland", final: flipProof}, sasl.NotAuthorized},
		"proof short":            {login{user: "alice", password: "wonderland", final: func(s string) string { return s[:strings.Index(s, ",p=")] + ",p=AAAA" }}, sasl.NotAuthorized},
		"proof missing":          {login{user: "alice", password: "wonderland", final: func(s string) string { return s[:strings.Index(s, ",p=")] }}, sasl.MalformedRequest},
		"nonce changed":          {login{user: "alice", password: "wonderland", final: replace(",r=", ",r=x")}, sasl.NotAuthorized},
		"binding changed":        {login{user: "alice", password: "wonderland", final: replace("c=biws", "c=eSws")}, sasl.NotAuthorized},
		"extension before proof": {login{user: "alice", password: "wonderland", final: replace(",p=", ",x=y,p=")}, sasl.NotAuthorized},
		"final is no message":    {login{user: "alice", password: "wonderland", final: func(string) string { return "" }}, sasl.MalformedRequest},
	}
	plus := map[string]struct {
		login
		want string
	}{
		"tls-exporter":           {login{user: "alice", password: "wonderland", binding: &exporter}, ""},
		"tls-server-end-point":   {login{user: "alice", password: "wonderland", binding: &endPoint}, ""},
		"own authzid":            {login{user: "alice", password: "wonderland", binding: &exporter, authzid: "alice@localhost"}, ""},
		"authzid of another":     {login{user: "alice", password: "wonderland", binding: &exporter, authzid: "bob@localhost"}, sasl.InvalidAuthzid},
		"another connection":     {login{user: "alice", password: "wonderland", binding: &other}, sasl.NotAuthorized},
		"tls-unique":             {login{user: "alice", password: "wonderland", binding: &unique}, sasl.MalformedRequest},
		"not offered here":       {login{user: "alice", password: "wonderland", binding: &endPoint, state: onlyExporter}, sasl.MalformedRequest},
		"n":                      {login{user: "alice", password: "wonderland"}, sasl.MalformedRequest},
		"y":                      {login{user: "alice", password: "wonderland", claimsNoPlus: true}, sasl.MalformedRequest},
		"type without a name":    {login{user: "alice", password: "wonderland", first: replace("n,", "p=,")}, sasl.MalformedRequest},
		"type changed on way":    {login{user: "alice", password: "wonderland", binding: &exporter, first: replace("tls-exporter", "tls-server-end-point")}, sasl.NotAuthorized},
		"unknown":                {login{user: "dave", password: "wonderland", binding: &exporter}, sasl.NotAuthorized},
		"wrong password":         {login{user: "alice", password: "builder", binding: &exporter}, sasl.NotAuthorized},
		"disabled":               {login{user: "carol", password: "gone", binding: &exporter}, sasl.AccountDisabled},
		"unknown other domain":   {login{user: "alice@elsewhere", password: "wonderland", binding: &exporter}, sasl.NotAuthorized},
		"proof changed":          {login{user: "alice", password: "wonderland", binding: &exporter, final: flipProof}, sasl.NotAuthorized},
		"final without binding":  {login{user: "alice", password: "wonderland", binding: &exporter, final: func(s string) string { return "c=biws" + s[strings.Index(s, ",r="):] }}, sasl.NotAuthorized},
		"final is empty":         {login{user: "alice", password: "wonderland", binding: &exporter, final: func(string) string { return "" }}, sasl.MalformedRequest},
		"name is a domain alone": {login{user: "@localhost", password: "wonderland", binding: &exporter}, sasl.NotAuthorized},
	}
	for _, hash := range []string{"SCRAM-SHA-1", "SCRAM-SHA-256"} {
		for name, tt := range tests {
			tt.mechanism = hash
			t.Run(hash+"/"+name, func(t *testing.T) { t.Parallel(); tt.check(t, tt.want) })
		}
		for name, tt := range plus {
			tt.mechanism = hash + "-PLUS"
			t.Run(hash+"-PLUS/"+name, func(t *testing.T) { t.Parallel(); tt.check(t, tt.want) })
		}
	}
}

func (l login) check(t *testing.T, want string) {
	t.Helper()
	s, _ := newServer(t)
	if !l.state.TLS && !l.state.Loopback {
		l.state = overTLS
	}
	work := s.CountWork()
	x, trusted, err := l.run(t, s)
	if got := condition(t, err); got != want || trusted != (want == "") {
		t.Fatalf("got %q (%v), client trusts %v, want %q", got, err, trusted, want)
	}
	if user := x.Username(); (user == "alice") != (want == "") || user != "" && user != "alice" {
		t.Errorf("username %q", user)
	}
	if _, ok := x.Password(); ok || len(work.Derivations) != 0 {
		t.Error("SCRAM needs no password and no derivation")
	}
	if _, done, err := x.Step(context.Background(), []byte("n,,n=alice,r=abc")); done || condition(t, err) != sasl.MalformedRequest {
		t.Errorf("after the end: %v, %v", done, err)
	}
}

// What an unknown account is told has the shape of what a known one is told
// and does not change from try to try or with the way the name is written.
func TestUnknownAccountsHaveStableSalts(t *testing.T) {
	t.Parallel()
	s, store := newServer(t)
	params := func(mechanism, user string) string {
		x := start(t, s, mechanism, overTLS)
		challenge, _, err := x.Step(context.Background(), []byte("n,,n="+user+",r=abc"))
		if err != nil {
			t.Fatal(err)
		}
		_, rest, _ := strings.Cut(string(challenge), ",")
		return rest
	}
	dave := params("SCRAM-SHA-1", "dave")
	if again := params("SCRAM-SHA-1", "DAVE@localhost"); again != dave {
		t.Errorf("got %q, then %q", dave, again)
	}
	if erin, sha256 := params("SCRAM-SHA-1", "erin"), params("SCRAM-SHA-256", "dave"); erin == dave || sha256 == dave {
		t.Error("salts are shared")
	}
	if alice := params("SCRAM-SHA-1", "alice"); len(alice) != len(dave) || alice[len(alice)-7:] != dave[len(dave)-7:] {
		t.Errorf("known %q, unknown %q", alice, dave)
	}
	if len(store.asked) != 5 {
		t.Errorf("%d lookups, want one each", len(store.asked))
	}
	restarted := newServerOver(t, store)
	x := start(t, restarted, "SCRAM-SHA-1", overTLS)
	if c, _, _ := x.Step(context.Background(), []byte("n,,n=dave,r=abc")); !strings.HasSuffix(string(c), dave) {
		t.Errorf("another salt after a restart: %q, want %q", c, dave)
	}
}

func TestScramWithoutInitialResponse(t *testing.T) {
	t.Parallel()
	s, _ := newServer(t)
	x := start(t, s, "SCRAM-SHA-256", overTLS)
	c, done, err := x.Step(context.Background(), nil)
	if c == nil || len(c) != 0 || done || err != nil {
		t.Fatalf("got %q, %v, %v, want an empty challenge", c, done, err)
	}
	if c, _, err = x.Step(context.Background(), []byte("n,,n=alice,r=abc")); err != nil || !strings.HasPrefix(string(c), "r=abc") {
		t.Fatalf("got %q, %v", c, err)
	}
	if _, _, err := x.Step(context.Background(), nil); condition(t, err) != sasl.MalformedRequest {
		t.Errorf("no final message: %v", err)
	}
}

// BenchmarkScram is the server's part of one login.
func BenchmarkScram(b *testing.B) {
	for _, mechanism := range []string{"SCRAM-SHA-1", "SCRAM-SHA-256"} {
		b.Run(mechanism, func(b *testing.B) {
			s, store := newServer(b)
			s.SetNonce("3rfcNHYJY1ZVvWVs7j")
			l := login{mechanism: mechanism, user: "alice", password: "wonderland", state: loopback}
			var messages []string // the same each time, since both nonces are
			l.first = func(m string) string { messages = append(messages, m); return m }
			l.final = l.first
			if _, _, err := l.run(b, s); err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				store.asked = store.asked[:0]
				x := start(b, s, mechanism, loopback)
				for _, m := range messages {
					if _, _, err := x.Step(context.Background(), []byte(m)); err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
}
