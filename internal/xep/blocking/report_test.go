package blocking_test

import (
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"testing"
	"time"

	"parley/internal/xep/blocking"
	"parley/storage"
)

func reports(t *testing.T, w *world) (list []storage.Report) {
	t.Helper()
	err := w.Store.Reports(t.Context(), func(r storage.Report) error {
		if time.Since(r.Received) > time.Hour || r.Reporter != "juliet@localhost" {
			t.Errorf("reported at %s by %s", r.Received, r.Reporter)
		}
		r.Received, r.Reporter = time.Time{}, ""
		list = append(list, r)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func blockWith(items string) string {
	return "<iq type='set' id='c'><block xmlns='urn:xmpp:blocking'>" + items + "</block></iq>"
}

func reported(jid, reason, content string) string {
	return fmt.Sprintf("<item jid='%s'><report xmlns='urn:xmpp:reporting:1' reason='%s'>%s</report></item>", jid, reason, content)
}

const spam, abuse = "urn:xmpp:reporting:spam", "urn:xmpp:reporting:abuse"

// XEP-0377 §4 to §6: what a report says is kept; it concerns its own item.
func TestReport(t *testing.T) {
	t.Parallel()
	w := newWorld(t, blocking.Options{})
	var log strings.Builder
	w.Router.Log = slog.New(slog.NewTextHandler(&log, nil))
	j := w.Bind(t, juliet)
	j.Send(command("blocklist"))
	j.Got()
	j.Ask(blockWith(reported("romeo@example.net", spam, `<stanza-id xmlns='urn:xmpp:sid:0' by='romeo@example.net' id='28482-98726-73623'/>`+
		`<stanza-id xmlns='urn:xmpp:sid:0' by='juliet@localhost' id='1'/><text xml:lang='en'>Never came trouble</text>`+
		`<text xml:lang='de'>Nie kam Ärger</text><report-origin/>`)+
		"<item jid='a@b'/>"), // and a list is what is pushed
		result(juliet, ""), push(juliet, "block", "romeo@example.net", "a@b"))
	j.Ask(blockWith(reported("example.org", "urn:example:other", "<third-party/>")), result(juliet, ""), push(juliet, "block", "example.org"))
	want := []storage.Report{{
		JID: "romeo@example.net", Reason: spam, ToOrigin: true,
		Texts:    []storage.ReportText{{Lang: "en", Text: "Never came trouble"}, {Lang: "de", Text: "Nie kam Ärger"}},
		Messages: []storage.ReportedMessage{{By: "romeo@example.net", ID: "28482-98726-73623"}, {By: "juliet@localhost", ID: "1"}},
	}, {JID: "example.org", Reason: "urn:example:other", ThirdParty: true}}
	if got := reports(t, w); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	line := `msg="abuse reported" module=blocking jid=juliet@localhost peer=romeo@example.net reason=urn:xmpp:reporting:spam n=2 op=report`
	if !strings.Contains(log.String(), line) || strings.Contains(log.String(), "trouble") {
		t.Errorf("the log says\n%s", log.String())
	}
}

// XEP-0377 §6: whatever is the matter with a report, the block counts, or fails, as
// without it.
func TestBadReport(t *testing.T) {
	t.Parallel()
	w := newWorld(t, blocking.Options{MaxItems: 2})
	j := w.Bind(t, juliet)
	j.Ask(blockWith("<item jid='a@b'><report xmlns='urn:xmpp:reporting:1'/></item>"), result(juliet, "")) // §4: no reason
	j.Ask(blockWith(reported("c@d", strings.Repeat("x", 1024), "")), result(juliet, ""))
	j.Ask(blockWith(reported("e@f", spam, "")), failed(juliet, "policy-violation"))
	j.Ask(command("blocklist"), blocklist(juliet, "a@b", "c@d"))
	if got := reports(t, w); len(got) > 0 {
		t.Errorf("got %+v", got)
	}
}

func TestReportLimits(t *testing.T) {
	t.Parallel()
	w := newWorld(t, blocking.Options{MaxText: 8, MaxMessages: 2, MaxReports: 3})
	j := w.Bind(t, juliet)
	text := func(s ...string) string { return "<text>" + strings.Join(s, "</text><text>") + "</text>" }
	ids := func(n int) string { return strings.Repeat("<stanza-id xmlns='urn:xmpp:sid:0' by='a' id='b'/>", n) }
	j.Ask(blockWith(reported("a@b", spam, text("12345", "678")+ids(2))), result(juliet, ""))
	j.Ask(blockWith(reported("a@b", spam, text("12345", "678", "9")+ids(3))), result(juliet, ""))
	j.Ask(blockWith(reported("a@b", spam, text("1234567ä"))), result(juliet, "")) // not half a character
	j.Ask(blockWith(reported("a@b", abuse, "")), result(juliet, ""))              // one too many
	got := reports(t, w)
	if len(got) != 3 {
		t.Fatalf("%d reports are kept", len(got))
	}
	for i, want := range []string{"[{ 12345} { 678}] 2", "[{ 12345} { 678}] 2", "[{ 1234567}] 0"} {
		if s := fmt.Sprint(got[i].Texts, len(got[i].Messages)); s != want {
			t.Errorf("report %d: got %s, want %s", i, s, want)
		}
	}
}
