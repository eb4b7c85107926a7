package client

import (
	"strings"
	"testing"
)

// The examples of RFC 5802 §5 and RFC 7677 §3.
func TestScram(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		mechanism                         Mechanism
		nonce, challenge, answer, success string
	}{
		{ScramSHA1, "fyko+d2lbbFgONRv9qkxdawL",
			"r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
			"c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
			"v=rmF9pqV8S7suAoZWja4dJRkFsKQ="},
		{ScramSHA256, "rOprNGfwEbeRWgbNEkqO",
			"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
			"c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
			"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="},
	} {
		s := scram{keys: &Keys{}, mechanism: tt.mechanism, password: "pencil", nonce: tt.nonce, first: "n=user,r=" + tt.nonce}
		got, err := s.final(tt.challenge)
		if err != nil || got != tt.answer {
			t.Errorf("%s: %q, %v, want %q", tt.mechanism, got, err, tt.answer)
		}
		if err := s.verify([]byte(tt.success)); err != nil {
			t.Errorf("%s: %v", tt.mechanism, err)
		}
		if err := s.verify([]byte(strings.Replace(tt.success, "v=", "v=A", 1))); err == nil {
			t.Errorf("%s: a wrong signature is believed", tt.mechanism)
		}
	}
}

func TestScramRefuses(t *testing.T) {
	t.Parallel()
	for name, challenge := range map[string]string{
		"another nonce":   "r=other,s=QSXCR+Q6sek8bf92,i=4096",
		"nonce as it was": "r=mine,s=QSXCR+Q6sek8bf92,i=4096",
		"no salt":         "r=mine1,i=4096",
		"no iterations":   "r=mine1,s=QSXCR+Q6sek8bf92",
		"too many":        "r=mine1,s=QSXCR+Q6sek8bf92,i=100000000",
		"salt is broken":  "r=mine1,s=?,i=4096",
	} {
		s := scram{keys: &Keys{}, mechanism: ScramSHA1, password: "pencil", nonce: "mine"}
		if _, err := s.final(challenge); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
