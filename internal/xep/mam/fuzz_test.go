package mam

import (
	"errors"
	"testing"
	"time"

	"parley/internal/jid"
	"parley/stanza"
	"parley/storage"
)

// FuzzQuery: whatever a query holds, it is refused with a stanza error or asks
// for something that makes sense, and its id comes back as it was.
func FuzzQuery(f *testing.F) {
	for _, s := range []string{
		``, `<flip-page/>`, `<set xmlns='http://jabber.org/protocol/rsm'><max>10</max><before/></set>`,
		`<set xmlns='http://jabber.org/protocol/rsm'><max>-1</max><after>17</after><index>3</index></set>`,
		`<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'><value>urn:xmpp:mam:2</value></field><field var='with'><value>A@b/C</value></field><field var='start'><value>2010-06-07T00:00:00.5+02:00</value></field><field var='end'><value>9999-06-07T00:00:00Z</value></field></x>`,
		`<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'><value>urn:xmpp:mam:2</value></field><field var='ids'><value>1</value><value>2</value></field><field var='after-id'><value>9</value></field><field var='include-groupchat'><value>1</value></field></x>`,
	} {
		f.Add(s, "f27")
	}
	m := New(nil, nil, nil, Options{Page: 7})
	account, client := jid.MustParse("romeo@localhost"), jid.MustParse("romeo@localhost/orchard")
	f.Fuzz(func(t *testing.T, content, id string) {
		e, err := stanza.Parse([]byte("<query xmlns='" + NS + "'>" + content + "</query>"))
		if err != nil {
			return // the scanner refuses it before
		}
		e.Set("queryid", id)
		if e, err = stanza.Parse(e.Bytes()); err != nil {
			t.Fatal(err)
		}
		q, err := m.parseQuery(account, e)
		if err != nil {
			if refused := new(stanza.Error); !errors.As(err, &refused) {
				t.Fatalf("refused with %v", err)
			}
			return
		}
		sensible(t, q)
		row := storage.Message{ID: 1, Received: time.Now(), From: "a@b", Payload: []byte("<body>x</body>")}
		sent, err := stanza.Parse(result(q, &row, client).AppendTo(nil))
		if err != nil || sent.Child(NS, "result").Attr("queryid") != e.Attr("queryid") {
			t.Fatalf("the result is %v (%v)", sent, err)
		}
	})
}

func sensible(t *testing.T, q *query) {
	t.Helper()
	if q.page.Max < 0 || q.page.Max > 7 || q.page.After != 0 && backward(q.page) || len(q.filter.IDs) > 7 {
		t.Errorf("page %+v of %+v", q.page, q.filter)
	}
	for _, id := range q.mentioned {
		if id <= 0 {
			t.Errorf("id %d", id)
		}
	}
	for _, at := range []time.Time{q.filter.Start, q.filter.End} {
		if !at.IsZero() && (storage.MessageID(at) < 0 || !storage.MessageTime(storage.MessageID(at)).Equal(at.Truncate(time.Microsecond))) {
			t.Errorf("time %v has no id", at)
		}
	}
}
