package sasl

import (
	"sync"
	"time"

	"parley/storage"
)

// SetNonce fixes the server's part of the nonce, for published exchanges.
func (s *Server) SetNonce(n string) { s.nonce = func() string { return n } }

// Hurry lets look-ups last as long as they do.
func (s *Server) Hurry() { s.step = 0 }

// SleepAsTests makes look-ups wait with a clock that tests can set.
func (s *Server) SleepAsTests() { s.clock.sleep = time.Sleep }

// LookUpStep is how long a look-up lasts at least.
const LookUpStep = lookUpStep

// LeaveUnprotected takes the attribute of XEP-0474 out of SCRAM, for exchanges
// that were published before it.
func (s *Server) LeaveUnprotected() { s.unprotected = true }

// DowngradeHash is that attribute's value.
func DowngradeHash(mechanism string, mechanisms, bindings []string) string {
	for _, f := range families {
		if f.keyed == mechanism {
			return downgradeHash(f, mechanisms, bindings)
		}
	}
	panic(mechanism)
}

// Work counts what an exchange costs.
type Work struct {
	mu          sync.Mutex
	Derivations []int // iterations of each PBKDF2
}

// CountWork makes s report its derivations.
func (s *Server) CountWork() *Work {
	w := new(Work)
	s.derive = func(f family, prepared string, salt []byte, iterations int) ([]byte, error) {
		w.mu.Lock()
		w.Derivations = append(w.Derivations, iterations)
		w.mu.Unlock()
		return derive(f, prepared, salt, iterations)
	}
	return w
}

// NewKeysWithSalt makes the keys of one family from a published salt.
func NewKeysWithSalt(mechanism, password string, salt []byte, iterations int) storage.Credential {
	for _, f := range families {
		if f.keyed == mechanism {
			salted, err := derive(f, password, salt, iterations)
			if err != nil {
				panic(err)
			}
			stored, server := f.keys(salted)
			return storage.Credential{Mechanism: mechanism, Salt: salt, Iterations: iterations, StoredKey: stored, ServerKey: server}
		}
	}
	panic(mechanism)
}

// PreparePassword is what is derived from.
var PreparePassword = preparePassword

// Fingerprint is what Exchange.Keys returns for an account with these.
var Fingerprint = fingerprint
