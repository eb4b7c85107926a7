// Package storagetest is the conformance suite of the storage: one set of
// tests, run against every engine. A new behaviour is tested here, never in
// one engine's own tests.
package storagetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"parley/storage"
	"parley/storage/sqlstore"
)

// timeout bounds every test of the suite, to fail instead of hanging.
const timeout = 2 * time.Minute

// Run runs the suite. open returns a store on the test's own database, not yet
// migrated; called again within the same test it opens that database once more.
// Run closes what it opens.
func Run(t *testing.T, open func(t *testing.T) *sqlstore.Store) {
	for name, test := range map[string]func(*testing.T, *harness){
		"accounts":              testAccounts,
		"account listing":       testAccountListing,
		"account deletion":      testAccountDeletion,
		"unicode JIDs":          testUnicode,
		"credentials":           testCredentials,
		"roster items":          testRosterItems,
		"roster changes":        testRosterChange,
		"roster concurrently":   testRosterConcurrent,
		"roster quota":          testRosterQuota,
		"roster since":          testRosterSince,
		"roster tombstones":     testRosterTombstones,
		"roster of a new owner": testRosterNewOwner,
		"messages":              testMessages,
		"message stored twice":  testMessageTwice,
		"message ids":           testMessageIDs,
		"quota":                 testQuota,
		"settling":              testSettle,
		"settling at once":      testSettleAtOnce,
		"settling by archive":   testSettleArchived,
		"archive":               testArchive,
		"archive ends":          testArchiveEnds,
		"finding a message":     testFindMessage,
		"finding far back":      testFindDepth,
		"recent origins":        testRecentOrigins,
		"purging":               testPurge,
		"archive rules":         testArchiveRules,
		"blocks":                testBlocks,
		"blocks concurrently":   testBlocksConcurrently,
		"reports":               testReports,
		"rooms":                 testRooms,
		"room list":             testRoomList,
		"affiliations":          testAffiliations,
		"archive of a room":     testRoomArchive,
		"streams":               testStreams,
		"suspended streams":     testSuspendedStreams,
		"units":                 testUnits,
		"unit with a failure":   testUnitFails,
		"number withheld":       testNumberWithheld,
		"spoilt unit":           testUnitSpoilt,
		"tokens":                testTokens,
		"order of a split":      testSplitOrder,
		"batch limit":           testBatchLimit,
		"callbacks":             testThen,
		"deleted messages":      testDeletedMessages,
		"last activity":         testLastActivity,
		"secrets":               testSecrets,
		"invites":               testInvites,
		"failing beside good":   testFailingBesideGood,
		"panicking change":      testPanickingChange,
		"close while busy":      testCloseWhileBusy,
		"cancelled writes":      testCancelled,
		"full queue":            testFullQueue,
		"reopening":             testReopen,
		"two stores at once":    testTwoStores,
		"upgrade of messages":   testUpgradeMessages,
		"migrate twice":         testMigrateTwice,
		"migrate concurrently":  testMigrateConcurrently,
		"schema too new":        testTooNew,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), timeout)
			defer cancel()
			test(t, &harness{ctx: ctx, open: open})
		})
	}
}

// harness is what a test of the suite works with.
type harness struct {
	ctx  context.Context
	open func(t *testing.T) *sqlstore.Store
}

// raw opens a store without migrating it.
func (h *harness) raw(t *testing.T) *sqlstore.Store {
	t.Helper()
	s := h.open(t)
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return s
}

// store opens a migrated store with the given accounts in it.
func (h *harness) store(t *testing.T, accounts ...string) *sqlstore.Store {
	t.Helper()
	s := h.raw(t)
	if _, err := s.Migrate(h.ctx); err != nil {
		t.Fatal(err)
	}
	for _, jid := range accounts {
		must(t, s.CreateAccount(h.ctx, jid, nil))
	}
	return s
}

// wait waits for a write and fails the test if it failed.
func (h *harness) wait(t *testing.T, p storage.Pending) {
	t.Helper()
	must(t, storage.Wait(h.ctx, p))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantErr(t *testing.T, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Fatalf("got error %v, want %v", got, want)
	}
}

func equal[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Fatalf("%s: got %v, want %v", what, got, want)
	}
}
