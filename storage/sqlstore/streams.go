package sqlstore

import (
	"context"
	"time"

	"parley/storage"
)

// SaveStream writes what is kept of a stream, over what was. For an account that
// does not exist it writes nothing. It never blocks; callers have one such write
// of a stream under way.
func (s *Store) SaveStream(stream storage.Stream) storage.Pending {
	// Under one key, so that what is said of a stream stays in order.
	return s.commits.submitFree(&op{name: "save stream", key: afterAccounts, stream: &stream})
}

// Stream returns a stream by its SM-ID, or storage.ErrNotFound.
func (s *Store) Stream(ctx context.Context, id string) (storage.Stream, error) {
	stream, known := storage.Stream{ID: id}, false
	err := s.engine.Query(ctx, func(scan Scan) error {
		var handled, seen int64
		err := scan(&stream.Account, &handled, &seen)
		stream.Handled, stream.Seen, known = uint32(handled), toTime(seen), true
		return err
	}, `SELECT account, handled, seen FROM streams WHERE id = $1`, id)
	if err == nil && !known {
		err = storage.ErrNotFound
	}
	if err != nil {
		return storage.Stream{}, s.wrap("stream", err)
	}
	return stream, nil
}

// DeleteStreams removes all streams of an account.
func (s *Store) DeleteStreams(ctx context.Context, account string) error {
	return s.do(ctx, "delete streams", account, func(ctx context.Context, tx Tx) error {
		_, err := tx.Exec(ctx, `DELETE FROM streams WHERE account = $1`, account)
		if err == nil {
			_, err = tx.Exec(ctx, `DELETE FROM suspended_streams WHERE account = $1`, account)
		}
		return err
	})
}

// PruneStreams removes the streams that were written before a time.
func (s *Store) PruneStreams(ctx context.Context, seenBefore time.Time) (n int, err error) {
	err = s.do(ctx, "prune streams", afterAccounts, func(ctx context.Context, tx Tx) error {
		removed, err := tx.Exec(ctx, `DELETE FROM streams WHERE seen < $1`, fromTime(seenBefore))
		n = int(removed)
		return err
	})
	return n, err
}
