package sqlstore

import (
	"context"

	"parley/storage"
)

// Tokens returns the tokens of one client of an account, or of all its clients
// when client is empty, the current one before the new one.
func (s *Store) Tokens(ctx context.Context, account, client string) ([]storage.Token, error) {
	var list []storage.Token
	err := s.engine.Query(ctx, func(scan Scan) error {
		t := storage.Token{Account: account}
		var created, expires, used int64
		err := scan(&t.Client, &t.New, &t.Mechanism, &t.Salt, &created, &expires, &used,
			&t.Address, &t.Software, &t.Device)
		t.Created, t.Expires, t.Used = toTime(created), toTime(expires), toTime(used)
		list = append(list, t)
		return err
	}, `SELECT client, fresh, mechanism, salt, created, expires, used, address, software, device
		FROM tokens WHERE account = $1 AND ($2 = '' OR client = $2) ORDER BY client, fresh`, account, client)
	return list, s.wrap("tokens", err)
}

// PutToken stores a token over the one in the same slot of the same client
// (XEP-0484 §6.1). It fails with storage.ErrNotFound when the account does not
// exist.
func (s *Store) PutToken(ctx context.Context, t storage.Token) error {
	return s.do(ctx, "put token", t.Account, func(ctx context.Context, tx Tx) error {
		n, err := tx.Exec(ctx, `INSERT INTO tokens
				(account, client, fresh, mechanism, salt, created, expires, used, address, software, device)
			SELECT jid, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11 FROM accounts WHERE jid = $1
			ON CONFLICT (account, client, fresh) DO UPDATE SET mechanism = excluded.mechanism,
				salt = excluded.salt, created = excluded.created, expires = excluded.expires,
				used = excluded.used, address = excluded.address,
				software = excluded.software, device = excluded.device`,
			t.Account, t.Client, t.New, t.Mechanism, fromBytes(t.Salt), fromTime(t.Created), fromTime(t.Expires),
			fromTime(t.Used), t.Address, t.Software, t.Device)
		if err != nil {
			return err
		}
		return found(n)
	})
}

// UseToken takes note that a token, named by account, client and salt, was used:
// when and from where. If it was the new one it is the current one from now on
// and the older one is gone. A token that is gone is storage.ErrNotFound.
func (s *Store) UseToken(ctx context.Context, t storage.Token) error {
	return s.do(ctx, "use token", t.Account, func(ctx context.Context, tx Tx) error {
		_, err := tx.Exec(ctx, `DELETE FROM tokens WHERE account = $1 AND client = $2 AND NOT fresh
			AND EXISTS (SELECT 1 FROM tokens n
				WHERE n.account = $1 AND n.client = $2 AND n.fresh AND n.salt = $3)`,
			t.Account, t.Client, fromBytes(t.Salt))
		if err != nil {
			return err
		}
		n, err := tx.Exec(ctx, `UPDATE tokens SET fresh = FALSE, used = $4, address = $5
			WHERE account = $1 AND client = $2 AND salt = $3`,
			t.Account, t.Client, fromBytes(t.Salt), fromTime(t.Used), t.Address)
		if err != nil {
			return err
		}
		return found(n)
	})
}

// DeleteTokens removes the tokens of one client of an account, or of all its
// clients when client is empty.
func (s *Store) DeleteTokens(ctx context.Context, account, client string) (n int, err error) {
	err = s.do(ctx, "delete tokens", account, func(ctx context.Context, tx Tx) error {
		deleted, err := tx.Exec(ctx, `DELETE FROM tokens WHERE account = $1 AND ($2 = '' OR client = $2)`, account, client)
		n = int(deleted)
		return err
	})
	return n, err
}
