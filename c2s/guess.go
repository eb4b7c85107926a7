package c2s

import (
	"context"
	"errors"
	"hash/maphash"
	"net/netip"
	"time"
)

// Guesses limits the guessing of passwords. Passwords from one address are
// refused after AddressLimit failures within the window. One account is tried at
// a limited rate, from each address and in all, and slower after AccountLimit
// failures, without ever being refused, so that nobody is locked out by others:
// from each address one attempt waits in that line, and who comes from where the
// account has logged in before passes it by. A success resets nothing. Tokens
// cannot be guessed, and wait for nobody.
type Guesses struct {
	opts     GuessOptions
	failures throttle
	lines    lines
	known    addressesKnown
}

// GuessOptions configure Guesses. A limit of 0 is none.
type GuessOptions struct {
	AddressLimit, AccountLimit int           // failures within Window
	Window                     time.Duration // begins with the first failure
	Backoff                    time.Duration // the first wait of an account; it doubles
	PerAddress, PerAccount     int           // passwords tried at one account in a second
}

// NewGuesses returns counters.
func NewGuesses(opts GuessOptions) *Guesses {
	seed := maphash.MakeSeed()
	return &Guesses{
		opts: opts, failures: throttle{window: opts.Window},
		lines: lines{seed: seed}, known: addressesKnown{seed: seed, max: maxKnown},
	}
}

func addressKey(a netip.Addr) string { return "address " + network(a).String() }

func tokenKey(a netip.Addr) string { return "token " + network(a).String() }

func accountKey(bare string) string { return "account " + bare }

func pairKey(a netip.Addr, bare string) string { return network(a).String() + " " + bare }

// fail books a wrong password for the account (a bare JID).
func (g *Guesses) fail(addr netip.Addr, account string) {
	g.failures.fail(time.Now(), addressKey(addr), accountKey(account))
}

// failToken books a wrong token. It is no guess at the account's password, so it
// slows down nobody else who logs in to it.
func (g *Guesses) failToken(addr netip.Addr) {
	g.failures.fail(time.Now(), addressKey(addr), tokenKey(addr))
}

// refuses reports whether addr has used up its attempts for now.
func (g *Guesses) refuses(addr netip.Addr) bool { return g.over(addressKey(addr)) }

// refusesToken: wrong passwords from an address, which may be shared, are no
// reason to keep those out that hold a token.
func (g *Guesses) refusesToken(addr netip.Addr) bool { return g.over(tokenKey(addr)) }

func (g *Guesses) over(key string) bool {
	return g.opts.AddressLimit > 0 && g.failures.count(time.Now(), key) >= g.opts.AddressLimit
}

// errRefused: while an attempt waited, others from its address used up theirs.
var errRefused = errors.New("too many failed attempts from this address")

// turn waits until addr may try the password of the account, known or not. hit
// is told the limits that it waits for.
func (g *Guesses) turn(ctx context.Context, addr netip.Addr, account string, hit func(limit string)) error {
	pair := pairKey(addr, account)
	leave, err := g.lines.enter(ctx, pair)
	if err != nil {
		return err
	}
	defer leave()
	err = wait(ctx, g.lines.pass(pair, g.opts.PerAddress), limitAddressTries, hit)
	if err == nil && !g.known.has(pair) {
		err = g.inLine(ctx, account, hit)
	}
	if err == nil && g.refuses(addr) {
		return errRefused
	}
	return err
}

// inLine is where strangers wait for each other.
func (g *Guesses) inLine(ctx context.Context, account string, hit func(limit string)) error {
	if err := wait(ctx, g.backoff(account), limitAccountFailures, hit); err != nil {
		return err
	}
	return wait(ctx, g.lines.pass(accountKey(account), g.opts.PerAccount), limitAccountTries, hit)
}

func wait(ctx context.Context, d time.Duration, limit string, hit func(limit string)) error {
	if d > 0 {
		hit(limit)
	}
	return sleep(ctx, d)
}

// maxAccountWait is the longest that an attempt at a much guessed account waits
// for its failures.
const maxAccountWait = 8 * time.Second

// backoff is twice as long for each failure over the limit.
func (g *Guesses) backoff(account string) time.Duration {
	if g.opts.AccountLimit <= 0 {
		return 0
	}
	over := g.failures.count(time.Now(), accountKey(account)) - g.opts.AccountLimit
	if over < 0 {
		return 0
	}
	return min(maxAccountWait, g.opts.Backoff<<min(over, 10))
}

// succeeded remembers from where the account logs in. An attempt with the right
// password was no guess: the next one need not wait for it.
func (g *Guesses) succeeded(addr netip.Addr, account string, password bool) {
	pair := pairKey(addr, account)
	stranger := !g.known.has(pair)
	g.known.add(pair)
	if password {
		g.lines.giveBack(pair, g.opts.PerAddress)
	}
	if password && stranger { // he was in that line
		g.lines.giveBack(accountKey(account), g.opts.PerAccount)
	}
}

// forget drops what is over.
func (g *Guesses) forget(now time.Time) {
	g.failures.forget(now)
	g.lines.forget(now)
}
