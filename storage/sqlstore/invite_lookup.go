package sqlstore

import (
	"context"
	"time"

	"parley/storage"
)

// Invite returns an invitation without using it: an unknown, used or expired
// token is storage.ErrNotFound.
func (s *Store) Invite(ctx context.Context, token string, now time.Time) (storage.Invite, error) {
	var found storage.Invite
	err := s.engine.Query(ctx, scanInvite(&found), `SELECT token, creator, created, expires FROM invites
		WHERE token = $1 AND (expires = 0 OR expires > $2)`, token, fromTime(now))
	if err == nil && found.Token == "" {
		err = storage.ErrNotFound
	}
	return found, s.wrap("invite", err)
}
