package mam

import (
	"context"
	"fmt"
	"strings"
	"time"

	"parley/internal/jid"
	"parley/internal/module"
	"parley/stanza"
)

const (
	nsData     = "jabber:x:data"                             // XEP-0004
	nsValidate = "http://jabber.org/protocol/xdata-validate" // XEP-0122
)

// field is one field of the form (XEP-0313 §4.1).
type field struct {
	name, typ string
	many      bool // it may have several values
	read      func(q *query, values []string) error
}

// fields returns those that are understood, in the order in which they are
// shown.
func fields() []field {
	return []field{
		{name: "with", typ: "jid-single", read: readWith},
		{name: "start", typ: "text-single", read: readStart},
		{name: "end", typ: "text-single", read: readEnd},
		{name: "before-id", typ: "text-single", read: readBeforeID},
		{name: "after-id", typ: "text-single", read: readAfterID},
		{name: "ids", typ: "list-multi", many: true, read: readIDs},
		{name: "include-groupchat", typ: "boolean", read: readGroupchat},
	}
}

// form shows the fields (XEP-0313 §4.1.5).
func (m *Module) form(context.Context, *module.IQ) (*stanza.Element, error) {
	x := stanza.New(nsData, "x", "type", "form").Add(
		stanza.New(nsData, "field", "type", "hidden", "var", "FORM_TYPE").Add(stanza.New(nsData, "value").AddText(NS)))
	for _, f := range fields() {
		e := stanza.New(nsData, "field", "type", f.typ, "var", f.name)
		if f.many {
			// Any value will do; the list of all would be long.
			e.Add(stanza.New(nsValidate, "validate", "datatype", "xs:string").Add(stanza.New(nsValidate, "open")))
		}
		x.Add(e)
	}
	return stanza.New(NS, "query").Add(x), nil
}

// readForm reads what was filled in. A field without a value is one left empty.
func (q *query) readForm(x *stanza.Element) error {
	if x.Attr("type") != "submit" {
		return badRequest("the form is not of type submit")
	}
	typed := false
	seen := map[string]bool{}
	for e := range x.Elements() {
		if !e.Is(nsData, "field") {
			continue // a title or instructions do no harm
		}
		name, values := e.Attr("var"), valuesOf(e)
		if seen[name] {
			return badRequest("field %q is there twice", name)
		}
		seen[name] = true
		if name == "FORM_TYPE" {
			typed = len(values) == 1 && values[0] == NS
		} else if err := q.readField(name, values); err != nil {
			return err
		}
	}
	if !typed {
		return badRequest("FORM_TYPE is not " + NS)
	}
	return nil
}

func valuesOf(e *stanza.Element) (out []string) {
	for v := range e.Elements() {
		if v.Is(nsData, "value") {
			out = append(out, v.Text())
		}
	}
	return out
}

func (q *query) readField(name string, values []string) error {
	for _, f := range fields() {
		switch {
		case f.name != name:
		case len(values) == 0:
			return nil
		case len(values) > 1 && !f.many:
			return badRequest("%s has several values", name)
		default:
			return f.read(q, values)
		}
	}
	if len(name) > 100 {
		name = strings.ToValidUTF8(name[:100], "") + "…"
	}
	return stanza.NewError(stanza.FeatureNotImplemented, fmt.Sprintf("there is no field %q", name)) // XEP-0313 §4.1.5
}

// XEP-0313 §4.1.1. Of messages to oneself the resources do not count.
func readWith(q *query, values []string) error {
	j, err := jid.Parse(values[0])
	if err != nil {
		return badRequest("with: %v", err)
	}
	q.filter.Peer, q.filter.PeerResource = j.Bare().String(), j.Resource()
	if j.Bare() == q.account {
		q.filter.PeerResource = ""
	}
	return nil
}

func readStart(q *query, values []string) (err error) {
	q.filter.Start, err = parseTime("start", values[0])
	return err
}

func readEnd(q *query, values []string) (err error) {
	q.filter.End, err = parseTime("end", values[0])
	return err
}

// parseTime reads the DateTime profile of XEP-0082 §3.2.
func parseTime(name, s string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil || strings.Contains(s, ",") { // which Go takes for a point
		return t, badRequest("%s is not a date and time such as 2010-06-07T00:00:00Z", name)
	}
	return within(t), nil
}

// within moves a time into the years that an id can tell; no message is from any
// other.
func within(t time.Time) time.Time {
	first, last := time.Unix(0, 0).UTC(), time.Date(2250, 1, 1, 0, 0, 0, 0, time.UTC)
	switch {
	case t.Before(first):
		return first
	case t.After(last):
		return last
	}
	return t
}

func readBeforeID(q *query, values []string) (err error) {
	q.filter.BeforeID, err = q.mention(values[0])
	return err
}

func readAfterID(q *query, values []string) (err error) {
	q.filter.AfterID, err = q.mention(values[0])
	return err
}

func readIDs(q *query, values []string) error {
	if len(values) > q.maxIDs {
		return stanza.NewError(stanza.PolicyViolation, fmt.Sprintf("%d ids, at most %d can be asked for", len(values), q.maxIDs))
	}
	for _, v := range values {
		id, err := q.mention(v)
		if err != nil {
			return err
		}
		q.filter.IDs = append(q.filter.IDs, id)
	}
	return nil
}

// readGroupchat: XEP-0313 §4.1.4. There is none here either way.
func readGroupchat(_ *query, values []string) error {
	switch values[0] {
	case "true", "1", "false", "0":
		return nil
	}
	return badRequest("include-groupchat is neither true nor false")
}

// mention notes an id that the archive must have (XEP-0313 §4.1.3).
func (q *query) mention(s string) (int64, error) {
	id, ok := q.ids.Parse(s)
	if !ok {
		return 0, errNoSuchID()
	}
	q.mentioned = append(q.mentioned, id)
	return id, nil
}

func errNoSuchID() *stanza.Error {
	return stanza.NewError(stanza.ItemNotFound, "the archive has no such id")
}

func badRequest(format string, args ...any) *stanza.Error {
	return stanza.NewError(stanza.BadRequest, fmt.Sprintf(format, args...))
}
