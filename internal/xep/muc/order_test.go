package muc_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"parley/internal/xmpptest/imtest"
	"parley/storage"
)

// Whoever speaks at the same time: all occupants see one order, and it is that of
// the archive.
func TestOneOrder(t *testing.T) {
	t.Parallel()
	const speakers, each = 8, 40
	w := newWorld(t)
	w.QueueBytes = 16 << 20
	w.make("persistentroom", "1")
	var all []*imtest.Client
	for i := range speakers {
		account := fmt.Sprintf("witch%d@localhost", i)
		w.Account(t, account)
		all = append(all, w.enter(account+"/x", account))
	}
	for _, c := range all {
		c.Got()
	}
	var talking sync.WaitGroup
	for i, c := range all {
		talking.Go(func() {
			for n := range each {
				c.SendStanza(imtest.Stanza(t, c.JID(), groupchat(fmt.Sprintf("%d-%d", i, n), "x")))
			}
		})
	}
	talking.Wait()
	rows, _, err := w.Store.Archive(t.Context(), room, storage.ArchiveFilter{}, storage.ArchivePage{Max: speakers * each})
	if err != nil || len(rows) != speakers*each {
		t.Fatalf("%d messages in the archive, %v", len(rows), err)
	}
	var want []string
	for _, row := range rows {
		want = append(want, row.StanzaID)
	}
	for _, c := range all {
		var got []string
		for len(got) < len(want) {
			for _, xml := range c.Await(1) {
				_, rest, _ := strings.Cut(xml, " id='")
				id, _, _ := strings.Cut(rest, "'")
				got = append(got, id)
			}
		}
		if !slices.Equal(got, want) {
			t.Fatalf("%s saw another order than the archive has", c.JID())
		}
	}
}

// People come, go, change their nicknames and speak at the same time; in the end
// everybody knows who is there.
func TestComingAndGoing(t *testing.T) {
	t.Parallel()
	const people, rounds = 8, 15
	w := newWorld(t)
	w.QueueBytes = 16 << 20
	owner := w.make("persistentroom", "1")
	var moving sync.WaitGroup
	for i := range people {
		account := fmt.Sprintf("witch%d@localhost", i)
		w.Account(t, account)
		c := w.Bind(t, account+"/x")
		moving.Go(func() {
			for n := range rounds {
				for _, xml := range []string{
					join(account, ""), groupchat("m", "x"),
					fmt.Sprintf("<presence to='%s/other%d'/>", room, i),
					"<presence type='unavailable' to='" + room + "/x'/>",
				} {
					if n == rounds-1 && strings.Contains(xml, "unavailable") {
						continue
					}
					c.SendStanza(imtest.Stanza(t, c.JID(), xml))
				}
			}
		})
	}
	moving.Wait()
	here := map[string]bool{}
	mark := "<iq type='get' id='end' to='" + room + "/firstwitch'><ping xmlns='urn:xmpp:ping'/></iq>"
	owner.Send(mark)
	for done := false; !done; {
		for _, xml := range owner.Await(1) {
			_, rest, _ := strings.Cut(xml, " from='"+room+"/")
			nick, _, _ := strings.Cut(rest, "'")
			switch {
			case strings.HasPrefix(xml, "<presence"):
				here[nick] = !strings.Contains(xml, "type='unavailable'")
			case strings.Contains(xml, " id='end'"):
				done = true
			}
		}
	}
	for i := range people {
		if !here[fmt.Sprintf("other%d", i)] || here[fmt.Sprintf("witch%d@localhost", i)] {
			t.Errorf("of witch %d the owner sees %v", i, here)
		}
	}
}
