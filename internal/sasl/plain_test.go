package sasl_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"parley/internal/sasl"
)

func TestPlain(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ message, user, want string }{
		"localpart":              {"\x00alice\x00wonderland", "alice", ""},
		"bare JID":               {"\x00alice@localhost\x00wonderland", "alice", ""},
		"upper case":             {"\x00ALICE\x00wonderland", "alice", ""},
		"authzid is the account": {"alice@localhost\x00alice\x00wonderland", "alice", ""},
		"authzid prepared":       {"Alice@LocalHost\x00alice\x00wonderland", "alice", ""},
		"authzid of another":     {"bob@localhost\x00alice\x00wonderland", "", sasl.InvalidAuthzid},
		"authzid, localpart":     {"alice\x00alice\x00wonderland", "", sasl.InvalidAuthzid},
		"authzid, full JID":      {"alice@localhost/x\x00alice\x00wonderland", "", sasl.InvalidAuthzid},
		"authzid, domain":        {"localhost\x00alice\x00wonderland", "", sasl.InvalidAuthzid},
		"authzid, no JID":        {"@\x00alice\x00wonderland", "", sasl.InvalidAuthzid},
		"authzid, no account":    {"\u00a0\x00\u00a0\x00wonderland", "", sasl.InvalidAuthzid},
		"wrong password":         {"\x00alice\x00builder", "", sasl.NotAuthorized},
		"bad password":           {"\x00alice\x00a\ab", "", sasl.NotAuthorized},
		"unknown":                {"\x00dave\x00builder", "", sasl.NotAuthorized},
		"other domain":           {"\x00alice@example.org\x00wonderland", "", sasl.NotAuthorized},
		"full JID":               {"\x00alice@localhost/x\x00wonderland", "", sasl.NotAuthorized},
		"domain alone":           {"\x00@localhost\x00wonderland", "", sasl.NotAuthorized},
		"disabled, right":        {"\x00carol\x00gone", "", sasl.AccountDisabled},
		"disabled, wrong":        {"\x00carol\x00here", "", sasl.NotAuthorized},
		"no password":            {"\x00alice\x00", "", sasl.MalformedRequest},
		"no user":                {"\x00\x00wonderland", "", sasl.MalformedRequest},
		"two parts":              {"alice\x00wonderland", "", sasl.MalformedRequest},
		"four parts":             {"\x00alice\x00wonder\x00land", "", sasl.MalformedRequest},
		"no UTF-8":               {"\x00alice\x00\xff\xfe", "", sasl.MalformedRequest},
		"empty":                  {"", "", sasl.MalformedRequest},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, _ := newServer(t)
			x := start(t, s, "PLAIN", loopback)
			data, done, err := x.Step(context.Background(), []byte(tt.message))
			if got := condition(t, err); got != tt.want || done != (err == nil) || len(data) != 0 {
				t.Fatalf("got %q, %v, %v, want condition %q", data, done, err, tt.want)
			}
			password, ok := x.Password()
			if x.Username() != tt.user || ok != (tt.user != "") {
				t.Errorf("username %q, password %q %v", x.Username(), password, ok)
			}
			if _, _, err := x.Step(context.Background(), []byte(tt.message)); condition(t, err) != sasl.MalformedRequest {
				t.Errorf("after the end: %v", err)
			}
		})
	}
}

func TestPlainWithoutInitialResponse(t *testing.T) {
	t.Parallel()
	s, _ := newServer(t)
	x := start(t, s, "PLAIN", overTLS)
	challenge, done, err := x.Step(context.Background(), nil)
	if challenge == nil || len(challenge) != 0 || done || err != nil {
		t.Fatalf("got %q, %v, %v, want an empty challenge", challenge, done, err)
	}
	if _, done, err = x.Step(context.Background(), []byte("\x00alice\x00wonderland")); !done || err != nil {
		t.Fatal(done, err)
	}
	if p, ok := x.Password(); p != "wonderland" || !ok {
		t.Errorf("password %q, %v", p, ok)
	}
}

// Every failed attempt costs one lookup and one derivation of the usual
// length, whoever was named.
func TestPlainCostsTheSameForUnknown(t *testing.T) {
	t.Parallel()
	for _, message := range []string{
		"\x00alice\x00wrong", "\x00alice\x00wonderland", "\x00nobody\x00wrong", "\x00carol\x00gone",
		"\x00carol\x00wrong", "\x00alice\x00\a", "\x00nobody\x00\a", "\x00no body\x00wrong", "\x00a@b.example\x00wrong",
	} {
		s, store := newServer(t)
		work := s.CountWork()
		x := start(t, s, "PLAIN", overTLS)
		_, _, _ = x.Step(context.Background(), []byte(message))
		if !slices.Equal(work.Derivations, []int{iterations}) || len(store.asked) != 1 {
			t.Errorf("%q: %v derivations, %d lookups", message, work.Derivations, len(store.asked))
		}
	}
}

func TestStoreFailureIsTemporary(t *testing.T) {
	t.Parallel()
	down := errors.New("the database is down")
	messages := map[string]string{"PLAIN": "\x00alice\x00wonderland", "SCRAM-SHA-1": "n,,n=alice,r=abc"}
	for mechanism, message := range messages {
		s := newServerOver(t, &accounts{err: down})
		_, _, err := start(t, s, mechanism, overTLS).Step(context.Background(), []byte(message))
		if condition(t, err) != sasl.TemporaryAuthFailure || !errors.Is(err, down) {
			t.Errorf("%s: %v", mechanism, err)
		}
	}
}
