package admin

import (
	"context"
	"time"

	"parley/storage"
)

// Reports are what users have said of others when they blocked them (XEP-0377).
type Reports interface {
	Reports(ctx context.Context, each func(storage.Report) error) error
	DeleteReports(ctx context.Context, before time.Time) (n int, err error)
}

// ListReports calls each for every report, the oldest first.
func (a *Admin) ListReports(ctx context.Context, each func(storage.Report) error) error {
	return a.store.Reports(ctx, each)
}

// ClearReports removes those that were received before a time.
func (a *Admin) ClearReports(ctx context.Context, before time.Time) (n int, err error) {
	return a.store.DeleteReports(ctx, before)
}
