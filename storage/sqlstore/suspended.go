package sqlstore

import (
	"context"

	"parley/storage"
)

// SuspendStreams keeps what is needed to resume streams after a restart.
func (s *Store) SuspendStreams(ctx context.Context, streams []storage.SuspendedStream) error {
	return s.do(ctx, "suspend streams", afterAccounts, func(ctx context.Context, tx Tx) error {
		for _, one := range streams {
			_, err := tx.Exec(ctx, `INSERT INTO suspended_streams (id, account, state)
				SELECT $1, jid, $3 FROM accounts WHERE jid = $2`, one.ID, one.Account, fromBytes(one.State))
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// TakeSuspendedStreams returns them, and forgets them: what is older than the
// last orderly end must never come back.
func (s *Store) TakeSuspendedStreams(ctx context.Context) (streams []storage.SuspendedStream, err error) {
	err = s.do(ctx, "take suspended streams", afterAccounts, func(ctx context.Context, tx Tx) error {
		streams = nil
		err := tx.Query(ctx, func(scan Scan) error {
			var one storage.SuspendedStream
			err := scan(&one.ID, &one.Account, &one.State)
			streams = append(streams, one)
			return err
		}, `SELECT id, account, state FROM suspended_streams ORDER BY id`)
		if err != nil || len(streams) == 0 {
			return err
		}
		_, err = tx.Exec(ctx, `DELETE FROM suspended_streams`)
		return err
	})
	return streams, err
}
