package mam_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/internal/module"
	"parley/internal/xep/mam"
	"parley/internal/xmpptest/imtest"
	"parley/internal/xmpptest/modtest"
	"parley/internal/xmpptest/xmlmatch"
	"parley/storage"
)

// conversation puts n messages into romeo's archive: even ones to juliet, odd
// ones from her, and returns their ids.
func conversation(t testing.TB, w *world, n, size int) (ids []string) {
	t.Helper()
	var last storage.Pending
	for i := range n {
		m := storage.Message{
			ID: w.store.NewMessageID(), Account: "romeo@localhost", Listed: true, Outgoing: i%2 == 0,
			Peer: "juliet@localhost", PeerResource: "balcony", From: romeo, To: juliet, StanzaID: fmt.Sprint(i), Type: "chat",
			Payload: []byte("<body>" + strings.Repeat("x", size) + "</body>"),
		}
		if !m.Outgoing {
			m.From, m.To = juliet, romeo
		}
		m.Received = storage.MessageTime(m.ID)
		ids = append(ids, fmt.Sprint(m.ID))
		last = w.store.AppendMessage(t.Context(), m, storage.Append{})
	}
	if err := storage.Wait(t.Context(), last); err != nil {
		t.Fatal(err)
	}
	return ids
}

func field(name string, values ...string) string {
	var b strings.Builder
	for _, v := range values {
		b.WriteString("<value>" + v + "</value>")
	}
	return "<field var='" + name + "'>" + b.String() + "</field>"
}

const formType = "<field var='FORM_TYPE' type='hidden'><value>urn:xmpp:mam:2</value></field>"

func form(fields ...string) string {
	return "<x xmlns='jabber:x:data' type='submit'>" + formType + strings.Join(fields, "") + "</x>"
}

func set(content string) string {
	return "<set xmlns='http://jabber.org/protocol/rsm'>" + content + "</set>"
}

var zone = time.FixedZone("somewhere", 5*3600+1800)

var resultID = regexp.MustCompile(`^<message [^>]*><result [^>]* id='(\d+)'`)

// ask sends a query and returns the ids of the results, and the answer.
func ask(t testing.TB, c *modtest.Client, query string) (ids []string, fin string) {
	t.Helper()
	c.Send("<iq type='set' id='q'><query xmlns='urn:xmpp:mam:2' queryid='f27'>" + query + "</query></iq>")
	for {
		got := c.Next()
		m := resultID.FindStringSubmatch(got)
		if m == nil {
			return ids, got
		}
		ids = append(ids, m[1])
	}
}

