package check_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"parley/test/faults/check"
	"parley/test/faults/record"
)

var start = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

func at(seconds int) time.Time { return start.Add(time.Duration(seconds) * time.Second) }

// story is what two users saw when everything went well: user 0 sent three
// messages to user 1, who got the first two in one session and the last in
// another.
func story() []record.View {
	a, b := record.View{User: 0}, record.View{User: 1}
	for n := range 3 {
		a.Sent = append(a.Sent, record.Sent{To: 1, At: at(n), Acked: at(n + 1)})
		id := fmt.Sprint(100 + n)
		b.Received = append(b.Received, record.Received{From: 0, N: n, Session: n / 2, StanzaID: id, At: at(n)})
		row := record.Archived{ID: id, From: 0, To: 1, N: n}
		a.Archived, b.Archived = append(a.Archived, row), append(b.Archived, row)
	}
	return []record.View{a, b}
}

func outage(from, until int) check.Options {
	return check.Options{Outages: []record.Outage{{From: at(from), Until: at(until), What: "test"}}, Bound: 30 * time.Second}
}

func TestNothingBroken(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(v []record.View) check.Options{
		"as it should be": func([]record.View) check.Options { return check.Options{} },
		"again in another session": func(v []record.View) check.Options {
			v[1].Received = append(v[1].Received, v[1].Received[0])
			v[1].Received[3].Session = 7
			return check.Options{}
		},
		"refused, and lost": func(v []record.View) check.Options {
			v[0].Sent[1].Errored = at(1)
			v[0].Archived, v[1].Archived = v[0].Archived[:1:1], v[1].Archived[:1:1]
			v[1].Received = v[1].Received[:1]
			v[0].Sent[2].Acked = time.Time{} // not acknowledged, and lost
			return check.Options{}
		},
		"archived, never acknowledged": func(v []record.View) check.Options {
			v[0].Sent[2].Acked = time.Time{}
			return check.Options{}
		},
		"outage: refused, then acknowledged": func(v []record.View) check.Options {
			v[0].Sent[1].Errored, v[0].Sent[1].Acked = at(20), at(21)
			v[0].Sent[2].Errored, v[0].Sent[2].Acked = at(20), at(21)
			return outage(1, 60)
		},
		"outage: acknowledged when it was over": func(v []record.View) check.Options {
			v[0].Sent[1].Acked, v[0].Sent[2].Acked = at(11), at(11)
			return outage(1, 10)
		},
		"outage: the connection broke": func(v []record.View) check.Options {
			v[0].Sent[1].Acked, v[0].Sent[2].Acked = at(61), at(61)
			v[0].Breaks = []time.Time{at(5)}
			return outage(1, 60)
		},
		"under another id before the server died": func(v []record.View) check.Options {
			first := v[1].Received[2]
			first.Session, first.StanzaID = 0, "50"
			v[1].Received = slices.Insert(v[1].Received, 2, first)
			return check.Options{}
		},
		"servers without ids": func(v []record.View) check.Options {
			for i := range v[1].Received {
				v[1].Received[i].StanzaID = ""
			}
			return check.Options{NoStanzaIDs: true}
		},
	} {
		v := story()
		opts := change(v)
		if got := check.Logs(v, opts); !got.OK() {
			t.Errorf("%s: %v", name, got.Violations)
		}
	}
}

