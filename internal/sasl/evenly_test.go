package sasl_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"parley/internal/jid"
	"parley/internal/sasl"
	"parley/storage"
)

// slowly finds accounts later than it finds none.
type slowly struct {
	sasl.Store
	known, unknown time.Duration
}

func (s slowly) Credentials(ctx context.Context, account string) (storage.Account, []storage.Credential, error) {
	acc, creds, err := s.Store.Credentials(ctx, account)
	if err != nil {
		time.Sleep(s.unknown)
	} else {
		time.Sleep(s.known)
	}
	return acc, creds, err
}

// TestLookUpsTakeAsLong: the first answer comes as late for an account that exists
// as for one that does not, though the database takes longer for it.
func TestLookUpsTakeAsLong(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ known, unknown, want time.Duration }{
		"within a step": {90 * time.Microsecond, 60 * time.Microsecond, sasl.LookUpStep},
		"within two":    {sasl.LookUpStep + 90*time.Microsecond, sasl.LookUpStep + 60*time.Microsecond, 2 * sasl.LookUpStep},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				_, store := newServer(t)
				s, err := sasl.New(sasl.Options{
					Domain: jid.MustParse("localhost"), Store: slowly{store, c.known, c.unknown},
					Secret: []byte("0123456789abcdef"), Iterations: iterations,
				})
				if err != nil {
					t.Fatal(err)
				}
				s.SleepAsTests()
				for _, message := range []string{"n,,n=alice,r=abc", "n,,n=nobody,r=abc", "n,,n=no body,r=abc"} {
					begin := time.Now()
					if _, _, err := start(t, s, "SCRAM-SHA-256", overTLS).Step(t.Context(), []byte(message)); err != nil {
						t.Fatal(err)
					}
					if got := time.Since(begin); got != c.want {
						t.Errorf("%s: answered after %v, want %v", message, got, c.want)
					}
				}
			})
		})
	}
}
