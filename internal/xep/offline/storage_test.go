package offline_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"parley/internal/jid"
	"parley/internal/module"
	"parley/internal/xep/offline"
	"parley/internal/xmpptest/imtest"
	"parley/stanza"
	"parley/storage"
)

// faulty is a store that can be made to wait or to fail.
type faulty struct {
	offline.Store
	reads, settles atomic.Int32  // how many are yet to fail
	arrived, gate  chan struct{} // if not nil, the next read says so and waits
	held           atomic.Bool
}

var errFaulty = errors.New("faulty")

func (f *faulty) Undelivered(ctx context.Context, account string, after int64, limit int) ([]storage.Message, error) {
	list, err := f.Store.Undelivered(ctx, account, after, limit)
	if f.held.CompareAndSwap(true, false) {
		close(f.arrived)
		<-f.gate
	}
	if f.reads.Add(-1) >= 0 {
		return nil, errFaulty
	}
	return list, err
}

func (f *faulty) SettleMessages(refs []storage.MessageRef) storage.Pending {
	if f.settles.Add(-1) >= 0 {
		return failed{}
	}
	return f.Store.SettleMessages(refs)
}

// failed is a write that did not succeed.
type failed struct{}

func (failed) Done() <-chan struct{} { c := make(chan struct{}); close(c); return c }
func (failed) Err() error            { return errFaulty }
func (failed) Then(f func())         { f() }

func faultyWorld(t *testing.T, opts offline.Options) (*imtest.World, *faulty) {
	t.Helper()
	f := &faulty{arrived: make(chan struct{}), gate: make(chan struct{})}
	opts.Retry = time.Millisecond
	return worldOf(t, imtest.Options{Offline: opts, OfflineStore: func(s offline.Store) offline.Store {
		f.Store = s
		return f
	}}), f
}

// TestReadFails: a session whose messages cannot be read gets them when they can,
// and nothing before them.
func TestReadFails(t *testing.T) {
	t.Parallel()
	w, f := faultyWorld(t, offline.Options{})
	a := w.Bind(t, romeo)
	a.Send(chat(1))
	f.reads.Store(3)
	b := w.Bind(t, juliet)
	b.Send(`<presence/>`)
	a.Send(chat(2))
	if got := fmt.Sprint(ids(t, b.Await(3))); got != "[1 2]" {
		t.Errorf("got %s", got)
	}
}

// TestSettleFails: what could not be noted as delivered is noted later.
func TestSettleFails(t *testing.T) {
	t.Parallel()
	w, f := faultyWorld(t, offline.Options{})
	a := w.Bind(t, romeo)
	b, _ := online(t, w, juliet)
	f.settles.Store(3)
	a.Send(chat(1))
	b.Got()
	b.Close()
	await(t, func() bool { return stored(t, w, "juliet@localhost") == 0 })
}

// TestNewMessagesWait: while a session catches up, new messages neither overtake
// nor are lost, whether they fit into the window or not. What is kept until it
// is its turn comes as it is, what is found in storage with its time.
func TestNewMessagesWait(t *testing.T) {
	t.Parallel()
	for name, window := range map[string]int{"fit": 0, "do not fit": 1} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, f := faultyWorld(t, offline.Options{Window: window})
			w.HeldBytes = 1 // confirms what it gets
			a := w.Bind(t, romeo)
			a.Send(chat(1))
			b := w.Bind(t, juliet)
			goOn := behind(t, f, b)
			a.Send(chat(2))
			a.Send(chat(3))
			goOn()
			got := b.Await(4)
			if got := fmt.Sprint(ids(t, got)); got != "[1 2 3]" {
				t.Errorf("got %s", got)
			}
			a.Send(chat(4))
			if got := fmt.Sprint(ids(t, b.Await(1))); got != "[4]" {
				t.Errorf("then got %s", got)
			}
		})
	}
}

