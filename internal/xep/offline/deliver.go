package offline

import (
	"context"
	"fmt"
	"sync"

	"parley/internal/jid"
	"parley/internal/module"
	"parley/stanza"
	"parley/storage"
)

// page is how many rows are read at a time: each may be as large as a stanza.
const page = 32

// available begins to empty the account into a session (XEP-0160 §2). If
// another session is at it, that one looks once more when it is done.
func (m *Module) available(ctx context.Context, s module.Session) error {
	account := s.JID().Bare()
	if !takes(s) {
		return nil
	}
	d := &delivery{m: m, account: account, session: s, news: make(chan struct{}, 1)}
	if !m.claim(d) {
		return nil
	}
	err := d.send(ctx)
	if d.idle() {
		d.run()
	} else {
		m.emptiers.Go(d.run)
	}
	return err
}

// claim makes d the one that empties its account.
func (m *Module) claim(d *delivery) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if other := m.claims[d.account]; other != nil {
		other.again = true
		return false
	}
	m.claims[d.account] = d
	return true
}

// release gives up the claim, unless there is more to look for and the session
// still takes it.
func (m *Module) release(d *delivery) bool {
	goOn := takes(d.session) && !d.ended()
	m.mu.Lock()
	defer m.mu.Unlock()
	if d.again && goOn {
		d.again = false
		return false
	}
	delete(m.claims, d.account)
	return true
}

// delivery empties one account into one session. It holds the account's claim.
type delivery struct {
	m       *Module
	account jid.JID
	session module.Session
	last    int64 // the last id sent; owned by send's caller
	empty   bool  // nothing was left after last; owned by send's caller
	again   bool  // guarded by m.mu: somebody else wanted the claim
	news    chan struct{}

	mu        sync.Mutex
	underway  int     // guarded by mu: messages sent and not heard of
	bytes     int     // guarded by mu: their size
	delivered []int64 // guarded by mu: ids to delete
	failed    bool    // guarded by mu: the session ended first
}

// send gives the session messages until the window is full or none is left.
func (d *delivery) send(ctx context.Context) error {
	if err := d.m.settled(ctx, d.account); err != nil {
		return err
	}
	for !d.empty {
		list, err := d.m.store.Offline(ctx, d.account.String(), d.last, page)
		if err != nil {
			d.empty = true // the rest waits for the next session
			return fmt.Errorf("offline: read: %w", err)
		}
		for i := range list {
			if !d.room() {
				return nil
			}
			d.sendOne(&list[i])
		}
		d.empty = len(list) < page
	}
	return nil
}

// room reports whether one more may be sent.
func (d *delivery) room() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.bytes < d.m.opts.Window && !d.failed
}

func (d *delivery) sendOne(row *storage.OfflineMessage) {
	d.last = row.ID
	st := restore(row, d.m.host.Domain())
	size := st.Size()
	st.Track = &track{d: d, id: row.ID, size: size}
	d.mu.Lock()
	d.underway++
	d.bytes += size
	d.mu.Unlock()
	d.session.Send(st)
}

// restore makes the message that was stored, with the time it came (XEP-0203).
func restore(row *storage.OfflineMessage, domain jid.JID) *module.Stanza {
	st := &module.Stanza{Kind: stanza.Message, ID: row.StanzaID, Type: row.Type, Lang: row.Lang, Payload: row.Payload}
	st.From, _ = jid.Parse(row.From) // both were written from addresses
	st.To, _ = jid.Parse(row.To)
	if children, err := stanza.ScanPayload(row.Payload, nil); err == nil {
		st.Children = children
	}
	return st.Append(stanza.New(NSDelay, "delay",
		"from", domain.String(), "stamp", row.Received.UTC().Format("2006-01-02T15:04:05.000Z")))
}

// track hears what became of one message.
type track struct {
	d    *delivery
	id   int64
	size int
}

// Takes implements module.Tracker.
func (t *track) Takes(module.Session, *module.Stanza) bool { return true }

// Sent implements module.Tracker.
func (t *track) Sent(int) {}

// Delivered is called when the message has arrived.
func (t *track) Delivered(*module.Stanza) { t.d.heard(t, true) }

// Undelivered is called when the session ended first. The row is still there.
func (t *track) Undelivered(*module.Stanza) { t.d.heard(t, false) }

func (d *delivery) heard(t *track, delivered bool) {
	d.mu.Lock()
	d.underway--
	d.bytes -= t.size
	if delivered {
		d.delivered = append(d.delivered, t.id)
	} else {
		d.failed = true
	}
	d.mu.Unlock()
	select {
	case d.news <- struct{}{}:
	default: // it is awake already
	}
}

// idle reports whether nothing is under way and nothing is to be deleted.
func (d *delivery) idle() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.underway == 0 && len(d.delivered) == 0
}

// run deletes what has arrived and sends more, until all is settled: every
// message sent is heard of, at the latest when the session ends.
func (d *delivery) run() {
	ctx := context.Background() // outlives the connection, to delete what it got
	d.settle(ctx)
	for !d.m.release(d) {
		d.empty = false
		d.more(ctx)
		d.settle(ctx)
	}
	d.next(ctx)
}

func (d *delivery) settle(ctx context.Context) {
	for !d.idle() {
		<-d.news
		d.delete(ctx)
		if !d.empty && takes(d.session) && d.room() {
			d.more(ctx)
		}
	}
}

func (d *delivery) more(ctx context.Context) {
	if err := d.send(ctx); err != nil {
		d.log(err)
	}
}

// delete removes what has arrived, in batches as large as have come together.
func (d *delivery) delete(ctx context.Context) {
	for ids := d.take(); len(ids) > 0; ids = d.take() {
		if err := storage.Wait(ctx, d.m.store.DeleteOffline(ctx, d.account.String(), ids)); err != nil {
			d.log(err) // they come again: at least once, never lost
		}
	}
}

func (d *delivery) take() []int64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	ids := d.delivered
	d.delivered = nil
	return ids
}

// next goes on with another session if this one ended too early.
func (d *delivery) next(ctx context.Context) {
	if d.empty && !d.ended() {
		return
	}
	for _, s := range d.m.host.Sessions(d.account) {
		if s != d.session && takes(s) {
			if err := d.m.available(ctx, s); err != nil {
				d.log(err)
			}
			return
		}
	}
}

func (d *delivery) ended() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.failed
}

func (d *delivery) log(err error) {
	d.m.logger().Error("offline delivery", "jid", d.session.JID().String(), "err", err)
}
