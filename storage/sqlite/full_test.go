package sqlite_test

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"parley/storage"
	"parley/storage/sqlite"
)

// The disk is full: a write fails with an error that can be told, what was
// confirmed stays, and when there is room again writing goes on.
func TestFull(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "parley.db")
	s := migrated(t, path)
	if err := s.CreateAccount(t.Context(), "alice@localhost", nil); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = sqlite.OpenSmall(t, path, 100)
	kept := 0
	var err error
	for err == nil && kept < 1000 {
		m := storage.Message{Account: "alice@localhost", ID: s.NewMessageID(), Listed: true, Payload: make([]byte, 5000)}
		if err = storage.Wait(t.Context(), s.AppendMessage(t.Context(), m, storage.Append{})); err == nil {
			kept++
		}
	}
	if !errors.Is(err, storage.ErrFull) || !strings.Contains(err.Error(), "make room") || kept == 0 {
		t.Fatalf("after %d messages: %v", kept, err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = sqlite.OpenSmall(t, path, 0)
	defer s.Close()
	m := storage.Message{Account: "alice@localhost", ID: s.NewMessageID(), Listed: true, Payload: make([]byte, 5000)}
	if err := storage.Wait(t.Context(), s.AppendMessage(t.Context(), m, storage.Append{})); err != nil {
		t.Fatal(err)
	}
	n, err := s.ArchiveCount(t.Context(), "alice@localhost", storage.ArchiveFilter{})
	if err != nil || n != kept+1 {
		t.Errorf("%d messages, %v; want %d", n, err, kept+1)
	}
}
