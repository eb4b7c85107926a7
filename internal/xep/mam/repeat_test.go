package mam_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"parley/internal/module"
	"parley/internal/xep/mam"
	"parley/internal/xmpptest/imtest"
	"parley/internal/xmpptest/modtest"
	"parley/stanza"
	"parley/storage"
)

func message(to, id, origin, more string) string {
	return fmt.Sprintf(`<message to='%s' type='chat' id='%s'><body>%s</body><origin-id xmlns='urn:xmpp:sid:0' id='%s'/>%s</message>`, to, id, id, origin, more)
}

// TestSentAgain: a message that comes again with its origin-id is stored and
// delivered once, in one run and after a start, from any client of the account
// and to any resource of the other.
func TestSentAgain(t *testing.T) {
	t.Parallel()
	for _, more := range []string{"", "<no-permanent-store xmlns='urn:xmpp:hints'/>"} {
		w := newWorld(t, mam.Options{})
		b := w.online(t, juliet)
		a := w.Bind(t, romeo)
		a.Send(message("juliet@localhost", "1", "o1", more))
		a.Send(message("juliet@localhost", "1", "o1", more))
		w.Bind(t, "romeo@localhost/phone").Send(message(juliet, "1", "o1", more))
		b.Expect(`<message from='` + romeo + `' to='juliet@localhost' type='chat' id='1'><body>1</body>{more}</message>`)
		nothing(t, b)
		if more != "" {
			continue // the sender's archive does not know of it
		}
		w = w.restart(t)
		b = w.online(t, juliet)
		b.Expect(`<message from='` + romeo + `' to='juliet@localhost' type='chat' id='1'><body>1</body>{more}</message>`) // not acknowledged
		w.Bind(t, romeo).Send(message("juliet@localhost", "1", "o1", more))
		nothing(t, b)
		for _, account := range []string{"romeo@localhost", "juliet@localhost"} {
			if rows := w.archive(t, account); len(rows) != 1 {
				t.Errorf("%s has %d rows", account, len(rows))
			}
		}
		if n := len(w.waiting(t, "juliet@localhost")); n != 1 {
			t.Errorf("%d rows wait", n)
		}
	}
}

// TestNotAgain: what only looks like a repetition is none.
func TestNotAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, mam.Options{})
	w.account(t, "tybalt@localhost")
	a := w.Bind(t, romeo)
	long := make([]byte, 257) // no id is remembered that is longer than 256 bytes
	for i := range long {
		long[i] = 'x'
	}
	for _, xml := range []string{
		message("juliet@localhost", "1", "o1", ""),
		message("tybalt@localhost", "1", "o1", ""),
		message("juliet@localhost", "1", "o2", ""),
		message("juliet@localhost", "1", "", ""),
		message("juliet@localhost", "1", "", ""),
		`<message to='juliet@localhost' type='chat' id='1'><body>x</body></message>`,
		`<message to='juliet@localhost' type='chat' id='1'><body>x</body></message>`,
		message("juliet@localhost", "1", string(long), ""),
		message("juliet@localhost", "1", string(long), ""),
		message("juliet@localhost", "1", string(long[1:]), ""),
		message("juliet@localhost", "1", string(long[1:]), ""),
		message("juliet@localhost", string(long), "o3", ""),
		message("juliet@localhost", string(long), "o3", ""),
		message("juliet@localhost", string(long[1:]), "o4", ""),
		message("juliet@localhost", string(long[1:]), "o4", ""),
	} {
		a.Send(xml)
	}
	if n := len(w.archive(t, "romeo@localhost")); n != 13 {
		t.Errorf("the sender has %d rows, want 13", n)
	}
	if n := len(w.archive(t, "juliet@localhost")); n != 12 {
		t.Errorf("the recipient has %d rows, want 12", n)
	}
}

// TestNotesAgain: the same for messages to oneself, also after a start.
func TestNotesAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, mam.Options{})
	xml := message("romeo@localhost", "1", "o1", "")
	w.Bind(t, romeo).Send(xml)
	w.Bind(t, "romeo@localhost/phone").Send(xml)
	w = w.restart(t)
	w.Bind(t, romeo).Send(xml)
	if n := len(w.archive(t, "romeo@localhost")); n != 1 {
		t.Errorf("got %d rows", n)
	}
}

// TestAgainAfterError: a message that was refused is new when it comes again.
func TestAgainAfterError(t *testing.T) {
	t.Parallel()
	w := newWorld(t, mam.Options{MaxUndelivered: 1})
	a := w.Bind(t, romeo)
	w.send(t, a, message("juliet@localhost", "0", "o0", ""))
	const full = `<message id='1' type='error' from='juliet@localhost' to='` + romeo + `'>{any}</message>`
	again := message("juliet@localhost", "1", "o1", "")
	w.send(t, a, again)
	a.Expect(full)
	w.send(t, a, again)
	a.Expect(full)
	b := w.online(t, juliet)
	b.Expect(`<message from='` + romeo + `' to='juliet@localhost' type='chat' id='0'><body>0</body>{more}</message>`)
	w.send(t, a, again)
	b.Expect(`<message from='` + romeo + `' to='juliet@localhost' type='chat' id='1'><body>1</body>{more}</message>`)
	w.send(t, a, again)
	nothing(t, a)
	nothing(t, b)
	for account, n := range map[string]int{"romeo@localhost": 2, "juliet@localhost": 2} {
		if rows := w.archive(t, account); len(rows) != n {
			t.Errorf("%s has %d rows, want %d", account, len(rows), n)
		}
	}
}

