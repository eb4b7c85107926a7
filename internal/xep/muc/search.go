package muc

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"parley/stanza"
)

// The namespaces of XEP-0433.
const (
	nsSearch       = "urn:xmpp:channel-search:0:search"
	formSearch     = "urn:xmpp:channel-search:0:search-params"
	nsSearchError  = "urn:xmpp:channel-search:0:error"
	orderByAddress = "{urn:xmpp:channel-search:0:order}address"
	orderByUsers   = "{urn:xmpp:channel-search:0:order}nusers"
)

// maxFound is how many rooms one answer to a search holds.
const maxFound = 100

// terms are what is looked for (XEP-0433 §5.1).
type terms struct {
	words             []string
	all               bool
	name, about, addr bool // where to look
	least             int  // occupants
	byUsers           bool
}

// search answers with the form, or with the public rooms that fit (XEP-0433 §4.2).
func (m *Module) search(_ context.Context, iq *request) (*stanza.Element, error) {
	x := iq.Request.Child(nsData, "x")
	if x == nil {
		return stanza.New(nsSearch, "search").Add(searchForm()), nil
	}
	a, err := readAnswers(x, formSearch)
	if err != nil {
		return nil, err
	}
	t, err := readTerms(a)
	if err != nil {
		return nil, err
	}
	found := m.matching(t)
	page, set, err := pageOf(found, func(h hit) string { return h.jid.String() }, iq.Request.Child(nsRSM, "set"), maxFound)
	if err != nil {
		return nil, err
	}
	answer := stanza.New(nsSearch, "result")
	for _, h := range page {
		answer.Add(h.element())
	}
	return answer.Add(set), nil
}

func searchForm() *stanza.Element {
	f := newForm("form", formSearch)
	f.add("text-single", "q", "Search for")
	f.add("boolean", "all", "Return all entries (ignore search terms)")
	f.add("boolean", "sinname", "Search in name", "true")
	f.add("boolean", "sindescription", "Search in description", "true")
	f.add("boolean", "sinaddress", "Search in address", "true")
	f.add("text-single", "min_users", "Minimum number of users", "0")
	types := f.add("list-multi", "types", "Service types", "xep-0045")
	addOption(types, "xep-0045", "XEP-0045 Multi User Chats")
	key := f.add("list-single", "key", "Sort results by", orderByUsers)
	addOption(key, orderByUsers, "Number of online users")
	addOption(key, orderByAddress, "Address")
	return f.x
}

func readTerms(a answers) (t terms, err error) {
	t = terms{words: strings.Fields(strings.ToLower(a.one("q"))), name: true, about: true, addr: true, byUsers: true}
	for _, f := range []struct {
		name string
		to   *bool
	}{{"all", &t.all}, {"sinname", &t.name}, {"sindescription", &t.about}, {"sinaddress", &t.addr}, {"sinaddr", &t.addr}} {
		if a.has(f.name) {
			if *f.to, err = a.yes(f.name); err != nil {
				return t, err
			}
		}
	}
	if least := a.one("min_users"); least != "" {
		if t.least, err = strconv.Atoi(least); err != nil {
			return t, badRequest("min_users is not a number")
		}
	}
	if key := a.one("key"); key != "" {
		t.byUsers = key == orderByUsers
		if !t.byUsers && key != orderByAddress { // §4.2.2.2
			return t, searchError(stanza.FeatureNotImplemented, "invalid-sort-key")
		}
	}
	return t, t.check(a)
}

// check: XEP-0433 §4.2.2.3, §4.2.2.6, §4.2.2.7.
func (t *terms) check(a answers) error {
	q := a.one("q") != ""
	switch {
	case t.all && q:
		return searchError(stanza.BadRequest, "conflicting-fields")
	case !t.all && !q:
		return searchError(stanza.BadRequest, "no-search-conditions")
	case q && len(t.words) == 0:
		return searchError(stanza.BadRequest, "invalid-search-terms")
	}
	return nil
}

func searchError(c stanza.Condition, app string) *stanza.Error {
	return &stanza.Error{Type: stanza.Modify, Condition: c, App: stanza.New(nsSearchError, app)}
}

// hit is a room that fits.
type hit struct {
	listing
	users int
}

func (m *Module) matching(t terms) (out []hit) {
	for _, l := range m.rooms.listed() {
		if !t.fits(&l) {
			continue
		}
		if h := (hit{l, m.occupants(l.jid)}); h.users >= t.least {
			out = append(out, h)
		}
	}
	if t.byUsers {
		slices.SortStableFunc(out, func(a, b hit) int { return b.users - a.users })
	}
	return out
}

// fits reports whether every word is found somewhere.
func (t *terms) fits(l *listing) bool {
	var text []string
	for _, place := range []struct {
		look bool
		text string
	}{{t.name, l.name}, {t.about, l.description}, {t.addr, l.jid.String()}} {
		if place.look {
			text = append(text, strings.ToLower(place.text))
		}
	}
	for _, w := range t.words {
		if !slices.ContainsFunc(text, func(s string) bool { return strings.Contains(s, w) }) {
			return false
		}
	}
	return true
}

// element: XEP-0433 §5.2.
func (h *hit) element() *stanza.Element {
	e := stanza.New(nsSearch, "item", "address", h.jid.String())
	add := func(name, text string) {
		if text != "" {
			e.Add(stanza.New(nsSearch, name).AddText(text))
		}
	}
	add("name", h.name)
	add("description", h.description)
	add("language", h.lang)
	add("nusers", strconv.Itoa(h.users))
	add("service-type", "xep-0045")
	if h.open {
		e.Add(stanza.New(nsSearch, "is-open"))
	}
	add("anonymity-mode", map[bool]string{true: "muc_semianonymous", false: "{urn:xmpp:channel-search:0:anonymity}none"}[h.anonymous])
	return e
}
