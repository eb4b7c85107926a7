package storagetest

import (
	"fmt"
	"testing"

	"parley/storage"
	"parley/storage/sqlstore"
)

// BenchRead measures what a login reads: credentials, a roster of 200, nothing
// new in it, and a page of 100 messages that wait or of the archive.
func BenchRead(b *testing.B, open func(b *testing.B) *sqlstore.Store) {
	s := benchStore(b, open, 0)
	const account, contacts = "alice@localhost", 200
	creds := []storage.Credential{{Mechanism: "SCRAM-SHA-1"}, {Mechanism: "SCRAM-SHA-256"}}
	check := func(b *testing.B, err error) {
		b.Helper()
		if err != nil {
			b.Fatal(err)
		}
	}
	check(b, s.CreateAccount(b.Context(), account, creds))
	version := uint64(0)
	for i := range contacts {
		_, _, v, err := s.UpdateRoster(b.Context(), account, fmt.Sprintf("contact%d@localhost", i), 0,
			func(item *storage.RosterItem, _ bool) (bool, error) { *item = full(""); return true, nil })
		check(b, err)
		check(b, storage.Wait(b.Context(), s.AppendMessage(b.Context(), received(s, account, i), waits)))
		version = v
	}
	for _, read := range []struct {
		name string
		run  func() error
	}{
		{"credentials", func() error { _, _, err := s.Credentials(b.Context(), account); return err }},
		{"roster of 200", func() error { _, err := s.Roster(b.Context(), account); return err }},
		{"roster unchanged", func() error { _, _, err := s.RosterSince(b.Context(), account, version); return err }},
		{"undelivered page of 100", func() error { _, err := s.Undelivered(b.Context(), account, 0, 100); return err }},
		{"archive page of 100", func() error {
			_, _, err := s.Archive(b.Context(), account, storage.ArchiveFilter{}, storage.ArchivePage{Max: 100, Last: true})
			return err
		}},
	} {
		b.Run(read.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				check(b, read.run())
			}
		})
	}
}