// TestPages: XEP-0313 §4.3, XEP-0059 §2.
func TestPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t, mam.Options{Page: 30})
	ids := conversation(t, w, 70, 10)
	a := w.Bind(t, romeo)
	bounded := form(field("after-id", ids[9]), field("before-id", ids[20]))
	cases := map[string]struct {
		query      string
		want       []string
		flipped    bool
		complete   bool
		index0     bool
		count      int // below 0: none
		first, end string
	}{
		"all, cut":         {"", ids[:30], false, false, true, -1, ids[0], ids[29]},
		"max above":        {set("<max>31</max>"), ids[:30], false, false, true, -1, ids[0], ids[29]},
		"max":              {set("<max>29</max>"), ids[:29], false, false, true, -1, ids[0], ids[28]},
		"after":            {set("<max>10</max><after>" + ids[9] + "</after>"), ids[10:20], false, false, false, -1, ids[10], ids[19]},
		"after, to end":    {set("<max>10</max><after>" + ids[59] + "</after>"), ids[60:], false, true, false, -1, ids[60], ids[69]},
		"after the last":   {set("<max>10</max><after>" + ids[69] + "</after>"), nil, false, true, false, -1, "", ""},
		"empty after":      {set("<max>5</max><after/>"), ids[:5], false, false, true, -1, ids[0], ids[4]},
		"last":             {set("<max>10</max><before/>"), ids[60:], false, false, false, -1, ids[60], ids[69]},
		"before":           {set("<max>10</max><before>" + ids[60] + "</before>"), ids[50:60], false, false, false, -1, ids[50], ids[59]},
		"before, to begin": {set("<max>25</max><before>" + ids[25] + "</before>"), ids[:25], false, true, false, -1, ids[0], ids[24]},
		"before the first": {set("<before>" + ids[0] + "</before>"), nil, false, true, false, -1, "", ""},
		"last, many":       {set("<before/>"), ids[40:], false, false, false, -1, ids[40], ids[69]},
		"flipped":          {set("<max>3</max>") + "<flip-page/>", []string{ids[2], ids[1], ids[0]}, true, false, true, -1, ids[0], ids[2]},
		"last, flipped":    {set("<max>2</max><before/>") + "<flip-page/>", []string{ids[69], ids[68]}, true, false, false, -1, ids[68], ids[69]},
		"between":          {bounded, ids[10:20], false, true, true, 10, ids[10], ids[19]},
		"between, last":    {bounded + set("<max>10</max><before/>"), ids[10:20], false, true, true, 10, ids[10], ids[19]},
		"between, after":   {bounded + set("<after>"+ids[17]+"</after>"), ids[18:20], false, true, false, -1, ids[18], ids[19]},
		"between, outside": {bounded + set("<after>"+ids[2]+"</after>"), ids[10:20], false, true, false, -1, ids[10], ids[19]},
		"ids":              {form(field("ids", ids[5], ids[3], ids[5])), []string{ids[3], ids[5]}, false, true, true, 2, ids[3], ids[5]},
		"count":            {set("<max>0</max>"), nil, false, false, false, 70, "", ""},
		"count of some":    {bounded + set("<max>0</max>"), nil, false, false, false, 10, "", ""},
		"nobody":           {form(field("with", "tybalt@localhost")), nil, false, true, true, 0, "", ""},
		"count of nobody":  {form(field("with", "tybalt@localhost")) + set("<max>0</max>"), nil, false, true, false, 0, "", ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got, fin := ask(t, a, c.query)
			if !slices.Equal(got, c.want) {
				t.Errorf("got %s, want %s", got, c.want)
			}
			var b strings.Builder
			b.WriteString("<iq from='romeo@localhost' to='" + romeo + "' id='q' type='result'><fin xmlns='urn:xmpp:mam:2'")
			if c.complete {
				b.WriteString(" complete='true'")
			}
			b.WriteString("><set xmlns='http://jabber.org/protocol/rsm'>")
			if c.first != "" {
				index := ""
				if c.index0 {
					index = " index='0'"
				}
				b.WriteString("<first" + index + ">" + c.first + "</first><last>" + c.end + "</last>")
			}
			if c.count >= 0 {
				fmt.Fprintf(&b, "<count>%d</count>", c.count)
			}
			if err := xmlmatch.Match(b.String()+"</set></fin></iq>", fin); err != nil {
				t.Errorf("%v\n got: %s", err, fin)
			}
		})
	}
}

// TestPageBytes: a page holds so many bytes, whatever the number, and at least
// one result; paging on finds the rest.
func TestPageBytes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, mam.Options{PageBytes: 20_000})
	small := conversation(t, w, 30, 10)
	ids := append(small, conversation(t, w, 40, 3000)...)
	ids = append(ids, conversation(t, w, 2, 50_000)...)
	a := w.Bind(t, romeo)
	for name, back := range map[string]bool{"forward": false, "backward": true} {
		t.Run(name, func(t *testing.T) {
			var got []string
			pages, page := 0, ""
			for {
				if back && page == "" {
					page = "<before/>"
				}
				part, fin := ask(t, a, set(page))
				if len(part) == 0 {
					t.Fatalf("an empty page: %s", fin)
				}
				pages++
				if back {
					got, page = slices.Concat(part, got), "<before>"+part[0]+"</before>"
				} else {
					got, page = append(got, part...), "<after>"+part[len(part)-1]+"</after>"
				}
				if strings.Contains(fin, "complete='true'") {
					break
				}
			}
			if !slices.Equal(got, ids) {
				t.Errorf("got %d ids, want %d", len(got), len(ids))
			}
			if pages < 10 || pages > 14 { // 30 fit into less than one, 40 need 8, 2 need 2
				t.Errorf("%d pages", pages)
			}
		})
	}
}