// TestAgainAfterRefusal: what is refused at once, after the sender's archive got
// it, and is sent again, has one row there.
func TestAgainAfterRefusal(t *testing.T) {
	t.Parallel()
	w := newWorld(t, mam.Options{})
	w.Router.Hooks.MessageToAccount.Add(module.StageCheck, func(_ context.Context, ev *module.Event) error {
		if ev.Type == "chat" {
			return stanza.NewError(stanza.NotAcceptable, "")
		}
		return nil
	})
	a := w.Bind(t, romeo)
	for range 3 {
		w.send(t, a, message("juliet@localhost", "1", "o1", ""))
		a.Expect(`<message id='1' type='error' from='juliet@localhost' to='` + romeo + `'>{any}</message>`)
	}
	if rows := w.archive(t, "romeo@localhost"); len(rows) != 1 {
		t.Errorf("got %d rows", len(rows))
	}
}

// TestAgainAfterQuietEnd: a message that somebody has taken away without a word
// counts as handled when it comes again, too.
func TestAgainAfterQuietEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t, mam.Options{})
	w.Router.Hooks.MessageToAccount.Add(module.StageCheck, func(context.Context, *module.Event) error { return module.ErrHandled })
	a := w.Bind(t, romeo)
	for range 2 {
		w.send(t, a, message("juliet@localhost", "1", "o1", "<no-permanent-store xmlns='urn:xmpp:hints'/>"))
		w.send(t, a, message("juliet@localhost", "2", "o2", ""))
	}
	nothing(t, a)
	if rows := w.archive(t, "romeo@localhost"); len(rows) != 1 {
		t.Errorf("got %d rows", len(rows))
	}
}

// TestAgainAfterBounce: the same where the recipient's client or server refuses
// it later.
func TestAgainAfterBounce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, mam.Options{})
	a, b := w.online(t, romeo), w.online(t, juliet)
	again := message("juliet@localhost", "1", "o1", "")
	const arrives = `<message from='` + romeo + `' to='juliet@localhost' type='chat' id='1'><body>1</body>{more}</message>`
	w.send(t, a, again)
	b.Expect(arrives)
	b.Send(`<message to='` + romeo + `' id='2' type='error'/>`) // of another message
	a.Next()
	w.send(t, a, again)
	nothing(t, b)
	b.Send(`<message to='` + romeo + `' id='1' type='error'/>`)
	a.Next()
	w.send(t, a, again)
	b.Expect(arrives)
}

// TestAgainAfterPanic: a handler panicked before the recipient's side had the
// message, which counts as handled then, and the sender's may have it. When it
// comes again it is delivered.
func TestAgainAfterPanic(t *testing.T) {
	t.Parallel()
	for name, more := range map[string]string{"listed": "", "not listed": "<no-permanent-store xmlns='urn:xmpp:hints'/>"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, mam.Options{})
			panics := true
			w.Router.Hooks.MessageToAccount.Add(module.StageDeliver, func(context.Context, *module.Event) error {
				if panics {
					panic("test")
				}
				return nil
			})
			a, xml := w.Bind(t, romeo), message("juliet@localhost", "1", "o1", more)
			w.takePanicking(t, a, xml)
			panics = false
			w.send(t, w.Bind(t, "romeo@localhost/again"), xml)
			if n := len(w.waiting(t, "juliet@localhost")); n != 1 {
				t.Errorf("%d rows wait, want 1", n)
			}
		})
	}
}

// takePanicking hands the server a stanza as a connection does: what was gathered
// before a panic is stored.
func (w *world) takePanicking(t *testing.T, c *modtest.Client, xml string) {
	t.Helper()
	var u storage.Unit
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
		if u.Len() > 0 {
			last := w.store.Submit(t.Context(), &u, func() (storage.Stream, bool) { return storage.Stream{}, false })
			_ = storage.Wait(t.Context(), last) // not to be written
		}
	}()
	w.Router.FromClient(t.Context(), &module.Event{Stanza: imtest.Stanza(t, c.JID(), xml), Session: c.Session, Unit: &u})
}