// behind has c become available, and returns when it has read what there is and
// before it is sent anything; goOn lets it go on, and waits until it has.
func behind(t *testing.T, f *faulty, c *imtest.Client) (goOn func()) {
	t.Helper()
	f.held.Store(true)
	done := make(chan struct{})
	st := imtest.Stanza(t, c.JID(), `<presence/>`)
	go func() {
		defer close(done)
		c.SendStanza(st)
	}()
	<-f.arrived
	return func() {
		close(f.gate)
		<-done
	}
}

func message(id int64, body string) storage.Message {
	return storage.Message{
		ID: id, Account: "juliet@localhost", From: romeo, To: "juliet@localhost", Peer: "romeo@localhost",
		StanzaID: fmt.Sprint(id), Type: "chat", Payload: []byte("<body>" + body + "</body>"), Listed: true,
	}
}

// put stores a message under an id given before.
func put(t *testing.T, w *imtest.World, id int64, body string) module.Tracker {
	t.Helper()
	p := w.Store.AppendMessage(t.Context(), message(id, body), storage.Append{Undelivered: true})
	track := w.Offline.Track(jid.MustParse("juliet@localhost"), id, p)
	if err := storage.Wait(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	return track
}

// TestLowerIDLater: an id is given before its message is stored; one that turns
// up when higher ones were delivered is not passed over.
func TestLowerIDLater(t *testing.T) {
	t.Parallel()
	w := world(t, offline.Options{})
	low, high := w.Store.NewMessageID(), w.Store.NewMessageID()
	put(t, w, high, "x")
	b, got := online(t, w, juliet)
	if got := ids(t, got); len(got) != 1 {
		t.Errorf("got %s", got)
	}
	b.Send(`<presence type='unavailable'/>`)
	put(t, w, low, "x")
	b.Got()
	b.Send(`<presence/>`)
	if got := ids(t, b.Got()); len(got) != 1 || got[0] != fmt.Sprint(low) {
		t.Errorf("got %s, want %d", got, low)
	}
}

// TestLowerIDAmid: nor is one that turns up amid a page and is too large to be
// held back; what its sender stored after it comes after it.
func TestLowerIDAmid(t *testing.T) {
	t.Parallel()
	const window, rows = 60000, 40 // more than a page, which fits
	w, f := faultyWorld(t, offline.Options{Window: window})
	w.HeldBytes = 1 // confirms what it gets
	low := w.Store.NewMessageID()
	for range rows {
		put(t, w, w.Store.NewMessageID(), "x")
	}
	b := w.Bind(t, juliet)
	goOn := behind(t, f, b)
	high := w.Store.NewMessageID()
	for _, m := range []struct {
		id   int64
		body string
	}{{low, strings.Repeat("x", window)}, {high, "x"}} {
		st := imtest.Stanza(t, jid.MustParse(romeo), `<message to='juliet@localhost'><body>`+m.body+`</body></message>`)
		if put(t, w, m.id, m.body).Takes(b.Session, st) {
			t.Error("a session that is behind takes a message")
		}
	}
	goOn()
	got := ids(t, b.Await(1+rows+2)) // and its own presence
	if at, after := slices.Index(got, fmt.Sprint(low)), slices.Index(got, fmt.Sprint(high)); at < 0 || after < at {
		t.Errorf("the lower id came at %d and the higher one at %d of %d", at, after, len(got))
	}
}

// TestNothingOvertakesWhatIsHandedOn: what a session gets from one that broke
// comes before what is sent later.
func TestNothingOvertakesWhatIsHandedOn(t *testing.T) {
	t.Parallel()
	w, f := faultyWorld(t, offline.Options{})
	a := w.Bind(t, romeo)
	b, _ := online(t, w, juliet)
	c, _ := online(t, w, "juliet@localhost/chamber")
	a.Send(`<message to='juliet@localhost/balcony' type='chat' id='1'><body>x</body></message>`)
	b.Got()
	f.held.Store(true)
	b.Break()
	<-f.arrived
	a.Send(chat(2))
	close(f.gate)
	if got := fmt.Sprint(ids(t, c.Await(3))); got != "[1 2]" { // and the presence of the other
		t.Errorf("got %s", got)
	}
}

// TestAcknowledgedMeanwhile: what was acknowledged after it was read from storage
// is not sent again.
func TestAcknowledgedMeanwhile(t *testing.T) {
	t.Parallel()
	w, f := faultyWorld(t, offline.Options{})
	a := w.Bind(t, romeo)
	b := w.Bind(t, juliet, imtest.Managed)
	b.Send(`<presence/>`)
	a.Send(chat(1))
	b.Send(`<presence type='unavailable'/>`)
	if got := ids(t, b.Got()); len(got) != 1 {
		t.Fatalf("got %s", got)
	}
	goOn := behind(t, f, b)
	b.Acknowledge(b.Seen())
	w.Offline.Wait()
	if n := stored(t, w, "juliet@localhost"); n != 0 {
		t.Fatalf("%d wait", n)
	}
	goOn()
	if got := ids(t, b.Got()); len(got) != 0 {
		t.Errorf("got %s again", got)
	}
}

// TestBeforeTheHook: a session has announced itself and not been told of as
// available yet; what came while it was not goes first all the same.
func TestBeforeTheHook(t *testing.T) {
	t.Parallel()
	w := world(t, offline.Options{})
	a := w.Bind(t, romeo)
	b, _ := online(t, w, juliet)
	b.Send(`<presence type='unavailable'/>`)
	a.Send(chat(1))
	b.Got()
	b.SetPresence(&module.Availability{
		Stanza: module.NewStanza(stanza.Presence, "", b.JID(), jid.JID{}), Stretch: new(module.Stretch),
	})
	a.Send(chat(2))
	if got := ids(t, b.Got()); len(got) != 0 {
		t.Errorf("got %s before what it has missed", got)
	}
	if err := w.Router.Hooks.SessionAvailable.Run(t.Context(), b.Session); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(ids(t, b.Await(2))); got != "[1 2]" {
		t.Errorf("got %s", got)
	}
}

// TestTurnedAway: a session that has taken a negative priority since the router
// chose it gets the message when it takes messages again, before newer ones.
func TestTurnedAway(t *testing.T) {
	t.Parallel()
	w := world(t, offline.Options{})
	a := w.Bind(t, romeo)
	b, _ := online(t, w, juliet)
	away := true
	w.Router.Hooks.MessageCopy.Add(module.StageCopy, func(context.Context, *module.Event) error {
		if away {
			b.Send(`<presence><priority>-1</priority></presence>`)
			away = false
		}
		return nil
	})
	a.Send(chat(1))
	a.Send(chat(2))
	if got := ids(t, b.Got()); len(got) != 0 {
		t.Errorf("got %s while it takes none", got)
	}
	b.Send(`<presence/>`)
	if got := fmt.Sprint(ids(t, b.Got())); got != "[1 2]" {
		t.Errorf("got %s", got)
	}
}

// await polls a condition that has to come true.
func await(t *testing.T, ok func() bool) {
	t.Helper()
	for !ok() {
		if t.Context().Err() != nil {
			t.Fatal("the test has ended")
		}
		time.Sleep(time.Millisecond)
	}
}

// TestTrackedLate: a message may be read from storage, delivered and acknowledged
// before its tracker is asked for. It is not sent again.
func TestTrackedLate(t *testing.T) {
	t.Parallel()
	w, f := faultyWorld(t, offline.Options{})
	id := w.Store.NewMessageID()
	p := w.Store.AppendMessage(t.Context(), message(id, "x"), storage.Append{Undelivered: true})
	if err := storage.Wait(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	f.settles.Store(math.MaxInt32) // it stays known
	b, got := online(t, w, juliet)
	if len(got) != 1 {
		t.Fatalf("got %s", got)
	}
	b.Alive()
	track := w.Offline.Track(jid.MustParse("juliet@localhost"), id, p)
	if track.Takes(b.Session, imtest.Stanza(t, jid.MustParse(romeo), chat(1))) {
		t.Error("it would be sent again")
	}
	f.settles.Store(0)
	await(t, func() bool { return stored(t, w, "juliet@localhost") == 0 })
}
