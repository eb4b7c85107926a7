package storagetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"parley/storage"
	"parley/storage/sqlstore"
)

// block occupies the committer: a write that runs until release is called.
func (h *harness) block(t *testing.T, update func(change func(*storage.RosterItem, bool) (bool, error)) error) (release func()) {
	t.Helper()
	running, gate, ended := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	var once sync.Once
	go func() {
		ended <- update(func(*storage.RosterItem, bool) (bool, error) {
			once.Do(func() { close(running) })
			<-gate
			return false, nil
		})
	}()
	<-running
	var released sync.Once
	release = func() {
		released.Do(func() {
			close(gate)
			if err := <-ended; err != nil {
				t.Error(err)
			}
		})
	}
	t.Cleanup(release)
	return release
}

func testFailingBesideGood(t *testing.T, h *harness) {
	s := h.store(t, "alice@localhost", "bob@localhost")
	fill(t, h, s, "bob@localhost", 1)
	update := func(change func(*storage.RosterItem, bool) (bool, error)) error {
		_, _, _, err := s.UpdateRoster(h.ctx, "alice@localhost", "x", 0, change)
		return err
	}
	// While the committer is held, all of these gather in one batch.
	release := h.block(t, update)
	refused := errors.New("refused")
	var wg sync.WaitGroup
	expect := func(want error, write func() error) {
		wg.Go(func() {
			if err := write(); !errors.Is(err, want) {
				t.Errorf("got %v, want %v", err, want)
			}
		})
	}
	pending := func(account string, n, max int) func() error {
		p := s.AppendMessage(h.ctx, received(s, account, n), storage.Append{Undelivered: true, MaxUndelivered: max})
		return func() error { return storage.Wait(h.ctx, p) }
	}
	for i := range 10 {
		expect(nil, pending("alice@localhost", i, 0))
		expect(storage.ErrQuota, pending("bob@localhost", i, 1))
		expect(storage.ErrNotFound, pending("nobody@localhost", i, 0))
		expect(refused, func() error {
			return update(func(*storage.RosterItem, bool) (bool, error) { return true, refused })
		})
		expect(storage.ErrConflict, func() error { return s.CreateAccount(h.ctx, "alice@localhost", nil) })
		// Fails after it has written, in the database itself.
		twice := []storage.Credential{{Mechanism: "SCRAM-SHA-1"}, {Mechanism: "SCRAM-SHA-1"}}
		wg.Go(func() {
			if err := s.CreateAccount(h.ctx, fmt.Sprintf("bad%d@localhost", i), twice); err == nil {
				t.Error("the same mechanism was taken twice")
			}
		})
		expect(nil, func() error { return s.CreateAccount(h.ctx, fmt.Sprintf("good%d@localhost", i), twice[:1]) })
	}
	release()
	wg.Wait()
	for account, want := range map[string]int{"alice@localhost": 10, "bob@localhost": 1} {
		equal(t, "messages of "+account, len(h.undelivered(t, s, account)), want)
	}
	list, err := s.Accounts(h.ctx, "", "", 0)
	must(t, err)
	equal(t, "accounts", len(list), 12)
}

func testPanickingChange(t *testing.T, h *harness) {
	s := h.store(t, "alice@localhost")
	_, _, _, err := s.UpdateRoster(h.ctx, "alice@localhost", "x", 0,
		func(*storage.RosterItem, bool) (bool, error) { panic("oops") })
	if err == nil {
		t.Fatal("no error")
	}
	_, _, _, err = s.UpdateRoster(h.ctx, "alice@localhost", "x", 0, listed)
	must(t, err)
}

