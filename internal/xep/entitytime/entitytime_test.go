package entitytime_test

import (
	"testing"
	"testing/synctest"
	"time"

	"parley/internal/xep/entitytime"
	"parley/internal/xmpptest/modtest"
)

func TestTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) { // the clock of a bubble starts at midnight UTC 2000-01-01
		time.Sleep(17*time.Hour + 58*time.Minute + 35*time.Second + time.Millisecond)
		b := modtest.New(t).Add(entitytime.New())
		romeo := b.Bind(t, "romeo@localhost/orchard")
		romeo.Ask(`<iq type='get' id='time_1' to='localhost'><time xmlns='urn:xmpp:time'/></iq>`,
			`<iq type='result' id='time_1' from='localhost' to='romeo@localhost/orchard'>
				<time xmlns='urn:xmpp:time'><tzo>Z</tzo><utc>2000-01-01T17:58:35Z</utc></time>
			</iq>`)
	})
}
