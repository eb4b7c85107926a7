package sasl_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"parley/internal/sasl"
)

func TestNewKeys(t *testing.T) {
	t.Parallel()
	a, b := keys(t, "secret"), keys(t, "secret")
	if len(a) != 2 || a[0].Mechanism != "SCRAM-SHA-256" || a[1].Mechanism != "SCRAM-SHA-1" {
		t.Fatalf("got %+v", a)
	}
	for i, c := range a {
		if len(c.Salt) != 16 || c.Iterations != iterations || len(c.StoredKey) == 0 || len(c.ServerKey) == 0 {
			t.Errorf("incomplete: %+v", c)
		}
		if bytes.Equal(c.Salt, b[i].Salt) || bytes.Equal(c.StoredKey, b[i].StoredKey) {
			t.Error("two accounts with one password share a salt or a key")
		}
	}
	if bytes.Equal(a[0].Salt, a[1].Salt) {
		t.Error("one salt for two hashes")
	}
	for _, n := range []int{0, sasl.MinIterations - 1, sasl.MaxIterations + 1} {
		if _, err := sasl.NewKeys("secret", n); err == nil {
			t.Errorf("%d iterations: no error", n)
		}
	}
}

func TestVerify(t *testing.T) {
	t.Parallel()
	creds := keys(t, "pass\u00A0word")
	if !sasl.Verify("pass word", creds) {
		t.Error("a no-break space and a space differ (RFC 4013 §2.1)")
	}
	for _, wrong := range []string{"", "pass", "Pass word", "pass word ", strings.Repeat("x", 2000)} {
		if sasl.Verify(wrong, creds) {
			t.Errorf("%q is taken", wrong)
		}
	}
	if !sasl.Verify("pass word", creds[1:]) || sasl.Verify("pass word", nil) {
		t.Error("SHA-1 alone must do, nothing must not")
	}
}

// RFC 4013 §3, and what SASLprep cannot say.
func TestPreparePassword(t *testing.T) {
	t.Parallel()
	good := map[string]string{
		"I\u00ADX": "IX", "user": "user", "USER": "USER", "\u00AA": "a", "\u2168": "IX",
		"🔑 key": "🔑 key",
	}
	for in, want := range good {
		if got, err := sasl.PreparePassword(in); err != nil || got != want {
			t.Errorf("%q: got %q, %v, want %q", in, got, err, want)
		}
	}
	bad := map[string]error{
		"": sasl.ErrEmptyPassword, "\u00AD": sasl.ErrEmptyPassword,
		"a\x00b": sasl.ErrPassword, "a\x07": sasl.ErrPassword, "a\xff": sasl.ErrPassword,
		strings.Repeat("x", sasl.MaxPassword+1): sasl.ErrLongPassword,
	}
	for in, want := range bad {
		if got, err := sasl.PreparePassword(in); !errors.Is(err, want) {
			t.Errorf("%.20q: got %q, %v, want %v", in, got, err, want)
		}
	}
	if _, err := sasl.PreparePassword(strings.Repeat("x", sasl.MaxPassword)); err != nil {
		t.Error(err)
	}
}
