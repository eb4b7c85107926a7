package c2s

import (
	"context"
	"net/netip"
	"time"

	"parley/internal/sasl"
	"parley/storage"
)

// Guesses limits the guessing of passwords: attempts from one address are
// refused after AddressLimit failures within the window, and attempts at one
// account are slowed down after AccountLimit, without ever being refused, so
// that nobody is locked out by others. A success resets nothing.
type Guesses struct {
	opts     GuessOptions
	failures throttle
}

// GuessOptions configure Guesses. A limit of 0 is none.
type GuessOptions struct {
	AddressLimit, AccountLimit int           // failures within Window
	Window                     time.Duration // begins with the first failure
	Backoff                    time.Duration // the first wait of an account; it doubles
}

// NewGuesses returns counters.
func NewGuesses(opts GuessOptions) *Guesses {
	return &Guesses{opts: opts, failures: throttle{window: opts.Window}}
}

func addressKey(a netip.Addr) string { return "address " + network(a).String() }

func accountKey(bare string) string { return "account " + bare }

// fail books a failed attempt at the account (a bare JID; empty if unknown).
func (g *Guesses) fail(addr netip.Addr, account string) {
	now := time.Now()
	g.failures.fail(now, addressKey(addr))
	if account != "" {
		g.failures.fail(now, accountKey(account))
	}
}

// refuses reports whether addr has used up its attempts for now.
func (g *Guesses) refuses(addr netip.Addr) bool {
	return g.opts.AddressLimit > 0 && g.failures.count(time.Now(), addressKey(addr)) >= g.opts.AddressLimit
}

// maxAccountWait is the longest that an attempt at a much guessed account waits.
const maxAccountWait = 8 * time.Second

// wait delays an attempt: twice as long for each failure over the limit.
func (g *Guesses) wait(ctx context.Context, account string) error {
	if g.opts.AccountLimit <= 0 {
		return nil
	}
	over := g.failures.count(time.Now(), accountKey(account)) - g.opts.AccountLimit
	if over < 0 {
		return nil
	}
	return sleep(ctx, min(maxAccountWait, g.opts.Backoff<<min(over, 10)))
}

// Store returns store with the delay before every look-up: each mechanism
// looks up the keys once in an attempt, for unknown accounts too.
func (g *Guesses) Store(store sasl.Store) sasl.Store { return slowStore{g, store} }

type slowStore struct {
	guesses *Guesses
	store   sasl.Store
}

func (s slowStore) Credentials(ctx context.Context, account string) (storage.Account, []storage.Credential, error) {
	if err := s.guesses.wait(ctx, account); err != nil {
		return storage.Account{}, nil, err
	}
	return s.store.Credentials(ctx, account)
}
