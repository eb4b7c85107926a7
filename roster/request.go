package roster

import (
	"fmt"
	"slices"

	"parley/internal/jid"
	"parley/stanza"
)

// request is one roster set.
type request struct {
	contact jid.JID
	remove  bool
	name    string
	groups  []string
}

// parseSet reads a roster set and refuses what RFC 6121 §2.3.3 tells to.
func (m *Module) parseSet(query *stanza.Element) (request, error) {
	item, err := onlyItem(query)
	if err != nil {
		return request{}, err
	}
	req := request{remove: item.Attr("subscription") == "remove", name: item.Attr("name")}
	if req.contact, err = contactOf(item); err != nil || req.remove {
		return req, err
	}
	if len(req.name) > m.opts.MaxName {
		return req, stanza.NewError(stanza.NotAcceptable, fmt.Sprintf("a name has at most %d bytes", m.opts.MaxName))
	}
	req.groups, err = m.groups(item)
	return req, err
}

// onlyItem: a set has exactly one item (§2.1.5).
func onlyItem(query *stanza.Element) (*stanza.Element, error) {
	var item *stanza.Element
	for e := range query.Elements() {
		if item != nil || !e.Is(NS, "item") {
			return nil, stanza.NewError(stanza.BadRequest, "a roster set has exactly one item")
		}
		item = e
	}
	if item == nil {
		return nil, stanza.NewError(stanza.BadRequest, "a roster set has exactly one item")
	}
	return item, nil
}

// contactOf reads the address: that of an account, not of a resource
// (§2.1.2.3).
func contactOf(item *stanza.Element) (jid.JID, error) {
	text, ok := item.Lookup("jid")
	if !ok {
		return jid.JID{}, stanza.NewError(stanza.BadRequest, "an item needs a jid")
	}
	contact, err := jid.Parse(text)
	if err != nil {
		return jid.JID{}, stanza.NewError(stanza.JIDMalformed, "")
	}
	if !contact.IsBare() {
		return jid.JID{}, stanza.NewError(stanza.BadRequest, "a contact is a bare JID")
	}
	return contact, nil
}

func (m *Module) groups(item *stanza.Element) ([]string, error) {
	var groups []string
	for e := range item.Elements() {
		if !e.Is(NS, "group") {
			continue
		}
		name := e.Text()
		switch {
		case name == "":
			return nil, stanza.NewError(stanza.NotAcceptable, "a group needs a name")
		case len(name) > m.opts.MaxName:
			return nil, stanza.NewError(stanza.NotAcceptable, fmt.Sprintf("a group's name has at most %d bytes", m.opts.MaxName))
		case slices.Contains(groups, name):
			return nil, stanza.NewError(stanza.BadRequest, "the same group twice")
		case len(groups) == m.opts.MaxGroups:
			return nil, stanza.NewError(stanza.NotAcceptable, fmt.Sprintf("a contact has at most %d groups", m.opts.MaxGroups))
		}
		groups = append(groups, name)
	}
	slices.Sort(groups) // a set: the order is not part of it
	return groups, nil
}