// TestFilters: XEP-0313 §4.1.1 and §4.1.2.
func TestFilters(t *testing.T) {
	t.Parallel()
	w := newWorld(t, mam.Options{})
	w.account(t, "tybalt@localhost")
	a := w.Bind(t, romeo)
	for _, to := range []string{"juliet@localhost", "juliet@localhost/balcony", "tybalt@localhost", "romeo@localhost", "juliet@localhost"} {
		a.Send("<message type='chat' to='" + to + "'><body>x</body></message>")
	}
	w.Bind(t, juliet).Send("<message to='romeo@localhost'><body>x</body></message>")
	rows := w.archive(t, "romeo@localhost")
	at := func(i int) string { return rows[i].Received.UTC().Format("2006-01-02T15:04:05.000000Z") }
	for name, c := range map[string]struct {
		form string
		want []int
	}{
		"empty form":         {form(), []int{0, 1, 2, 3, 4, 5}},
		"empty fields":       {form(field("with"), field("start"), field("ids")), []int{0, 1, 2, 3, 4, 5}},
		"with":               {form(field("with", "juliet@localhost")), []int{0, 1, 4, 5}},
		"with, not prepared": {form(field("with", "JULIET@localhost")), []int{0, 1, 4, 5}},
		"with full":          {form(field("with", "juliet@localhost/balcony")), []int{1, 5}},
		"with oneself":       {form(field("with", "romeo@localhost")), []int{3}},
		"with own resource":  {form(field("with", romeo)), []int{3}},
		"start":              {form(field("start", at(4))), []int{4, 5}},
		"end":                {form(field("end", at(1))), []int{0, 1}},
		"start and end":      {form(field("start", at(1)), field("end", at(4)), field("with", "juliet@localhost")), []int{1, 4}},
		"end before start":   {form(field("start", at(4)), field("end", at(1))), nil},
		"zone":               {form(field("start", rows[4].Received.In(zone).Format("2006-01-02T15:04:05.000000-07:00"))), []int{4, 5}},
		"long ago":           {form(field("start", "0001-01-01T00:00:00Z")), []int{0, 1, 2, 3, 4, 5}},
		"until long ago":     {form(field("end", "0001-01-01T00:00:00Z")), nil},
		"far off":            {form(field("start", "9999-12-31T23:59:59Z")), nil},
		"until far off":      {form(field("end", "9999-12-31T23:59:59Z")), []int{0, 1, 2, 3, 4, 5}},
		"groupchat":          {form(field("include-groupchat", "true")), []int{0, 1, 2, 3, 4, 5}},
		"no groupchat":       {form(field("include-groupchat", "0")), []int{0, 1, 2, 3, 4, 5}},
	} {
		t.Run(name, func(t *testing.T) {
			var want []string
			for _, i := range c.want {
				want = append(want, fmt.Sprint(rows[i].ID))
			}
			if got, fin := ask(t, a, c.form); !slices.Equal(got, want) {
				t.Errorf("got %s, want %s; %s", got, want, fin)
			}
		})
	}
}

// TestResult: XEP-0313 §4.2; what was forwarded is the message as it came.
func TestResult(t *testing.T) {
	t.Parallel()
	w := newWorld(t, mam.Options{})
	a, b := w.Bind(t, romeo), w.Bind(t, juliet)
	a.Send(`<message xml:lang='en' type='chat' id='&apos;&lt;' to='juliet@localhost'><body>x</body><p:x xmlns:p='urn:x' p:y='1'/></message>`)
	row := w.archive(t, "juliet@localhost")[0]
	b.Ask("<iq type='set' id='q'><query xmlns='urn:xmpp:mam:2' queryid=\"'&lt;\"/></iq>",
		fmt.Sprintf(`<message from='juliet@localhost' to='%s'><result xmlns='urn:xmpp:mam:2' queryid="'&lt;" id='%d'><forwarded xmlns='urn:xmpp:forward:0'><delay xmlns='urn:xmpp:delay' stamp='%s'/><message xmlns='jabber:client' from='%s' to='juliet@localhost' id="'&lt;" type='chat' xml:lang='en'><body>x</body><p:x xmlns:p='urn:x' p:y='1'/></message></forwarded></result></message>`,
			juliet, row.ID, row.Received.UTC().Format("2006-01-02T15:04:05.000000Z"), romeo))
	b.Expect(result(b, "q", "<fin xmlns='urn:xmpp:mam:2' complete='true'>{any}</fin>"))
	b.Ask("<iq type='set' id='q'><query xmlns='urn:xmpp:mam:2'/></iq>",
		fmt.Sprintf(`<message from='juliet@localhost' to='%s'><result xmlns='urn:xmpp:mam:2' id='%d'>{any}</result></message>`, juliet, row.ID))
}

// TestWrittenFirst: a client asks for its archive when it has a message of which the
// write has joined those of its stanza and is not submitted: the answer has it.
func TestWrittenFirst(t *testing.T) {
	t.Parallel()
	w := newWorld(t, mam.Options{})
	a, b := w.Bind(t, romeo), w.online(t, juliet)
	var u storage.Unit
	st := imtest.Stanza(t, a.JID(), message("juliet@localhost", "1", "o1", ""))
	w.Router.FromClient(t.Context(), &module.Event{Stanza: st, Session: a.Session, Unit: &u})
	id := stanzaIDs(b.Next())["juliet@localhost"]
	answered := make(chan []string)
	go func() {
		got, _ := ask(t, b, "")
		answered <- got
	}()
	select {
	case got := <-answered:
		t.Errorf("got %s before it is stored", got)
		w.store.Submit(t.Context(), &u, nil)
		return
	case <-time.After(100 * time.Millisecond): // what comes later is not noticed
	}
	w.store.Submit(t.Context(), &u, nil)
	if got := <-answered; len(got) != 1 || got[0] != id {
		t.Errorf("got %s, want %s", got, id)
	}
}

