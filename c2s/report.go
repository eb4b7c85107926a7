package c2s

import (
	"errors"
	"log/slog"
	"maps"
	"net/netip"
	"strings"
	"sync"

	"parley/internal/sasl"
)

// The limits whose hits are told, by the names of their keys in the
// configuration. What ends a stream because of its content is told with the
// stream error.
const (
	limitConnections     = "connections_per_address"
	limitUnauthenticated = "unauthenticated_per_address"
	limitAuthTime        = "auth_timeout"
	limitStreamFailures  = "auth_failures_per_stream"
	limitAddressFailures = "auth_failures_per_address"
	limitAccountFailures = "auth_failures_per_account"
	limitAddressTries    = "password_tries_per_address"
	limitAccountTries    = "password_tries_per_account"
	limitRate            = "rate"
)

// Login is one outcome of an authentication.
type Login struct{ Mechanism, Result string }

// The results of an authentication.
const (
	resultSuccess = "success"
	resultFailure = "failure" // not the right password or token
	resultRefused = "refused" // not tried: too many failures before
	resultInvalid = "invalid" // not a proper attempt, or given up
	resultError   = "error"   // ours
)

// tally counts what the operator wants to know of, and the lines that say it.
type tally struct {
	mu     sync.Mutex
	logins map[Login]uint64  // guarded by mu
	limits map[string]uint64 // guarded by mu
	ends   map[string]uint64 // guarded by mu: stream errors
}

func tallied[K comparable](t *tally, m *map[K]uint64, key K) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if *m == nil {
		*m = make(map[K]uint64)
	}
	(*m)[key]++
}

// Logins returns how many authentications ended how.
func (s *Server) Logins() map[Login]uint64 {
	s.tally.mu.Lock()
	defer s.tally.mu.Unlock()
	return maps.Clone(s.tally.logins)
}

// LimitHits returns how often which limit was hit.
func (s *Server) LimitHits() map[string]uint64 {
	s.tally.mu.Lock()
	defer s.tally.mu.Unlock()
	return maps.Clone(s.tally.limits)
}

// StreamErrors returns how many streams ended with which condition.
func (s *Server) StreamErrors() map[string]uint64 {
	s.tally.mu.Lock()
	defer s.tally.mu.Unlock()
	return maps.Clone(s.tally.ends)
}

// hit says that a limit was reached. A flood does not fill the log.
func (s *Server) hit(log *slog.Logger, limit string, args ...any) {
	tallied(&s.tally, &s.tally.limits, limit)
	s.sparing.Info(log, limit, "limit reached", append([]any{"limit", limit}, args...)...)
}

// refused says that a connection is not served.
func (s *Server) refused(transport string, addr netip.Addr, err error) {
	limit := limitConnections
	if errors.Is(err, errUnauthenticated) {
		limit = limitUnauthenticated
	}
	tallied(&s.tally, &s.tally.limits, limit)
	s.sparing.Info(s.Log, limit, "connection refused", "transport", transport, "addr", addr.String(), "limit", limit, "err", err)
}

// authentication writes the line of one authentication. What was no attempt at a
// password or token is written sparingly: it can be repeated at will.
func (c *Conn) authentication(result string, args ...any) {
	mechanism := knownMechanism(c.mechanism)
	tallied(&c.server.tally, &c.server.tally.logins, Login{mechanism, result})
	args = append([]any{"result", result, "mechanism", mechanism}, args...)
	if result == resultSuccess || result == resultFailure {
		c.log.Info("authentication", args...)
		return
	}
	c.server.sparing.Info(c.log, "authentication "+result, "authentication", args...)
}

// knownMechanism keeps what a client made up out of log and metrics.
func knownMechanism(m string) string {
	if sasl.Known(m) {
		return m
	}
	return "other"
}

// resultOf sorts failures.
func resultOf(f *sasl.Failure) string {
	switch f.Condition {
	case sasl.NotAuthorized, sasl.CredentialsExpired, sasl.AccountDisabled, sasl.InvalidAuthzid:
		return resultFailure
	case sasl.TemporaryAuthFailure:
		return resultError
	}
	return resultInvalid
}

// isToken reports whether the exchange is one that passwords are not guessed with.
func isToken(mechanism string) bool { return strings.HasPrefix(mechanism, "HT-") }
