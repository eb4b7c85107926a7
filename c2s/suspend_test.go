package c2s

import (
	"context"
	"errors"
	"log/slog"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"parley/internal/jid"
	"parley/internal/router"
	"parley/internal/session"
	"parley/stanza"
	"parley/storage"
)

// stuck is storage that does not get on until it is told to.
type stuck struct {
	Streams
	saves chan *stuckWrite
}

func (s stuck) SaveStream(storage.Stream) storage.Pending {
	w := &stuckWrite{done: make(chan struct{})}
	s.saves <- w
	return w
}

func (stuck) Stream(context.Context, string) (storage.Stream, error) {
	return storage.Stream{}, storage.ErrNotFound
}

func (stuck) SuspendStreams(context.Context, []storage.SuspendedStream) error { return nil }

type stuckWrite struct {
	done chan struct{}
	then func()
}

func (w *stuckWrite) Done() <-chan struct{} { return w.done }
func (w *stuckWrite) Err() error            { return nil }
func (w *stuckWrite) Then(f func())         { w.then = f }

func (w *stuckWrite) finish() {
	close(w.done)
	w.then()
}

// detachedOn returns a server with n sessions that wait for their clients, whose
// counts are not stored.
func detachedOn(t *testing.T, streams Streams, n int) (*Server, []*resumption) {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	s := New(Options{
		Domain: jid.MustParse("localhost"), Router: router.New(router.Options{Log: log}),
		Guesses: NewGuesses(GuessOptions{}), Streams: streams, Log: log,
	})
	var all []*resumption
	for i := range n {
		full := jid.MustParse("alice@localhost/" + strconv.Itoa(i))
		one := session.New(session.Info{JID: full, Log: log, Undelivered: s.Router.Undelivered}, nil, session.Limits{})
		m := s.managementOf(full.String(), "alice@localhost", time.Hour)
		one.Manage(m, nil)
		one.Handled(nil, false, nil)
		if !one.Detach() {
			t.Fatal("not detached")
		}
		r := &resumption{server: s, id: m.ID, window: m.Resume, session: one, until: time.Now().Add(m.Resume)}
		s.resumptions.put(r)
		all = append(all, r)
	}
	return s, all
}

// TestStopWithoutStorage: a server that stops while storage is away waits for it
// once, not once for each session.
func TestStopWithoutStorage(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const sessions = 100
		s, _ := detachedOn(t, stuck{saves: make(chan *stuckWrite, sessions)}, sessions)
		begun := time.Now()
		s.Shutdown(t.Context())
		if took := time.Since(begun); took > rememberFor {
			t.Errorf("it took %s, want no more than %s", took, rememberFor)
		}
	})
}

// TestResumeAtTheEnd: a client that comes while its session ends is told no count
// before the last one is stored (XEP-0198 §5).
func TestResumeAtTheEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		streams := stuck{saves: make(chan *stuckWrite, 1)}
		s, all := detachedOn(t, streams, 1)
		go all[0].end(nil, false)
		save := <-streams.saves
		told := make(chan bool, 1)
		go func() {
			ended, err := all[0].take(t.Context(), new(Conn))
			told <- ended && err == nil
		}()
		synctest.Wait()
		if len(told) != 0 {
			t.Error("it is told before the last count is stored")
		}
		save.finish()
		if !<-told {
			t.Error("it has got a session that has ended")
		}
		s.Shutdown(t.Context())
	})
}

// silent is storage that does not answer.
type silent struct{ Streams }

func (silent) Stream(ctx context.Context, _ string) (storage.Stream, error) {
	select {
	case <-ctx.Done():
		return storage.Stream{}, ctx.Err()
	case <-time.After(time.Hour):
		return storage.Stream{}, storage.ErrNotFound
	}
}

// TestResumeWithSilentStorage: who would have to be told a number is sent away
// when the storage does not answer, to come again.
func TestResumeWithSilentStorage(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, _ := detachedOn(t, silent{}, 0)
		defer s.Shutdown(t.Context())
		c, begun := &Conn{server: s, log: s.Log, account: jid.MustParse("alice@localhost")}, time.Now()
		failed, _, err := c.resume(t.Context(), stanza.New(session.NSManagement, "resume", "previd", "of yesterday", "h", "1"))
		if e, ok := errors.AsType[*stanza.StreamError](err); !ok || e.Condition != stanza.StreamInternalServerError || failed != nil {
			t.Errorf("got %v, %v", failed, err)
		}
		if took := time.Since(begun); took > lookUpFor {
			t.Errorf("it took %s", took)
		}
	})
}

// away is storage that cannot be read.
type away struct{ Streams }

func (away) Stream(context.Context, string) (storage.Stream, error) {
	return storage.Stream{}, errors.New("the database is away")
}

// TestResumeWithoutStorage: who would have to be told a number that cannot be read
// is not told <failed/>: without the number it would send again what is stored.
func TestResumeWithoutStorage(t *testing.T) {
	t.Parallel()
	s, _ := detachedOn(t, away{}, 0)
	defer s.Shutdown(t.Context())
	c := &Conn{server: s, log: s.Log, account: jid.MustParse("alice@localhost")}
	request := stanza.New(session.NSManagement, "resume", "previd", "of yesterday", "h", "1")
	failed, _, err := c.resume(t.Context(), request)
	if e, ok := errors.AsType[*stanza.StreamError](err); !ok || e.Condition != stanza.StreamInternalServerError || failed != nil {
		t.Errorf("got %v, %v", failed, err)
	}
}