// TestRetrieved: what the client has from the archive waits no more (XEP-0313
// §5.1.1).
func TestRetrieved(t *testing.T) {
	t.Parallel()
	w := newWorld(t, mam.Options{})
	a := w.Bind(t, romeo)
	for range 3 {
		a.Send(`<message to='juliet@localhost'><body>x</body></message>`)
	}
	b := w.Bind(t, juliet)
	if got, _ := ask(t, b, set("<max>2</max>")); len(got) != 2 {
		t.Fatalf("got %s", got)
	}
	b.Close() // in order: all has arrived
	w.offline.Wait()
	if rows := w.waiting(t, "juliet@localhost"); len(rows) != 1 || rows[0].ID != w.archive(t, "juliet@localhost")[2].ID {
		t.Errorf("got %+v", rows)
	}
}

// TestUsesArchive: a client that catches up from the archive before it becomes
// available is not sent everything twice (XEP-0313 §5.1.1).
func TestUsesArchive(t *testing.T) {
	t.Parallel()
	w := newWorld(t, mam.Options{})
	ids := conversation(t, w, 3, 1)
	for name, c := range map[string]struct {
		query     string
		available bool
		want      bool
	}{
		"all":             {"", false, true},
		"the last page":   {set("<before/>"), false, true},
		"since":           {form(field("start", "2010-06-07T00:00:00Z")), false, true},
		"one contact":     {form(field("with", "juliet@localhost")), false, false},
		"some":            {form(field("ids", ids[0])), false, false},
		"the number only": {set("<max>0</max>"), false, false},
		"refused":         {set("<max>x</max>"), false, false},
		"later":           {"", true, false},
	} {
		t.Run(name, func(t *testing.T) {
			a := w.Bind(t, "romeo@localhost/"+strings.ReplaceAll(name, " ", ""))
			if c.available {
				a.Available()
			}
			ask(t, a, c.query)
			if got := module.UsesArchive.Get(a.Session); got != c.want {
				t.Errorf("got %t, want %t", got, c.want)
			}
		})
	}
}

// TestMetadata: XEP-0313 §4.4, also for a client that binds.
func TestMetadata(t *testing.T) {
	t.Parallel()
	w := newWorld(t, mam.Options{})
	a := w.Bind(t, romeo)
	const get = "<iq type='get' id='m'><metadata xmlns='urn:xmpp:mam:2'/></iq>"
	a.Ask(get, result(a, "m", "<metadata xmlns='urn:xmpp:mam:2'/>"))
	for range 3 {
		a.Send(`<message to='juliet@localhost'><body>x</body></message>`)
	}
	rows := w.archive(t, "romeo@localhost")
	at := func(i int) string {
		return fmt.Sprintf("id='%d' timestamp='%s'", rows[i].ID, rows[i].Received.UTC().Format("2006-01-02T15:04:05.000000Z"))
	}
	want := "<metadata xmlns='urn:xmpp:mam:2'><start " + at(0) + "/><end " + at(2) + "/></metadata>"
	a.Ask(get, result(a, "m", want))
	inline := w.Router.InlineFeature(mam.NS)(t.Context(), a.Session, nil)
	if got := inline.String(); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestJustDelivered: a client can ask at once for what it was just sent, though
// it was sent before it was on the disk.
func TestJustDelivered(t *testing.T) {
	t.Parallel()
	w := newWorld(t, mam.Options{})
	a, b := w.Bind(t, romeo), w.online(t, juliet)
	before := ""
	for i := range 30 {
		st := imtest.Stanza(t, a.JID(), "<message to='juliet@localhost'><body>x</body></message>")
		writes := w.Router.FromClient(t.Context(), &module.Event{Stanza: st, Session: a.Session})
		id := stanzaIDs(b.Next())["juliet@localhost"]
		query, want := "", id // the three ways to need it
		switch i % 3 {
		case 0:
			query = set("<before/><max>1</max>")
		case 1:
			query = form(field("ids", id))
		case 2:
			query, want = set("<before>"+id+"</before><max>1</max>"), before
		}
		got, fin := ask(t, b, query)
		if len(got) != 1 || got[0] != want {
			t.Fatalf("%s: got %s, %s", query, got, fin)
		}
		before = id
		for _, p := range writes {
			<-p.Done()
		}
	}
}
