package sasl

import (
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // SCRAM-SHA-1 is what xmpp.js and others know
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"hash"
	"strings"
	"unicode/utf8"

	"github.com/xdg-go/stringprep"
	"golang.org/x/text/secure/precis"

	"parley/storage"
)

const (
	// MinIterations is the least that RFC 5802 §5.1 and RFC 7677 §4 allow.
	MinIterations = 4096
	// MaxIterations keeps one login below some hundred milliseconds.
	MaxIterations = 1_000_000
	// MaxPassword is the longest password in bytes.
	MaxPassword = 1024

	saltSize = 16
)

// Reasons why a password cannot be used.
var (
	ErrEmptyPassword = errors.New("the password is empty")
	ErrLongPassword  = fmt.Errorf("the password is longer than %d bytes", MaxPassword)
	ErrPassword      = errors.New("the password has a character that is not allowed (RFC 4013, RFC 8265)")
)

// family is one hash that SCRAM runs over. keyed names its stored keys.
type family struct {
	keyed string
	hash  func() hash.Hash
	size  int
}

// families are in order of strength.
var families = []family{
	{"SCRAM-SHA-256", sha256.New, sha256.Size},
	{"SCRAM-SHA-1", sha1.New, sha1.Size},
}

// deriver computes SaltedPassword (RFC 5802 §3); a value so that tests can
// count the work.
type deriver func(f family, prepared string, salt []byte, iterations int) ([]byte, error)

func derive(f family, prepared string, salt []byte, iterations int) ([]byte, error) {
	return pbkdf2.Key(f.hash, prepared, salt, iterations, f.size)
}

// NewKeys makes what is stored for password: one set of SCRAM keys per hash,
// each with a random salt of its own. A password that cannot be used is one of
// ErrEmptyPassword, ErrLongPassword and ErrPassword, which are fit to be shown.
func NewKeys(password string, iterations int) ([]storage.Credential, error) {
	if iterations < MinIterations || iterations > MaxIterations {
		return nil, fmt.Errorf("sasl: %d iterations: want %d to %d", iterations, MinIterations, MaxIterations)
	}
	prepared, err := preparePassword(password)
	if err != nil {
		return nil, err
	}
	out := make([]storage.Credential, 0, len(families))
	for _, f := range families {
		salt := make([]byte, saltSize)
		rand.Read(salt) // never fails (crypto/rand)
		salted, err := derive(f, prepared, salt, iterations)
		if err != nil {
			return nil, fmt.Errorf("sasl: %s: %w", f.keyed, err)
		}
		stored, server := f.keys(salted)
		out = append(out, storage.Credential{
			Mechanism: f.keyed, Salt: salt, Iterations: iterations, StoredKey: stored, ServerKey: server,
		})
	}
	return out, nil
}

// Verify reports whether password is the one that creds were made from.
func Verify(password string, creds []storage.Credential) bool {
	f, c, ok := strongest(creds)
	if !ok {
		return false
	}
	good, err := verify(derive, f, c, password)
	return err == nil && good
}

// verify compares in constant time; a password that cannot be prepared costs
// the same as a wrong one.
func verify(d deriver, f family, c storage.Credential, password string) (bool, error) {
	prepared, prepErr := preparePassword(password)
	salted, err := d(f, prepared, c.Salt, c.Iterations)
	if err != nil {
		return false, err
	}
	stored, _ := f.keys(salted)
	return subtle.ConstantTimeCompare(stored, c.StoredKey) == 1 && prepErr == nil, nil
}

// keys returns StoredKey and ServerKey (RFC 5802 §3).
func (f family) keys(salted []byte) (stored, server []byte) {
	h := f.hash()
	h.Write(mac(f.hash, salted, "Client Key"))
	return h.Sum(nil), mac(f.hash, salted, "Server Key")
}

func mac(h func() hash.Hash, key []byte, parts ...string) []byte {
	m := hmac.New(h, key)
	for _, p := range parts {
		m.Write([]byte(p))
	}
	return m.Sum(nil)
}

// strongest picks the key that PLAIN compares against.
func strongest(creds []storage.Credential) (family, storage.Credential, bool) {
	for _, f := range families {
		if c, ok := f.find(creds); ok {
			return f, c, true
		}
	}
	return family{}, storage.Credential{}, false
}

func (f family) find(creds []storage.Credential) (storage.Credential, bool) {
	for _, c := range creds {
		if c.Mechanism == f.keyed && len(c.StoredKey) == f.size && len(c.ServerKey) == f.size && c.Iterations > 0 {
			return c, true
		}
	}
	return storage.Credential{}, false
}

// saslprep is RFC 4013. It changes and forbids nothing in printable ASCII.
func saslprep(s string) (string, error) {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return stringprep.SASLprep.Prepare(s)
		}
	}
	return s, nil
}

// preparePassword applies SASLprep (RFC 4013), as SCRAM clients do. SASLprep
// knows Unicode 3.2 only; what it refuses for that (emoji, say) goes through
// its successor OpaqueString (RFC 8265 §4.2), which leaves such characters as
// clients that prepare nothing send them.
func preparePassword(s string) (string, error) {
	switch {
	case s == "":
		return "", ErrEmptyPassword
	case len(s) > MaxPassword:
		return "", ErrLongPassword
	case !utf8.ValidString(s) || strings.ContainsRune(s, 0):
		return "", ErrPassword
	}
	out, err := saslprep(s)
	if err != nil {
		out, err = precis.OpaqueString.String(s)
	}
	switch {
	case err != nil:
		return "", ErrPassword // without the cause, which quotes a character
	case out == "":
		return "", ErrEmptyPassword
	}
	return out, nil
}
