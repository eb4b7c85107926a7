package parley

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strconv"
	"sync"

	"parley/internal/config"
	"parley/internal/sasl"
	"parley/internal/server"
	"parley/storage"
	"parley/storage/sqlstore"
)

// together is how many accounts are written at once; the storage makes them one
// commit.
const together = 256

// Accounts are users that a load generator logs in.
type Accounts struct {
	Prefix, Password string
	N                int
	domain           string
}

// newAccounts names n users as no other run does: the database may be shared.
func newAccounts(n int, domain string) Accounts {
	var b [12]byte
	rand.Read(b[:]) // never fails
	return Accounts{
		Prefix: "load-" + hex.EncodeToString(b[:4]) + "-", Password: hex.EncodeToString(b[4:]),
		N: n, domain: domain,
	}
}

func (a Accounts) jid(i int) string { return a.Prefix + strconv.Itoa(i) + "@" + a.domain }

// create registers them straight in the database. All have one password and one
// set of keys: hashing it for each would take minutes.
func (a Accounts) create(ctx context.Context, cfg *config.Config) error {
	keys, err := sasl.NewKeys(a.Password, cfg.SASL.Iterations)
	if err != nil {
		return err
	}
	return a.each(ctx, cfg, func(ctx context.Context, store *sqlstore.Store, jid string) error {
		return store.CreateAccount(ctx, jid, keys)
	})
}

// remove deletes them.
func (a Accounts) remove(ctx context.Context, cfg *config.Config) error {
	return a.each(ctx, cfg, func(ctx context.Context, store *sqlstore.Store, jid string) error {
		if err := store.DeleteAccount(ctx, jid); !errors.Is(err, storage.ErrNotFound) {
			return err
		}
		return nil
	})
}

func (a Accounts) each(ctx context.Context, cfg *config.Config, f func(context.Context, *sqlstore.Store, string) error) (err error) {
	store, err := server.OpenStore(ctx, cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	if _, err := store.Migrate(ctx); err != nil {
		return err
	}
	numbers, failed := make(chan int), make(chan error, together)
	var workers sync.WaitGroup
	for range min(together, a.N) {
		workers.Go(func() {
			for i := range numbers {
				if err := f(ctx, store, a.jid(i)); err != nil {
					failed <- fmt.Errorf("account %s: %w", a.jid(i), err)
					return
				}
			}
		})
	}
	err = a.feed(numbers, failed)
	close(numbers)
	workers.Wait()
	select {
	case late := <-failed:
		err = errors.Join(err, late)
	default:
	}
	return err
}

func (a Accounts) feed(numbers chan<- int, failed <-chan error) error {
	for i := range a.N {
		select {
		case numbers <- i:
		case err := <-failed:
			return err
		}
	}
	return nil
}

// Fill makes n accounts in the SQLite database of a folder, for a server that
// will be started by others.
func Fill(ctx context.Context, folder, prefix, password string, n int) error {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	cfg, err := config.Load([]string{"PARLEY_DATA_DIR=" + folder, "PARLEY_SASL_ITERATIONS=4096"}, "")
	if err != nil {
		return err
	}
	return Accounts{Prefix: prefix, Password: password, N: n, domain: domain}.create(ctx, cfg)
}
