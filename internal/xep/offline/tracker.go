package offline

import "parley/internal/module"

// single is what the trackers of a stanza sent to one session, and noted when
// they were made, have in common.
type single struct{}

// Takes implements module.Tracker.
func (single) Takes(module.Session, *module.Stanza) bool { return true }

// Sent implements module.Tracker.
func (single) Sent(int) {}

// retrieval tracks an archive result.
type retrieval struct {
	single
	row *row
}

// Delivered implements module.Tracker.
func (t *retrieval) Delivered(*module.Stanza) { t.row.arrived(nil) }

// Undelivered implements module.Tracker.
func (t *retrieval) Undelivered(*module.Stanza) { t.row.failed(nil) }

// brings tracks a message from storage, whose size counts until it is heard of.
type brings struct {
	single
	row    *row
	client *client
	size   int
}

// Delivered implements module.Tracker.
func (t *brings) Delivered(*module.Stanza) { t.row.arrived(t.heard) }

// Undelivered implements module.Tracker.
func (t *brings) Undelivered(*module.Stanza) { t.row.failed(t.heard) }

// heard makes room for more. The shard is locked.
func (t *brings) heard() {
	c := t.client
	c.bytes -= t.size
	if c.full && c.bytes <= c.m.opts.Window/2 {
		c.full = false
		c.start()
	}
}

var (
	_ module.Tracker = (*row)(nil)
	_ module.Tracker = (*retrieval)(nil)
	_ module.Tracker = (*brings)(nil)
)