func TestEachRule(t *testing.T) {
	t.Parallel()
	type counts struct{ lost, duplicated, reordered int }
	for name, tt := range map[string]struct {
		change func(v []record.View) check.Options
		want   check.Rule
		counts counts
	}{
		"never delivered": {func(v []record.View) check.Options {
			v[1].Received = v[1].Received[:2]
			return check.Options{}
		}, check.NotDelivered, counts{lost: 1}},
		"sender's archive": {func(v []record.View) check.Options {
			v[0].Archived = v[0].Archived[1:]
			return check.Options{}
		}, check.NotInSenders, counts{lost: 1}},
		"recipient's archive": {func(v []record.View) check.Options {
			v[1].Archived = v[1].Archived[:2]
			return check.Options{}
		}, check.NotInRecipients, counts{lost: 1}},
		"twice in a session": {func(v []record.View) check.Options {
			again := v[1].Received[1]
			again.StanzaID = ""
			v[1].Received = append(v[1].Received, again)
			return check.Options{NoStanzaIDs: true}
		}, check.DeliveredTwice, counts{duplicated: 1}},
		"stanza-id twice": {func(v []record.View) check.Options {
			v[1].Received[1].StanzaID = v[1].Received[0].StanzaID
			return check.Options{NoStanzaIDs: true}
		}, check.StanzaIDTwice, counts{duplicated: 1}},
		"out of order": {func(v []record.View) check.Options {
			r := v[1].Received
			r[0], r[1] = r[1], r[0]
			return check.Options{}
		}, check.DeliveredOutOfOrder, counts{reordered: 1}},
		"archived twice": {func(v []record.View) check.Options {
			again := v[1].Archived[0]
			again.ID = "200"
			v[1].Archived = append(v[1].Archived, again)
			return check.Options{}
		}, check.ArchivedTwice, counts{duplicated: 1}},
		"archived out of order": {func(v []record.View) check.Options {
			r := v[0].Archived
			r[1], r[2] = r[2], r[1]
			return check.Options{}
		}, check.ArchivedOutOfOrder, counts{reordered: 1}},
		"another stanza-id": {func(v []record.View) check.Options {
			v[1].Received[2].StanzaID = "300"
			return check.Options{}
		}, check.OtherStanzaID, counts{}},
		"another stanza-id, later": {func(v []record.View) check.Options {
			again := v[1].Received[0]
			again.Session, again.StanzaID = 5, "300"
			v[1].Received = append(v[1].Received, again)
			return check.Options{}
		}, check.OtherStanzaID, counts{}},
		"another stanza-id in the same session": {func(v []record.View) check.Options {
			r := v[1].Received
			r[0].StanzaID, r[1].StanzaID = "300", "301"
			v[1].Archived[1].ID = "301"
			return check.Options{}
		}, check.OtherStanzaID, counts{}},
		"no stanza-id": {func(v []record.View) check.Options {
			v[1].Received[2].StanzaID = ""
			return check.Options{}
		}, check.OtherStanzaID, counts{}},
		"received, never sent": {func(v []record.View) check.Options {
			v[1].Received = append(v[1].Received, record.Received{From: 0, N: 3, Session: 1, StanzaID: "103"})
			return check.Options{}
		}, check.Invented, counts{}},
		"received by another": {func(v []record.View) check.Options {
			v[0].Received = append(v[0].Received, v[1].Received[0])
			return check.Options{}
		}, check.Invented, counts{}},
		"archived, never sent": {func(v []record.View) check.Options {
			v[1].Archived = append(v[1].Archived, record.Archived{ID: "x", From: 5, To: 1, N: 0})
			return check.Options{}
		}, check.Invented, counts{}},
		"acknowledged in an outage": {func(v []record.View) check.Options {
			v[0].Sent[2].Acked = at(11)
			return outage(1, 10)
		}, check.AckedInOutage, counts{}},
		"acknowledged, then refused, in an outage": {func(v []record.View) check.Options {
			v[0].Sent[1].Acked, v[0].Sent[1].Errored = at(3), at(4)
			v[0].Sent[2].Acked = at(5)
			return outage(1, 4)
		}, check.AckedInOutage, counts{}},
		"silence": {func(v []record.View) check.Options {
			v[0].Sent[1].Errored, v[0].Sent[1].Acked = at(20), at(21)
			v[0].Sent[2].Acked = at(61)
			return outage(1, 60)
		}, check.Silence, counts{}},
		"refused too late": {func(v []record.View) check.Options {
			v[0].Sent[1].Errored, v[0].Sent[1].Acked = at(20), at(21)
			v[0].Sent[2].Errored, v[0].Sent[2].Acked = at(50), at(51)
			return outage(1, 60)
		}, check.Silence, counts{}},
		"strange": {func(v []record.View) check.Options {
			v[0].Strange = []string{"h is more than was sent"}
			return check.Options{}
		}, check.Strange, counts{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := story()
			opts := tt.change(v)
			got := check.Logs(v, opts)
			if got.Count(tt.want) != 1 {
				t.Errorf("found %v, want one %q", got.Violations, tt.want)
			}
			for _, other := range got.Violations {
				if other.Rule != tt.want {
					t.Errorf("found too: %v", other)
				}
			}
			if c := (counts{got.Lost, got.Duplicated, got.Reordered}); c != tt.counts {
				t.Errorf("counts %+v, want %+v", c, tt.counts)
			}
		})
	}
}

// A message that breaks several rules is lost once.
func TestCountsMessages(t *testing.T) {
	t.Parallel()
	v := story()
	v[0].Archived, v[1].Archived, v[1].Received = nil, nil, nil
	got := check.Logs(v, check.Options{})
	if got.Lost != 3 || len(got.Violations) != 9 {
		t.Errorf("lost %d by %d violations, want 3 by 9", got.Lost, len(got.Violations))
	}
	if got.Sent != 3 || got.Acked != 3 || got.Errored != 0 {
		t.Errorf("counts %+v", got)
	}
}

// What was refused may have been stored; it is counted.
func TestCountsRefused(t *testing.T) {
	t.Parallel()
	v := story()
	v[0].Sent[1].Errored, v[0].Sent[2].Errored = at(1), at(2)
	v[1].Archived = v[1].Archived[:2]
	got := check.Logs(v, check.Options{})
	if !got.OK() || got.Errored != 2 || got.RefusedKept != 1 {
		t.Errorf("%d refused, %d of them kept, want 2, 1; %v", got.Errored, got.RefusedKept, got.Violations)
	}
}
