package storagetest

import (
	"testing"
	"time"

	"parley/storage"
)

func testLastActivity(t *testing.T, h *harness) {
	s := h.store(t, "alice@localhost")
	_, err := s.LastActivity(h.ctx, "alice@localhost")
	wantErr(t, err, storage.ErrNotFound)
	when := time.Date(2026, 5, 6, 7, 8, 9, 123456000, time.UTC)
	for _, want := range []storage.LastActivity{{When: when, Status: "gone fishing"}, {When: when.Add(time.Hour)}} {
		h.wait(t, s.SetLastActivity(h.ctx, "alice@localhost", want))
		got, err := s.LastActivity(h.ctx, "alice@localhost")
		must(t, err)
		equal(t, "last activity", got, want)
	}
	wantErr(t, storage.Wait(h.ctx, s.SetLastActivity(h.ctx, "nobody@localhost", storage.LastActivity{})), storage.ErrNotFound)
}