// TestKilledBetween: the server was killed when only the sender's row was
// stored. The message that comes again is delivered; the sender's archive has it
// once.
func TestKilledBetween(t *testing.T) {
	t.Parallel()
	w := newWorld(t, mam.Options{})
	row := storage.Message{
		ID: w.store.NewMessageID(), Account: "romeo@localhost", Outgoing: true, Peer: "juliet@localhost",
		From: romeo, To: "juliet@localhost", StanzaID: "1", OriginID: "o1", Type: "chat", Payload: []byte("<body>1</body>"), Listed: true,
	}
	if err := storage.Wait(t.Context(), w.store.AppendMessage(t.Context(), row, storage.Append{})); err != nil {
		t.Fatal(err)
	}
	a, b := w.Bind(t, romeo), w.online(t, juliet)
	for range 2 {
		a.Send(message("juliet@localhost", "1", "o1", ""))
	}
	b.Expect(`<message from='` + romeo + `' to='juliet@localhost' type='chat' id='1'><body>1</body>{more}</message>`)
	nothing(t, b)
	if rows := w.archive(t, "romeo@localhost"); len(rows) != 1 {
		t.Errorf("the sender has %d rows", len(rows))
	}
	if rows := w.archive(t, "juliet@localhost"); len(rows) != 1 || rows[0].ID <= row.ID {
		t.Errorf("the recipient has %+v, want one row above %d", rows, row.ID)
	}
}

// TestKilledBetweenAndAgain: the server was killed when only the sender's row was
// stored, and again when the message that came again was, on the recipient's side
// under an id of its own: it is known there by what its sender has called it.
func TestKilledBetweenAndAgain(t *testing.T) {
	t.Parallel()
	for name, next := range map[string]struct {
		xml  string
		rows int
	}{
		"the same":                       {message("juliet@localhost", "1", "o1", ""), 1},
		"another with that id attribute": {message("juliet@localhost", "1", "o2", ""), 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, mam.Options{})
			row := storage.Message{
				ID: w.store.NewMessageID(), Account: "romeo@localhost", Outgoing: true, Peer: "juliet@localhost",
				From: romeo, To: "juliet@localhost", StanzaID: "1", OriginID: "o1", Type: "chat", Payload: []byte("<body>1</body>"), Listed: true,
			}
			if err := storage.Wait(t.Context(), w.store.AppendMessage(t.Context(), row, storage.Append{})); err != nil {
				t.Fatal(err)
			}
			w.send(t, w.Bind(t, romeo), message("juliet@localhost", "1", "o1", ""))
			for range 2 {
				w = w.restart(t)
				w.send(t, w.Bind(t, romeo), next.xml)
			}
			if rows := w.archive(t, "juliet@localhost"); len(rows) != next.rows {
				t.Errorf("the recipient has %d rows, want %d", len(rows), next.rows)
			}
		})
	}
}

// gate is a store whose writes for one account wait.
type gate struct {
	mam.Store
	account string
	open    chan struct{}
	err     error // what then becomes of them
	reached chan struct{}
}

func (g *gate) AppendMessage(ctx context.Context, m storage.Message, a storage.Append) storage.Pending {
	if m.Account != g.account {
		return g.Store.AppendMessage(ctx, m, a)
	}
	close(g.reached)
	<-g.open
	if g.err != nil {
		return failed{g.err}
	}
	return g.Store.AppendMessage(ctx, m, a)
}

// failed is a write that has failed.
type failed struct{ err error }

func (f failed) Done() <-chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}
func (f failed) Err() error    { return f.err }
func (f failed) Then(g func()) { g() }

// TestUnderWay: while a message is on its way, with the sender's row stored and the
// recipient's not, one that comes again waits for it, fails if it fails, and what
// its sender says next does not overtake it (RFC 6120 §10.1).
func TestUnderWay(t *testing.T) {
	t.Parallel()
	for name, outcome := range map[string]error{"stored": nil, "failed": context.Canceled} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := empty(t)
			g := &gate{Store: w.store, account: "juliet@localhost", open: make(chan struct{}), reached: make(chan struct{}), err: outcome}
			w.startOn(t, g, mam.Options{})
			first, second := w.Bind(t, romeo), w.Bind(t, "romeo@localhost/again")
			takes := func(c *modtest.Client, xml string) []module.Pending {
				return w.Router.FromClient(t.Context(), &module.Event{Stanza: imtest.Stanza(t, c.JID(), xml), Session: c.Session})
			}
			var handled sync.WaitGroup
			handled.Go(func() { takes(first, message("juliet@localhost", "1", "o1", "")) })
			<-g.reached
			again := make(chan module.Pending, 1)
			handled.Go(func() {
				again <- takes(second, message("juliet@localhost", "1", "o1", ""))[0]
			})
			select {
			case <-again:
				t.Error("the next stanza of the second session would overtake the first")
			case <-time.After(100 * time.Millisecond): // what comes later is not noticed
			}
			close(g.open)
			handled.Wait()
			p := <-again
			<-p.Done()
			if err := p.Err(); (err == nil) != (outcome == nil) {
				t.Errorf("got %v, the first one had %v", err, outcome)
			}
		})
	}
}
