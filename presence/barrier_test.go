package presence_test

import (
	"context"
	"sync/atomic"
	"testing"

	"parley/internal/jid"
	"parley/internal/xmpptest/imtest"
)

// fallen stands between everybody from its n-th question on.
type fallen struct{ left atomic.Int32 }

func (f *fallen) Between(context.Context, jid.JID, jid.JID) bool { return f.left.Add(-1) < 0 }

// Who blocks somebody in the middle of a broadcast is not seen as available after
// he was seen to go (XEP-0191 §3.3): what was sent is taken back.
func TestBlockedDuringBroadcast(t *testing.T) {
	t.Parallel()
	for asked, want := range []int{0, 2, 1} { // refused; sent and taken back; sent
		w := imtest.New(t, imtest.Options{})
		w.Account(t, "romeo@localhost", "juliet@localhost")
		subscribe(t, w, "romeo@localhost", "juliet@localhost", true)
		b := w.Bind(t, "juliet@localhost/b")
		b.Send(`<presence/>`)
		a := w.Bind(t, "romeo@localhost/a")
		barrier := &fallen{}
		barrier.left.Store(int32(asked))
		w.Presence.SetBarrier(barrier)
		b.Got()
		a.Send(`<presence/>`)
		b.Expect([]string{
			`<presence from='romeo@localhost/a' to='juliet@localhost'/>`,
			`<presence from='romeo@localhost/a' to='juliet@localhost' type='unavailable'/>`,
		}[:want]...)
		barrier.left.Store(100) // to say goodbye
	}
}
