package sasl_test

import (
	"context"
	"strings"
	"testing"

	"parley/internal/sasl"
)

// The published value: XEP-0474 §6.3.
func TestDowngradeHash(t *testing.T) {
	t.Parallel()
	mechanisms, bindings := []string{"SCRAM-SHA-1", "SCRAM-SHA-1-PLUS"}, []string{"tls-server-end-point", "tls-exporter"}
	if got := sasl.DowngradeHash("SCRAM-SHA-1", mechanisms, bindings); got != "G6k/rBLDqgOhRRaCuuatSDFkJ08=" {
		t.Errorf("got %q", got)
	}
	if mechanisms[0] != "SCRAM-SHA-1" || bindings[0] != "tls-server-end-point" {
		t.Error("the lists were changed")
	}
}

// XEP-0474 §6.1: server-first-message ends with the hash over what was offered
// on this connection, made with the mechanism's own hash.
func TestServerFirstIsProtected(t *testing.T) {
	t.Parallel()
	s, _ := newServer(t)
	for name, tt := range map[string]struct {
		state     sasl.State
		bindings  []string
		mechanism string
	}{
		"TLS":            {overTLS, []string{"tls-exporter", "tls-server-end-point"}, "SCRAM-SHA-256"},
		"TLS, SHA-1":     {overTLS, []string{"tls-exporter", "tls-server-end-point"}, "SCRAM-SHA-1"},
		"loopback":       {loopback, nil, "SCRAM-SHA-256"},
		"TLS at a proxy": {sasl.State{TLS: true}, nil, "SCRAM-SHA-1"},
	} {
		challenge, _, err := start(t, s, tt.mechanism, tt.state).Step(context.Background(), []byte("n,,n=alice,r=abc"))
		want := ",i=4096,h=" + sasl.DowngradeHash(tt.mechanism, s.Mechanisms(tt.state), tt.bindings)
		if err != nil || !strings.HasSuffix(string(challenge), want) {
			t.Errorf("%s: got %q, %v, want it to end with %q", name, challenge, err, want)
		}
	}
}

// Who changes the hash on the way fails the client's proof: it is signed.
func TestHashIsSigned(t *testing.T) {
	t.Parallel()
	s, _ := newServer(t)
	ctx := context.Background()
	l := login{mechanism: "SCRAM-SHA-256", user: "alice", password: "wonderland", state: overTLS}
	conv := l.client(t)
	x := start(t, s, l.mechanism, l.state)
	c1, _ := conv.Step("")
	challenge, _, err := x.Step(ctx, []byte(c1))
	if err != nil {
		t.Fatal(err)
	}
	changed := strings.Split(string(challenge), ",h=")[0] + ",h=" + sasl.DowngradeHash(l.mechanism, []string{"SCRAM-SHA-1"}, nil)
	c2, err := conv.Step(changed)
	if err != nil {
		t.Fatal(err)
	}
	if _, done, err := x.Step(ctx, []byte(c2)); done || condition(t, err) != sasl.NotAuthorized {
		t.Errorf("got %v, %v", done, err)
	}
}

// saslname, RFC 5802 §5.1 and §7.
func TestScramNames(t *testing.T) {
	t.Parallel()
	s, _ := newServer(t)
	for message, want := range map[string]string{
		"n,,n=alice,r=abc":                  "",
		"n,,n=alice,r=abc,x=extension":      "",
		"n,a=alice@localhost,n=alice,r=abc": "",
		"n,,n=a=2Cb=3Dc,r=abc":              "",
		"n,,n=a=2cb,r=abc":                  sasl.MalformedRequest,
		"n,,n=a=,r=abc":                     sasl.MalformedRequest,
		"n,,n=,r=abc":                       sasl.MalformedRequest,
		"n,a=,n=alice,r=abc":                sasl.MalformedRequest,
		"n,alice,n=alice,r=abc":             sasl.MalformedRequest,
		"n,,alice,r=abc":                    sasl.MalformedRequest,
		"n,,n=alice,s=abc":                  sasl.MalformedRequest,
		"n,,n=alice,r=a b":                  sasl.MalformedRequest,
		"n,,n=alice":                        sasl.MalformedRequest,
	} {
		_, _, err := start(t, s, "SCRAM-SHA-1", loopback).Step(context.Background(), []byte(message))
		if got := condition(t, err); got != want {
			t.Errorf("%q: got %q, want %q", message, got, want)
		}
	}
}
