package sqlstore

import (
	"context"
	"time"

	"parley/storage"
)

// CreateInvite stores an invitation; a token that exists is
// storage.ErrConflict. Expired invitations are swept out on the way.
func (s *Store) CreateInvite(ctx context.Context, i storage.Invite) error {
	return s.do(ctx, "create invite", "invite:"+i.Token, func(ctx context.Context, tx Tx) error {
		n, err := tx.Exec(ctx, `INSERT INTO invites (token, creator, created, expires)
			VALUES ($1, $2, $3, $4) ON CONFLICT (token) DO NOTHING`,
			i.Token, i.Creator, fromTime(i.Created), fromTime(i.Expires))
		if err != nil {
			return err
		}
		if n == 0 {
			return storage.ErrConflict
		}
		_, err = tx.Exec(ctx, `DELETE FROM invites WHERE expires > 0 AND expires <= $1`, fromTime(i.Created))
		return err
	})
}

// UseInvite takes an invitation, once: an unknown, used or expired token is
// storage.ErrNotFound.
func (s *Store) UseInvite(ctx context.Context, token string, now time.Time) (storage.Invite, error) {
	var used storage.Invite
	err := s.do(ctx, "use invite", "invite:"+token, func(ctx context.Context, tx Tx) error {
		used = storage.Invite{}
		if err := tx.Query(ctx, scanInvite(&used), `SELECT token, creator, created, expires FROM invites
			WHERE token = $1 AND (expires = 0 OR expires > $2) FOR UPDATE`, token, fromTime(now)); err != nil {
			return err
		}
		n, err := tx.Exec(ctx, `DELETE FROM invites WHERE token = $1`, used.Token)
		if err != nil {
			return err
		}
		return found(n)
	})
	if err != nil {
		return storage.Invite{}, err
	}
	return used, nil
}

func scanInvite(i *storage.Invite) func(Scan) error {
	return func(scan Scan) error {
		var created, expires int64
		err := scan(&i.Token, &i.Creator, &created, &expires)
		i.Created, i.Expires = toTime(created), toTime(expires)
		return err
	}
}
