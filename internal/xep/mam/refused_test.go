package mam_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"parley/internal/module"
	"parley/internal/xep/mam"
	"parley/internal/xep/offline"
	"parley/internal/xmpptest/xmlmatch"
	"parley/stanza"
)

// TestRefused: what is wrong with a query is told, and there are no results.
func TestRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, mam.Options{Page: 3})
	ids := conversation(t, w, 5, 10)
	a := w.Bind(t, romeo)
	const notFound, bad = "cancel item-not-found", "modify bad-request"
	for name, c := range map[string]struct{ query, want string }{
		"unknown field":              {form(field("flavour", "sweet")), "cancel feature-not-implemented"},
		"unknown field, no value":    {form(field("flavour")), "cancel feature-not-implemented"},
		"field without a name":       {form("<field><value>x</value></field>"), "cancel feature-not-implemented"},
		"no FORM_TYPE":               {"<x xmlns='jabber:x:data' type='submit'/>", bad},
		"another FORM_TYPE":          {"<x xmlns='jabber:x:data' type='submit'>" + field("FORM_TYPE", "urn:xmpp:mam:1") + "</x>", bad},
		"form of another type":       {"<x xmlns='jabber:x:data' type='form'>" + formType + "</x>", bad},
		"cancelled form":             {"<x xmlns='jabber:x:data' type='cancel'/>", bad},
		"bad JID":                    {form(field("with", "a@b@c")), bad},
		"empty JID":                  {form(field("with", "")), bad},
		"two JIDs":                   {form(field("with", "a@b", "c@d")), bad},
		"field twice":                {form(field("with", "a@b"), field("with", "a@b")), bad},
		"bad date":                   {form(field("start", "yesterday")), bad},
		"date without time":          {form(field("end", "2010-06-07")), bad},
		"date without zone":          {form(field("end", "2010-06-07T00:00:00")), bad},
		"legacy date":                {form(field("end", "20100607T00:00:00")), bad},
		"no such day":                {form(field("start", "2010-02-30T00:00:00Z")), bad},
		"comma":                      {form(field("start", "2010-02-03T00:00:00,5Z")), bad},
		"neither true nor false":     {form(field("include-groupchat", "maybe")), bad},
		"after-id unknown":           {form(field("after-id", "1")), notFound},
		"after-id no number":         {form(field("after-id", "09af3-cc343-b409f")), notFound},
		"before-id unknown":          {form(field("before-id", "9223372036854775808")), notFound},
		"before-id written in a way": {form(field("before-id", "0"+ids[0])), notFound},
		"before-id empty":            {form(field("before-id", "")), notFound},
		"one of the ids unknown":     {form(field("ids", ids[0], "1")), notFound},
		"id below zero":              {form(field("ids", "-1")), notFound},
		"ids above the limit":        {form(field("ids", ids[:4]...)), "modify policy-violation"},
		"after unknown":              {set("<after>1</after>"), notFound},
		"before unknown":             {set("<before>x</before>"), notFound},
		"after and before":           {set("<after>" + ids[0] + "</after><before>" + ids[1] + "</before>"), bad},
		"index":                      {set("<index>1</index>"), "cancel feature-not-implemented"},
		"max no number":              {set("<max>many</max>"), bad},
		"max empty":                  {set("<max/>"), bad},
		"max below zero":             {set("<max>-1</max>"), bad},
		"max out of range":           {set("<max>2147483648</max>"), bad},
	} {
		t.Run(name, func(t *testing.T) {
			got, answer := ask(t, a, c.query)
			typ, condition, _ := strings.Cut(c.want, " ")
			if err := xmlmatch.Match(refused(a, "q", typ, condition), answer); err != nil || len(got) > 0 {
				t.Errorf("%v\n got: %s %s", err, got, answer)
			}
			if strings.Contains(c.want, "bad-request") && !strings.Contains(answer, "<text ") {
				t.Errorf("the answer does not say what is wrong: %s", answer)
			}
		})
	}
	if got, _ := ask(t, a, form(field("ids", ids[:3]...))); !slices.Equal(got, ids[:3]) {
		t.Errorf("ids at the limit: got %s", got)
	}
	if got, _ := ask(t, a, set("<max>2147483647</max>")); !slices.Equal(got, ids[:3]) {
		t.Errorf("max at the limit: got %s", got)
	}
	for n, want := range map[int]string{1024: result(a, "l", "{any}"), 1025: refused(a, "l", "modify", "policy-violation")} {
		a.Ask("<iq type='set' id='l'><query xmlns='urn:xmpp:mam:2' queryid='"+strings.Repeat("x", n)+"'>"+form(field("with", "nobody@localhost"))+"</query></iq>", want)
	}
	a.Ask("<iq type='set' id='n'><query xmlns='urn:xmpp:mam:2' node='fdp/submitted'/></iq>", refused(a, "n", "cancel", "item-not-found"))
}

