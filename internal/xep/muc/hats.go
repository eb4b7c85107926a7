package muc

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"

	"parley/internal/jid"
	"parley/stanza"
)

const (
	nsCommands = "http://jabber.org/protocol/commands" // XEP-0050
	formHats   = "urn:xmpp:hats:commands"
)

// Limits of the hats of a room.
const (
	maxHats     = 50   // in a room
	maxWearers  = 1000 // people with hats
	maxHatTitle = 128  // bytes
	maxHatURI   = 512  // bytes
)

// Hat is a label that admins give to people (XEP-0317 §3.1).
type Hat struct{ URI, Title, Hue string }

// hatsOf writes the hats of an account as its presence shows them. It is called
// with mu held.
func (r *Room) hatsOf(account jid.JID) []byte {
	worn := r.config.Wearers[account.String()]
	if len(worn) == 0 {
		return nil
	}
	e := stanza.New(nsHats, "hats")
	for _, h := range r.config.Hats {
		if slices.Contains(worn, h.URI) {
			hat := stanza.New(nsHats, "hat", "title", h.Title, "uri", h.URI)
			if h.Hue != "" {
				hat.Set("hue", h.Hue)
			}
			e.Add(hat)
		}
	}
	return e.Bytes()
}

// hatsHash is another one when the list of hats is (XEP-0317 §2).
func (c *Config) hatsHash() string {
	h := sha256.New()
	for _, hat := range c.Hats {
		h.Write([]byte(hat.URI + "\x00" + hat.Title + "\x00" + hat.Hue + "\x00"))
	}
	return hex.EncodeToString(h.Sum(nil)[:20])
}

// hatCommand changes the hats of a configuration as a form asks for.
type hatCommand struct {
	name, title string
	fields      []string
	run         func(c *Config, a answers) error
}

func hatCommands() []hatCommand {
	return []hatCommand{
		{"create", "Creating a Hat", []string{"hats#title", "hats#uri", "hats#hue"}, createHat},
		{"destroy", "Destroying a Hat", []string{"hats#uri"}, destroyHat},
		{"assign", "Assigning a Hat", []string{"hats#jid", "hats#uri"}, assignHat},
		{"unassign", "Removing a Hat", []string{"hats#jid", "hats#uri"}, unassignHat},
	}
}

// createHat makes a hat, or changes one of that URI (XEP-0317 §3.2).
func createHat(c *Config, a answers) error {
	h := Hat{a.one("hats#uri"), a.one("hats#title"), a.one("hats#hue")}
	at := slices.IndexFunc(c.Hats, func(o Hat) bool { return o.URI == h.URI })
	switch {
	case h.URI == "" || h.Title == "":
		return badRequest("a hat needs a title and a URI")
	case len(h.URI) > maxHatURI || max(len(h.Title), len(h.Hue)) > maxHatTitle:
		return notAcceptable("a text is too long")
	case at >= 0:
		c.Hats[at] = h
		return nil
	case len(c.Hats) >= maxHats:
		return stanza.NewError(stanza.ResourceConstraint, "the room has too many hats")
	}
	c.Hats = append(c.Hats, h)
	return nil
}

// destroyHat takes a hat away from everybody (XEP-0317 §3.3).
func destroyHat(c *Config, a answers) error {
	uri := a.one("hats#uri")
	before := len(c.Hats)
	if c.Hats = slices.DeleteFunc(c.Hats, func(h Hat) bool { return h.URI == uri }); len(c.Hats) == before {
		return stanza.NewError(stanza.ItemNotFound, "there is no such hat")
	}
	for who := range c.Wearers {
		c.takeOff(who, uri)
	}
	return nil
}

// assignHat: XEP-0317 §3.5.
func assignHat(c *Config, a answers) error {
	who, err := jid.Parse(a.one("hats#jid"))
	uri := a.one("hats#uri")
	name := who.Bare().String()
	switch {
	case err != nil:
		return stanza.NewError(stanza.JIDMalformed, "")
	case !slices.ContainsFunc(c.Hats, func(h Hat) bool { return h.URI == uri }):
		return stanza.NewError(stanza.ItemNotFound, "there is no such hat")
	case slices.Contains(c.Wearers[name], uri):
		return nil
	case len(c.Wearers) >= maxWearers && c.Wearers[name] == nil:
		return stanza.NewError(stanza.ResourceConstraint, "too many wear hats")
	}
	c.Wearers[name] = append(c.Wearers[name], uri)
	return nil
}

// unassignHat: XEP-0317 §3.6.
func unassignHat(c *Config, a answers) error {
	who, err := jid.Parse(a.one("hats#jid"))
	if err != nil {
		return stanza.NewError(stanza.JIDMalformed, "")
	}
	if !slices.Contains(c.Wearers[who.Bare().String()], a.one("hats#uri")) {
		return stanza.NewError(stanza.ItemNotFound, "that hat is not worn")
	}
	c.takeOff(who.Bare().String(), a.one("hats#uri"))
	return nil
}

func (c *Config) takeOff(who, uri string) {
	c.Wearers[who] = slices.DeleteFunc(c.Wearers[who], func(s string) bool { return s == uri })
	if len(c.Wearers[who]) == 0 {
		delete(c.Wearers, who)
	}
}

// table begins a form of several results (XEP-0004 §3.4).
func table(title string, columns ...string) *stanza.Element {
	reported := stanza.New(nsData, "reported")
	for _, c := range columns {
		reported.Add(stanza.New(nsData, "field", "var", c))
	}
	return stanza.New(nsData, "x", "type", "result").Add(stanza.New(nsData, "title").AddText(title), reported)
}

// tableRow makes a row of pairs of column and value.
func tableRow(pairs ...string) *stanza.Element {
	item := stanza.New(nsData, "item")
	for i := 0; i < len(pairs); i += 2 {
		item.Add(stanza.New(nsData, "field", "var", pairs[i]).Add(stanza.New(nsData, "value").AddText(pairs[i+1])))
	}
	return item
}

// listCommands: XEP-0050 §3.1.
func listCommands(room jid.JID) *stanza.Element {
	query := stanza.New(nsItems, "query", "node", nsCommands)
	names := []string{"list", "list-assigned"}
	for _, c := range hatCommands() {
		names = append(names, c.name)
	}
	for _, name := range names {
		query.Add(stanza.New(nsItems, "item", "jid", room.String(), "node", formHats+":"+name, "name", "Hats: "+name))
	}
	return query
}
