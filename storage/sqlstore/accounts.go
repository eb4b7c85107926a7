package sqlstore

import (
	"context"
	"math"
	"strings"
	"time"

	"parley/storage"
)

// CreateAccount registers jid. It fails with storage.ErrConflict when the
// account exists.
func (s *Store) CreateAccount(ctx context.Context, jid string, creds []storage.Credential) error {
	now := fromTime(time.Now())
	return s.do(ctx, "create account", jid, func(ctx context.Context, tx Tx) error {
		// Roster versions start at the time of creation: an account registered
		// anew under an old name never repeats a version its clients may have
		// cached (RFC 6121 §2.6).
		n, err := tx.Exec(ctx, `
			INSERT INTO accounts (jid, domain, disabled, created, roster_version, roster_floor)
			VALUES ($1, $2, FALSE, $3, $3, $3) ON CONFLICT (jid) DO NOTHING`,
			jid, domainOf(jid), now)
		if err != nil {
			return err
		}
		if n == 0 {
			return storage.ErrConflict
		}
		// Another node may have stored one for the last owner of the name while it
		// was removed.
		if err := deleteMessages(ctx, tx, jid); err != nil {
			return err
		}
		return insertCredentials(ctx, tx, jid, creds)
	})
}

func domainOf(jid string) string { return jid[strings.LastIndexByte(jid, '@')+1:] }

func insertCredentials(ctx context.Context, tx Tx, jid string, creds []storage.Credential) error {
	for _, c := range creds {
		_, err := tx.Exec(ctx, `
			INSERT INTO credentials (account, mechanism, salt, iterations, stored_key, server_key)
			VALUES ($1, $2, $3, $4, $5, $6)`,
			jid, c.Mechanism, fromBytes(c.Salt), c.Iterations, fromBytes(c.StoredKey), fromBytes(c.ServerKey))
		if err != nil {
			return err
		}
	}
	return nil
}

// Account returns an account or storage.ErrNotFound.
func (s *Store) Account(ctx context.Context, jid string) (storage.Account, error) {
	var found []storage.Account
	err := s.engine.Query(ctx, scanAccounts(&found),
		`SELECT jid, disabled, created FROM accounts WHERE jid = $1`, jid)
	if err == nil && len(found) == 0 {
		err = storage.ErrNotFound
	}
	if err != nil {
		return storage.Account{}, s.wrap("account", err)
	}
	return found[0], nil
}

func scanAccounts(into *[]storage.Account) func(Scan) error {
	return func(scan Scan) error {
		var a storage.Account
		var created int64
		if err := scan(&a.JID, &a.Disabled, &created); err != nil {
			return err
		}
		a.Created = toTime(created)
		*into = append(*into, a)
		return nil
	}
}

// Credentials returns an account with what it logs in with, or
// storage.ErrNotFound.
func (s *Store) Credentials(ctx context.Context, jid string) (acc storage.Account, creds []storage.Credential, err error) {
	row := func(scan Scan) error {
		var c storage.Credential
		var created int64
		err := scan(&acc.JID, &acc.Disabled, &created,
			&c.Mechanism, &c.Salt, &c.Iterations, &c.StoredKey, &c.ServerKey)
		if err != nil {
			return err
		}
		acc.Created = toTime(created)
		if c.Mechanism != "" {
			creds = append(creds, c)
		}
		return nil
	}
	err = s.engine.Query(ctx, row, `
		SELECT a.jid, a.disabled, a.created, COALESCE(c.mechanism, ''), c.salt,
			COALESCE(c.iterations, 0), c.stored_key, c.server_key
		FROM accounts a LEFT JOIN credentials c ON c.account = a.jid
		WHERE a.jid = $1 ORDER BY c.mechanism`, jid)
	if err == nil && acc.JID == "" {
		err = storage.ErrNotFound
	}
	return acc, creds, s.wrap("credentials", err)
}

