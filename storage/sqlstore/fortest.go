package sqlstore

import (
	"context"

	"parley/migrations"
)

// MarkVersion is for tests: it pretends that a later program migrated the
// database to a version.
func MarkVersion(ctx context.Context, s *Store, version int) error {
	return s.do(ctx, "mark version", "", func(ctx context.Context, tx Tx) error {
		return record(ctx, tx, migrations.Migration{Version: version, Name: "of a later program"})
	})
}
