package mam_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"parley/internal/module"
	"parley/internal/xep/mam"
	"parley/internal/xmpptest/imtest"
	"parley/internal/xmpptest/modtest"
	"parley/storage"
)

// broken is a store that cannot write to one archive.
type broken struct {
	mam.Store
	account string
	err     error
}

// AppendMessage implements mam.Store.
func (b broken) AppendMessage(ctx context.Context, m storage.Message, a storage.Append) storage.Pending {
	if m.Account == b.account {
		return failed{b.err}
	}
	return b.Store.AppendMessage(ctx, m, a)
}

// TestSenderIsTold: what becomes of a message that cannot be stored on one side
// (XEP-0160 §2, RFC 6121 §8.5.1, RFC 6120 §8.3.3).
func TestSenderIsTold(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err  error
		want string
	}{
		"quota":      {storage.ErrQuota, "<error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>"},
		"no account": {fmt.Errorf("append: %w", storage.ErrNotFound), "<error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>"},
		"full disk":  {fmt.Errorf("append: %w", storage.ErrFull), "<error type='wait'><resource-constraint xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>"},
		"other":      {errors.New("the disk is gone"), "<error type='cancel'><internal-server-error xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>"},
	} {
		for _, side := range []string{"romeo@localhost", "juliet@localhost"} {
			t.Run(name+" "+side, func(t *testing.T) {
				t.Parallel()
				w := empty(t)
				w.startOn(t, broken{w.store, side, c.err}, mam.Options{})
				a := w.Bind(t, romeo)
				w.send(t, a, message("juliet@localhost", "1", "o1", ""))
				a.Expect(`<message id='1' type='error' from='juliet@localhost' to='` + romeo + `'>` + c.want + `</message>`)
				nothing(t, a)
			})
		}
	}
}

// TestManyAgain: however often and from wherever messages come again at the same
// time, each is stored once on both sides and delivered once.
func TestManyAgain(t *testing.T) {
	t.Parallel()
	const clients, messages = 4, 25
	w := newWorld(t, mam.Options{})
	b := w.online(t, juliet)
	var busy sync.WaitGroup
	for i := range clients {
		a := w.Bind(t, fmt.Sprintf("romeo@localhost/%d", i))
		busy.Go(func() { sendAll(t, w, a, messages) })
	}
	busy.Wait()
	for range messages {
		b.Next()
	}
	nothing(t, b)
	for _, account := range []string{"romeo@localhost", "juliet@localhost"} {
		seen := map[string]int{}
		for _, m := range w.archive(t, account) {
			seen[m.StanzaID]++
		}
		for i := range messages {
			if n := seen[fmt.Sprint(i)]; n != 1 {
				t.Errorf("%s has message %d %d times", account, i, n)
			}
		}
	}
}

// sendAll sends the messages in a row, and waits until all are stored.
func sendAll(t *testing.T, w *world, a *modtest.Client, n int) {
	for i := range n {
		st := imtest.Stanza(t, a.JID(), message("juliet@localhost", fmt.Sprint(i), fmt.Sprint(i), ""))
		writes := w.Router.FromClient(context.Background(), &module.Event{Stanza: st, Session: a.Session})
		if len(writes) == 0 {
			continue // looked up and found
		}
		for _, p := range writes {
			<-p.Done()
			if err := p.Err(); err != nil {
				t.Errorf("message %d: %v", i, err)
			}
		}
	}
}