// SetCredentials replaces all credentials of an account.
func (s *Store) SetCredentials(ctx context.Context, jid string, creds []storage.Credential) error {
	return s.do(ctx, "set credentials", jid, func(ctx context.Context, tx Tx) error {
		if err := lock(ctx, tx, jid); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM credentials WHERE account = $1`, jid); err != nil {
			return err
		}
		return insertCredentials(ctx, tx, jid, creds)
	})
}

func lock(ctx context.Context, tx Tx, jid string) error {
	n := int64(0)
	err := tx.Query(ctx, func(scan Scan) error { return scan(&n) }, lockAccount, jid)
	if err != nil {
		return err
	}
	return found(n)
}

// SetDisabled locks an account out or lets it in again.
func (s *Store) SetDisabled(ctx context.Context, jid string, disabled bool) error {
	return s.do(ctx, "set disabled", jid, func(ctx context.Context, tx Tx) error {
		n, err := tx.Exec(ctx, `UPDATE accounts SET disabled = $2 WHERE jid = $1`, jid, disabled)
		if err != nil {
			return err
		}
		return found(n)
	})
}

// Accounts lists the accounts of a domain, or of all when it is empty, ordered
// by JID, at most limit of them after the JID given. A limit of 0 or less means
// none.
func (s *Store) Accounts(ctx context.Context, domain, after string, limit int) ([]storage.Account, error) {
	if limit <= 0 {
		limit = math.MaxInt32
	}
	list, args := `SELECT jid, disabled, created FROM accounts WHERE jid > $1 ORDER BY jid LIMIT $2`, []any{after, limit}
	if domain != "" {
		list = `SELECT jid, disabled, created FROM accounts WHERE jid > $1 AND domain = $3 ORDER BY jid LIMIT $2`
		args = append(args, domain)
	}
	var found []storage.Account
	err := s.engine.Query(ctx, scanAccounts(&found), list, args...)
	return found, s.wrap("accounts", err)
}

// DeleteAccount removes an account and everything it owns. Items in the rosters
// of others that point at it stay; their owners' clients are told by presence.
func (s *Store) DeleteAccount(ctx context.Context, jid string) error {
	if _, err := s.Account(ctx, jid); err != nil {
		return err
	}
	// A long archive goes before, in steps that others' writes come between.
	for more := true; more; {
		err := s.do(ctx, "delete account", jid, func(ctx context.Context, tx Tx) (err error) {
			more, err = deleteSome(ctx, tx, jid)
			return err
		})
		if err != nil {
			return err
		}
	}
	return s.do(ctx, "delete account", jid, func(ctx context.Context, tx Tx) error {
		return deleteAccount(ctx, tx, jid)
	})
}

// deletedAtOnce is how many messages go in one transaction.
const deletedAtOnce = 1000

// deleteSome removes the oldest messages of an account and reports whether there
// may be more.
func deleteSome(ctx context.Context, tx Tx, account string) (more bool, err error) {
	marks, err := tx.Exec(ctx, `DELETE FROM undelivered WHERE account = $1 AND id IN
		(SELECT id FROM undelivered WHERE account = $1 ORDER BY id LIMIT $2)`, account, deletedAtOnce)
	if err != nil {
		return false, err
	}
	n, err := tx.Exec(ctx, `DELETE FROM messages WHERE account = $1 AND id IN
		(SELECT id FROM messages WHERE account = $1 ORDER BY id LIMIT $2)`, account, deletedAtOnce)
	return n == deletedAtOnce || marks == deletedAtOnce, err
}

func deleteAccount(ctx context.Context, tx Tx, jid string) error {
	// What the account owns goes by ON DELETE CASCADE, except invites: their
	// creator need not be an account; and messages, which have no reference.
	n, err := tx.Exec(ctx, `DELETE FROM accounts WHERE jid = $1`, jid)
	if err != nil {
		return err
	}
	if n == 0 {
		return storage.ErrNotFound
	}
	if err := deleteMessages(ctx, tx, jid); err != nil {
		return err
	}
	if err := forgetAffiliations(ctx, tx, jid); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `DELETE FROM invites WHERE creator = $1`, jid)
	return err
}

func deleteMessages(ctx context.Context, tx Tx, account string) error {
	if _, err := tx.Exec(ctx, `DELETE FROM undelivered WHERE account = $1`, account); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `DELETE FROM messages WHERE account = $1`, account)
	return err
}
