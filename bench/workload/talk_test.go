package workload

import (
	"strings"
	"testing"
	"time"

	"parley/bench/client"
)

func TestCheck(t *testing.T) {
	t.Parallel()
	message := func(from, body string) client.Stanza {
		return client.Stanza{Kind: client.Message, Raw: []byte("<message from='" + from + "'><body>" + body + "</body></message>")}
	}
	const from = "a@localhost/x"
	for name, tt := range map[string]struct {
		stanza client.Stanza
		due    bool
		err    string
	}{
		"the one that is due": {message(from, "pb-1-5 text"), true, ""},
		"the one before":      {message(from, "pb-1-4 text"), false, "comes again"},
		"one too many":        {message(from, "pb-1-7 text"), false, "2 lost or overtaken"},
		"wrong sender":        {message("b@localhost/x", "pb-1-5 text"), false, "which a@localhost/x sent"},
		"bare sender":         {message("a@localhost", "pb-1-5 text"), false, "which a@localhost/x sent"},
		"unknown text":        {message(from, "hello"), false, "nobody sent"},
		"of an earlier run":   {message(from, "pb-0-5</body><delay xmlns='urn:xmpp:delay'/><body>"), false, ""},
		"presence":            {client.Stanza{Kind: client.Presence, Raw: []byte("<presence/>")}, false, ""},
	} {
		talk := &talk{from: &client.Session{JID: from}, to: &client.Session{JID: "c@localhost/y"}, tag: "pb-1-", got: 5}
		due, err := talk.check(tt.stanza)
		if due != tt.due || (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) {
			t.Errorf("%s: %v, %v, want %v, %q", name, due, err, tt.due, tt.err)
		}
	}
}

func TestSchedule(t *testing.T) {
	t.Parallel()
	e := &Env{Options: Options{Rate: 1000, Pairs: 7, Warmup: 100 * time.Millisecond, Duration: time.Second}}
	s, sum := e.schedule(), 0
	for i := range s.pairs {
		sum += s.of(i)
	}
	if s.total != 1100 || s.warm != 100 || sum != s.total {
		t.Errorf("%+v: pairs have %d messages", s, sum)
	}
	if got := s.due(500).Sub(s.start); got != 500*time.Millisecond {
		t.Errorf("message 500 is due after %v", got)
	}
}

func TestHistogram(t *testing.T) {
	t.Parallel()
	var h, half histogram
	for i := 1; i <= 100_000; i++ {
		h.add(time.Duration(i) * time.Microsecond)
	}
	half.merge(&h)
	for q, want := range map[float64]time.Duration{
		0.5: 50 * time.Millisecond, 0.99: 99 * time.Millisecond, 0.999: 99900 * time.Microsecond, 1: 100 * time.Millisecond,
	} {
		if got := half.quantile(q); max(got-want, want-got) > want/100 {
			t.Errorf("quantile %v: %v, want %v", q, got, want)
		}
	}
	for _, v := range []uint64{0, 1, 127, 128, 255, 256, 257, 1 << 20, 1<<63 - 1} {
		if m := middle(bucket(v)); max(m, v)-min(m, v) > v/128 {
			t.Errorf("%d is counted as %d", v, m)
		}
	}
}

func TestSees(t *testing.T) {
	t.Parallel()
	roster := func(sub string) []byte {
		return []byte(`<iq type='result'><query><item subscription="both" jid="x@localhost"/><item jid="s@localhost" subscription="` + sub + `"/></query></iq>`)
	}
	for sub, want := range map[string]bool{"to": true, "both": true, "from": false, "none": false} {
		if got := sees(roster(sub), "s@localhost"); got != want {
			t.Errorf("%s: %v", sub, got)
		}
	}
	if sees(roster("to"), "y@localhost") {
		t.Error("a stranger is seen")
	}
}