func testCloseWhileBusy(t *testing.T, h *harness) {
	s := h.store(t, "alice@localhost")
	var mu sync.Mutex
	kept, started := 0, make(chan struct{}, 1000)
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			for i := 0; ; i++ {
				err := storage.Wait(h.ctx, s.AppendMessage(h.ctx, received(s, alice, i), waits))
				if errors.Is(err, storage.ErrClosed) {
					return
				}
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				kept++
				mu.Unlock()
				select {
				case started <- struct{}{}:
				default:
				}
			}
		})
	}
	<-started
	var closers sync.WaitGroup
	for range 3 {
		closers.Go(func() {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	closers.Wait()
	wg.Wait()
	_, _, _, err := s.UpdateRoster(h.ctx, "alice@localhost", "x", 0, listed)
	wantErr(t, err, storage.ErrClosed)

	// Everything that was confirmed is there.
	n, err := h.store(t).CountUndelivered(h.ctx, "alice@localhost")
	must(t, err)
	equal(t, "messages", n, kept)
}

func testCancelled(t *testing.T, h *harness) {
	s := h.store(t, "alice@localhost")
	release := h.block(t, func(change func(*storage.RosterItem, bool) (bool, error)) error {
		_, _, _, err := s.UpdateRoster(h.ctx, "alice@localhost", "x", 0, change)
		return err
	})
	ctx, cancel := context.WithCancel(h.ctx)
	// Accepted before its context ends: it is made all the same.
	accepted := s.AppendMessage(ctx, received(s, alice, 1), waits)
	withdrawn := make(chan error, 1)
	go func() {
		_, _, _, err := s.UpdateRoster(ctx, "alice@localhost", "never", 0, listed)
		withdrawn <- err
	}()
	cancel()
	// Answered while the committer is still busy with another write.
	wantErr(t, <-withdrawn, context.Canceled)
	late := s.AppendMessage(ctx, received(s, alice, 2), waits)
	wantErr(t, storage.Wait(h.ctx, late), context.Canceled)
	wantErr(t, storage.Wait(ctx, accepted), context.Canceled)
	release()
	h.wait(t, accepted)

	r, err := s.Roster(h.ctx, "alice@localhost")
	must(t, err)
	equal(t, "items", len(r.Items), 0)
	n, err := s.CountUndelivered(h.ctx, "alice@localhost")
	must(t, err)
	equal(t, "messages", n, 1)
	_, err = s.Roster(ctx, "alice@localhost")
	wantErr(t, err, context.Canceled)
}

func testFullQueue(t *testing.T, h *harness) {
	s := h.store(t, "alice@localhost")
	release := h.block(t, func(change func(*storage.RosterItem, bool) (bool, error)) error {
		_, _, _, err := s.UpdateRoster(h.ctx, "alice@localhost", "x", 0, change)
		return err
	})
	var pending []storage.Pending
	for i := range sqlstore.DefaultQueue {
		pending = append(pending, s.AppendMessage(h.ctx, received(s, alice, i), waits))
	}
	equal(t, "queued", sqlstore.Queued(s), sqlstore.DefaultQueue)
	// The next one waits for room, as long as its caller does.
	ctx, cancel := context.WithCancel(h.ctx)
	refused, late := make(chan storage.Pending, 1), make(chan storage.Pending, 1)
	go func() { refused <- s.AppendMessage(ctx, received(s, alice, -1), waits) }()
	cancel()
	wantErr(t, storage.Wait(h.ctx, <-refused), context.Canceled)
	go func() { late <- s.AppendMessage(h.ctx, received(s, alice, sqlstore.DefaultQueue), waits) }()
	select {
	case <-late:
		t.Error("a write was queued beyond the limit")
	default:
	}
	release()
	for _, p := range append(pending, <-late) {
		h.wait(t, p)
	}
	n, err := s.CountUndelivered(h.ctx, "alice@localhost")
	must(t, err)
	equal(t, "messages", n, sqlstore.DefaultQueue+1)
}

func testReopen(t *testing.T, h *harness) {
	s := h.store(t, "alice@localhost")
	fill(t, h, s, "alice@localhost", 3)
	_, _, version, err := s.UpdateRoster(h.ctx, "alice@localhost", "bob@localhost", 0, listed)
	must(t, err)
	secret, err := s.Secret(h.ctx, "s", 16)
	must(t, err)
	must(t, s.Close())
	must(t, s.Close())

	s = h.store(t)
	n, err := s.CountUndelivered(h.ctx, "alice@localhost")
	must(t, err)
	equal(t, "messages", n, 3)
	r, err := s.Roster(h.ctx, "alice@localhost")
	must(t, err)
	equal(t, "version", r.Version, version)
	equal(t, "items", len(r.Items), 1)
	again, err := s.Secret(h.ctx, "s", 16)
	must(t, err)
	equal(t, "secret", string(again), string(secret))
}

// testTwoStores writes to the same accounts from two stores, as two nodes or a
// server and its command line do.
func testTwoStores(t *testing.T, h *harness) {
	nodes := []interface {
		NewMessageID() int64
		AppendMessage(context.Context, storage.Message, storage.Append) storage.Pending
		UpdateRoster(context.Context, string, string, int, func(*storage.RosterItem, bool) (bool, error)) (_, _ storage.RosterItem, _ uint64, _ error)
	}{h.store(t, "alice@localhost", "bob@localhost"), h.store(t)}
	const rounds, quota = 40, 60
	var mu sync.Mutex
	kept, versions := map[string]int{}, map[uint64]bool{}
	var wg sync.WaitGroup
	for i := range 2 * rounds {
		for _, account := range []string{"alice@localhost", "bob@localhost"} {
			wg.Go(func() {
				err := storage.Wait(h.ctx, nodes[i%2].AppendMessage(h.ctx, received(nodes[i%2], account, i), storage.Append{Undelivered: true, MaxUndelivered: quota}))
				if err != nil && !isQuota(err) {
					t.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					kept[account]++
				}
			})
		}
		wg.Go(func() {
			_, _, v, err := nodes[i%2].UpdateRoster(h.ctx, "alice@localhost", fmt.Sprint(i), 0, listed)
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			versions[v] = true
		})
	}
	wg.Wait()
	equal(t, "alice's messages", kept["alice@localhost"], quota)
	equal(t, "bob's messages", kept["bob@localhost"], quota)
	equal(t, "roster versions", len(versions), 2*rounds)
}
