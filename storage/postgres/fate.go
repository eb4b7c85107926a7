package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"parley/storage/sqlstore"
)

// How long to ask for the fate of a transaction, and how often.
const (
	fateFor   = 20 * time.Second
	fatePause = 100 * time.Millisecond
)

// errRolledBack is retried: nothing of the transaction is in the database.
var errRolledBack = errors.New("the connection was lost while committing; the transaction was rolled back")

// fate finds out what became of a transaction whose COMMIT got no answer. The
// server remembers, also across its own restart. Without this a write could be
// repeated that has happened, and a message be stored twice.
func (e *engine) fate(ctx context.Context, xid string, cause error) error {
	// The attempt's own time may be what has run out.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), fateFor)
	defer cancel()
	for {
		status, err := e.status(ctx, xid)
		switch {
		case err == nil && status == "committed":
			return nil
		case err == nil && status == "aborted":
			return fmt.Errorf("%w: %w", errRolledBack, cause)
		case err == nil && status != "in progress":
			return sqlstore.Undecided(cause)
		}
		select {
		case <-time.After(fatePause):
		case <-ctx.Done():
			return sqlstore.Undecided(cause)
		}
	}
}

func (e *engine) status(ctx context.Context, xid string) (status string, err error) {
	err = e.Query(ctx, func(scan sqlstore.Scan) error { return scan(&status) },
		`SELECT COALESCE(pg_xact_status($1::text::xid8), 'unknown')`, xid)
	return status, err
}