// TestForeign: an archive is for its owner, and nobody learns whether an account
// exists (XEP-0313 §7.1).
func TestForeign(t *testing.T) {
	t.Parallel()
	w := newWorld(t, mam.Options{})
	a := w.Bind(t, romeo)
	for _, owner := range []string{"juliet@localhost", "nobody@localhost"} {
		for _, request := range []string{
			"<iq type='set' id='1' to='%s'><query xmlns='urn:xmpp:mam:2'/></iq>",
			"<iq type='set' id='1' to='%s'><query xmlns='urn:xmpp:mam:2' node='x'/></iq>",
			"<iq type='get' id='1' to='%s'><query xmlns='urn:xmpp:mam:2'/></iq>",
			"<iq type='get' id='1' to='%s'><metadata xmlns='urn:xmpp:mam:2'/></iq>",
		} {
			a.Ask(fmt.Sprintf(request, owner), "<iq type='error' id='1' from='"+owner+"' to='"+romeo+"'><error type='auth'><forbidden xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>")
		}
	}
}

// TestForm: XEP-0313 §4.1.5.
func TestForm(t *testing.T) {
	t.Parallel()
	w := newWorld(t, mam.Options{})
	a := w.Bind(t, romeo)
	a.Ask("<iq type='get' id='form1'><query xmlns='urn:xmpp:mam:2'/></iq>", result(a, "form1", `<query xmlns='urn:xmpp:mam:2'>
		<x xmlns='jabber:x:data' type='form'>
			<field type='hidden' var='FORM_TYPE'><value>urn:xmpp:mam:2</value></field>
			<field type='jid-single' var='with'/>
			<field type='text-single' var='start'/>
			<field type='text-single' var='end'/>
			<field type='text-single' var='before-id'/>
			<field type='text-single' var='after-id'/>
			<field type='list-multi' var='ids'><validate xmlns='http://jabber.org/protocol/xdata-validate' datatype='xs:string'><open/></validate></field>
			<field type='boolean' var='include-groupchat'/>
		</x></query>`))
}

// slow is a client for whom much waits.
type slow struct {
	module.Session
	bytes int
}

// Backlog is what internal/session tells.
func (s slow) Backlog() int { return s.bytes }

// TestBehind: who has not read a page gets no other, at the limit and above.
func TestBehind(t *testing.T) {
	t.Parallel()
	w := newWorld(t, mam.Options{PageBytes: 1000})
	conversation(t, w, 1, 10)
	a := w.Bind(t, romeo)
	query := w.Router.Handler(module.IQKey{Target: module.ToAccount, Type: module.Set, Space: mam.NS, Local: "query"})
	for bytes, want := range map[int]error{1000: nil, 1001: stanza.NewError(stanza.ResourceConstraint, "")} {
		iq := &module.IQ{
			Stanza:  module.NewStanza(stanza.IQ, "set", a.JID(), a.JID().Bare()),
			Request: stanza.New(mam.NS, "query"), Session: slow{a.Session, bytes},
		}
		if _, err := query(t.Context(), iq); !errors.Is(err, want) {
			t.Errorf("with %d bytes: got %v, want %v", bytes, err, want)
		}
	}
}

// TestFeatures: XEP-0313 §6, XEP-0359 §6, XEP-0424 §2 and §4.
func TestFeatures(t *testing.T) {
	t.Parallel()
	w := newWorld(t, mam.Options{})
	for target, want := range map[module.Target][]string{
		module.ToAccount: {
			"urn:xmpp:mam:2", "urn:xmpp:mam:2#extended", "urn:xmpp:mam:2#groupchat-field", "http://jabber.org/protocol/rsm",
			"urn:xmpp:sid:0", "urn:xmpp:hints", "urn:xmpp:message-retract:1", "urn:xmpp:message-retract:1#tombstone",
		},
		module.ToServer: {offline.Feature, "urn:xmpp:sid:0", "urn:xmpp:hints", "urn:xmpp:message-retract:1"}, // it has no archive
	} {
		slices.Sort(want)
		if got := w.Router.AnnouncedFeatures(target); !slices.Equal(got, want) {
			t.Errorf("target %d: got %q, want %q", target, got, want)
		}
	}
}
