package sasl_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"parley/internal/sasl"
)

// checkStep states what holds for every answer.
func checkStep(t *testing.T, x sasl.Exchange, done bool, err error) {
	t.Helper()
	var f *sasl.Failure
	if err != nil && (!errors.As(err, &f) || f.Condition == "") {
		t.Fatalf("error %v is no *sasl.Failure", err)
	}
	if err != nil && done || x.Username() != "" != done {
		t.Fatalf("done %v, error %v, username %q", done, err, x.Username())
	}
}

// FuzzPlain: nobody is authenticated but with a right password.
func FuzzPlain(f *testing.F) {
	for _, seed := range []string{
		"\x00alice\x00wonderland", "alice@localhost\x00alice\x00wonderland", "bob@localhost\x00alice\x00wonderland",
		"\x00Alice@LOCALHOST\x00wonderland", "", "\x00\x00", "\x00\x00\x00\x00", "\x00\xff\x00\xff", "\x00a@b/c\x00x",
	} {
		f.Add([]byte(seed))
	}
	s, _ := newServer(f)
	f.Fuzz(func(t *testing.T, message []byte) {
		x := start(t, s, "PLAIN", loopback)
		_, done, err := x.Step(context.Background(), message)
		if message == nil { // asked for with an empty challenge
			return
		}
		checkStep(t, x, done, err)
		if !done {
			return
		}
		// A password may be written in several ways (RFC 4013).
		given, _ := x.Password()
		passwords := map[string]string{"alice": "wonderland", "bob": "builder"}
		if p, err := sasl.PreparePassword(given); err != nil || p != passwords[x.Username()] {
			t.Fatalf("%q logs in as %q", message, x.Username())
		}
	})
}

// FuzzScramFirst: any first message is answered with a challenge that repeats
// its nonce, or refused.
func FuzzScramFirst(f *testing.F) {
	for _, seed := range []string{
		"n,,n=alice,r=abc", "y,,n=alice,r=abc", "p=tls-exporter,,n=alice,r=abc", "n,a=alice@localhost,n=alice,r=abc",
		"n,a=bob@localhost,n=alice,r=abc", "n,,n=a=2Cb=3D,r=abc", "n,,m=x,n=alice,r=abc", "n,,n=,r=", ",,,", "n,,n=alice,r=abc,x=y",
	} {
		f.Add([]byte(seed), true)
		f.Add([]byte(seed), false)
	}
	s, _ := newServer(f)
	f.Fuzz(func(t *testing.T, message []byte, plus bool) {
		mechanism := "SCRAM-SHA-256"
		if plus {
			mechanism += "-PLUS"
		}
		x := start(t, s, mechanism, overTLS)
		challenge, done, err := x.Step(context.Background(), message)
		checkStep(t, x, done, err)
		if err != nil || message == nil {
			return
		}
		nonce := strings.Split(string(message), ",")[3]
		if done || !strings.HasPrefix(string(challenge), nonce) || !strings.Contains(string(challenge), ",i=4096,h=") {
			t.Fatalf("%q: done %v, challenge %q", message, done, challenge)
		}
		if plus != strings.HasPrefix(string(message), "p=") || strings.HasPrefix(string(message), "y") {
			t.Fatalf("%q passed with %s", message, mechanism)
		}
	})
}

// FuzzScramFinal: no final message but the right one, which needs the
// password, is taken.
func FuzzScramFinal(f *testing.F) {
	for _, seed := range []string{
		"c=biws,r=abcxyz,p=AAAAAAAAAAAAAAAAAAAAAAAAAAA=", "c=biws,r=abcxyz,p=", "c=,r=,p=", "", ",,", "c=biws,r=abcxyz,x=y,p=AAAA", "c=biws,r=abcxyz",
	} {
		f.Add("alice", []byte(seed))
		f.Add("nobody", []byte(seed))
	}
	s, _ := newServer(f)
	s.SetNonce("xyz")
	f.Fuzz(func(t *testing.T, user string, message []byte) {
		x := start(t, s, "SCRAM-SHA-1", loopback)
		if _, _, err := x.Step(context.Background(), []byte("n,,n="+user+",r=abc")); err != nil {
			checkStep(t, x, false, err)
			return
		}
		_, done, err := x.Step(context.Background(), message)
		if checkStep(t, x, done, err); err == nil {
			t.Fatalf("%q is taken as the proof of %q", message, user)
		}
	})
}
