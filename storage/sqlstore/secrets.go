package sqlstore

import (
	"context"
	"crypto/rand"
	"fmt"
)

// Secret returns the server's secret of that name, made of size random bytes at
// its first use and the same on every node from then on.
func (s *Store) Secret(ctx context.Context, name string, size int) ([]byte, error) {
	value, err := readSecret(ctx, s.engine, name)
	if err != nil {
		return nil, s.wrap("secret", err)
	}
	if value == nil {
		value, err = s.makeSecret(ctx, name, size)
	}
	if err != nil {
		return nil, err
	}
	if len(value) != size {
		return nil, fmt.Errorf("sqlstore: secret %q has %d bytes, not %d", name, len(value), size)
	}
	return value, nil
}

func readSecret(ctx context.Context, q Queryer, name string) (value []byte, err error) {
	err = q.Query(ctx, func(scan Scan) error { return scan(&value) },
		`SELECT value FROM secrets WHERE name = $1`, name)
	return value, err
}

// makeSecret offers a fresh value and returns the one that won, which may be
// another node's.
func (s *Store) makeSecret(ctx context.Context, name string, size int) (value []byte, err error) {
	fresh := make([]byte, size)
	if _, err := rand.Read(fresh); err != nil {
		return nil, fmt.Errorf("sqlstore: secret: %w", err)
	}
	err = s.do(ctx, "secret", "secret:"+name, func(ctx context.Context, tx Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO secrets (name, value) VALUES ($1, $2)
			ON CONFLICT (name) DO NOTHING`, name, fresh)
		if err != nil {
			return err
		}
		value, err = readSecret(ctx, tx, name)
		return err
	})
	return value, err
}
