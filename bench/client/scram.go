package client

import (
	"bytes"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // SCRAM-SHA-1 is what the comparison asks for
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"hash"
	"strconv"
	"strings"
	"sync"
)

// Mechanism is a SASL mechanism that users log in with.
type Mechanism string

// The mechanisms.
const (
	Plain       Mechanism = "PLAIN"
	ScramSHA1   Mechanism = "SCRAM-SHA-1"
	ScramSHA256 Mechanism = "SCRAM-SHA-256"
)

// Mechanisms are all, in the order of their cost.
var Mechanisms = []Mechanism{None, Token, Plain, ScramSHA1, ScramSHA256}

func (m Mechanism) hash() func() hash.Hash {
	if m == ScramSHA256 {
		return sha256.New
	}
	return sha1.New
}

// Keys remembers what passwords were hashed to: hashing is most of what a SCRAM
// login costs its client (RFC 5802 §3, SaltedPassword), and would cost the load
// generator more than the server.
type Keys struct {
	mu    sync.Mutex
	known map[keyID]*keys // guarded by mu

	tokens tokens
}

type keyID struct {
	mechanism      Mechanism
	password, salt string
	iterations     int
}

type keys struct {
	once                   sync.Once
	client, stored, server []byte
	err                    error
}

func (k *Keys) of(id keyID) (*keys, error) {
	k.mu.Lock()
	e, ok := k.known[id]
	if !ok {
		if k.known == nil {
			k.known = map[keyID]*keys{}
		}
		e = &keys{}
		k.known[id] = e
	}
	k.mu.Unlock()
	e.once.Do(func() { e.derive(id) })
	return e, e.err
}

func (e *keys) derive(id keyID) {
	h := id.mechanism.hash()
	salted, err := pbkdf2.Key(h, id.password, []byte(id.salt), id.iterations, h().Size())
	if err != nil {
		e.err = err
		return
	}
	e.client, e.server = mac(h, salted, "Client Key"), mac(h, salted, "Server Key")
	sum := h()
	sum.Write(e.client)
	e.stored = sum.Sum(nil)
}

func mac(h func() hash.Hash, key []byte, text string) []byte {
	m := hmac.New(h, key)
	m.Write([]byte(text))
	return m.Sum(nil)
}

// scram is one exchange (RFC 5802 §5). The password is used as it is: the
// generator's passwords are ASCII.
type scram struct {
	keys               *Keys
	mechanism          Mechanism
	password           string
	nonce, first, want string
}

const gs2Header = "n,," // no channel binding

func (s *scram) start(user string) string {
	var b [18]byte
	rand.Read(b[:]) // never fails
	s.nonce = base64.StdEncoding.EncodeToString(b[:])
	s.first = "n=" + user + ",r=" + s.nonce
	return gs2Header + s.first
}

// final answers the server's first message.
func (s *scram) final(challenge string) (string, error) {
	nonce, salt, iterations, err := parseChallenge(challenge)
	if err != nil {
		return "", err
	}
	if !strings.HasPrefix(nonce, s.nonce) || len(nonce) == len(s.nonce) {
		return "", errors.New("the server does not take up our nonce")
	}
	k, err := s.keys.of(keyID{s.mechanism, s.password, salt, iterations})
	if err != nil {
		return "", err
	}
	bare := "c=" + base64.StdEncoding.EncodeToString([]byte(gs2Header)) + ",r=" + nonce
	message := s.first + "," + challenge + "," + bare
	h := s.mechanism.hash()
	proof := mac(h, k.stored, message)
	for i := range proof {
		proof[i] ^= k.client[i]
	}
	s.want = "v=" + base64.StdEncoding.EncodeToString(mac(h, k.server, message))
	return bare + ",p=" + base64.StdEncoding.EncodeToString(proof), nil
}

// verify checks that the server knows the keys, too.
func (s *scram) verify(success []byte) error {
	if s.want == "" || !bytes.Equal(success, []byte(s.want)) {
		return errors.New("the server's signature is wrong")
	}
	return nil
}

// maxIterations keeps a hostile number from occupying the generator for ever.
const maxIterations = 1_000_000

func parseChallenge(challenge string) (nonce, salt string, iterations int, err error) {
	for field := range strings.SplitSeq(challenge, ",") {
		name, value, _ := strings.Cut(field, "=")
		switch name {
		case "r":
			nonce = value
		case "s":
			var raw []byte
			raw, err = base64.StdEncoding.DecodeString(value)
			salt = string(raw)
		case "i":
			iterations, err = strconv.Atoi(value)
		}
		if err != nil {
			return "", "", 0, fmt.Errorf("challenge %q: %w", challenge, err)
		}
	}
	if nonce == "" || salt == "" || iterations < 1 || iterations > maxIterations {
		return "", "", 0, fmt.Errorf("challenge %q is not one of RFC 5802", challenge)
	}
	return nonce, salt, iterations, nil
}
