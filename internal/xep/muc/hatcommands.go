package muc

import (
	"context"
	"crypto/rand"
	"maps"
	"slices"

	"parley/internal/jid"
	"parley/internal/xep/muc/standing"
	"parley/stanza"
)

// command is an ad-hoc command (XEP-0050) about hats: the form first, unless it
// comes filled in already.
func (r *Room) command(ctx context.Context, iq *request) (*stanza.Element, error) {
	node := iq.Request.Attr("node")
	answer := stanza.New(nsCommands, "command", "node", node)
	if answer.Set("sessionid", iq.Request.Attr("sessionid")); answer.Attr("sessionid") == "" {
		answer.Set("sessionid", rand.Text())
	}
	if iq.Request.Attr("action") == "cancel" {
		return answer.Set("status", "canceled"), nil
	}
	switch node {
	case formHats + ":list":
		return r.listHats(iq, answer)
	case formHats + ":list-assigned":
		return r.listWorn(iq, answer)
	}
	for _, c := range hatCommands() {
		if node == formHats+":"+c.name {
			return r.runHatCommand(ctx, iq, &c, answer)
		}
	}
	return nil, stanza.NewError(stanza.ItemNotFound, "there is no such command")
}

func (r *Room) runHatCommand(ctx context.Context, iq *request, c *hatCommand, answer *stanza.Element) (*stanza.Element, error) {
	if err := r.onlyAdmins(iq.From); err != nil {
		return nil, err
	}
	x := iq.Request.Child(nsData, "x")
	if x == nil {
		return answer.Set("status", "executing").Add(c.form()), nil
	}
	a, err := readAnswers(x, formHats)
	if err != nil {
		return nil, err
	}
	if err := r.take(ctx); err != nil {
		return nil, err
	}
	defer r.give()
	if err := r.changeHats(ctx, func(config *Config) error { return c.run(config, a) }); err != nil {
		return nil, err
	}
	return answer.Set("status", "completed"), nil
}

func (c *hatCommand) form() *stanza.Element {
	f := newForm("form", formHats).say(c.title, "Fill out this form.")
	for _, name := range c.fields {
		e := f.add("text-single", name, name[len("hats#"):])
		if name != "hats#hue" {
			e.Add(stanza.New(nsData, "required"))
		}
	}
	return f.x
}

func (r *Room) onlyAdmins(from jid.JID) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.affiliationOf(from.Bare()) < standing.Admin {
		return stanza.NewError(stanza.Forbidden, "")
	}
	return nil
}

// changeHats is called with the turn. Who wears other hats now is shown anew.
func (r *Room) changeHats(ctx context.Context, change func(*Config) error) error {
	r.mu.Lock()
	config, locked := r.config.clone(), r.locked
	r.mu.Unlock()
	if err := change(&config); err != nil {
		return err
	}
	row := r.row
	row.Locked = locked
	if err := config.row(&row); err != nil {
		return err
	}
	if err := r.service.store.UpdateRoom(ctx, row, nil); err != nil {
		return err
	}
	return r.with(ctx, func() error {
		r.config = config
		for _, o := range r.occupants {
			if hats := r.hatsOf(o.account); string(hats) != string(o.hats) {
				o.hats = hats
				r.update(o, noticeOf(o))
			}
		}
		r.sendAll(r.statusMessage([]int{statusConfigChanged}))
		return nil
	})
}

// listHats is for all who may enter (XEP-0317 §3.4).
func (r *Room) listHats(iq *request, answer *stanza.Element) (*stanza.Element, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.config.kind().Enters(r.affiliationOf(iq.From.Bare())) {
		return nil, stanza.NewError(stanza.Forbidden, "")
	}
	f := table("Hats List", "hats#title", "hats#uri", "hats#hue")
	for _, h := range r.config.Hats {
		f.Add(tableRow("hats#title", h.Title, "hats#uri", h.URI, "hats#hue", h.Hue))
	}
	return answer.Set("status", "completed").Add(f), nil
}

// listWorn tells who wears what, to admins: it tells addresses (XEP-0317 §3.7).
func (r *Room) listWorn(iq *request, answer *stanza.Element) (*stanza.Element, error) {
	if err := r.onlyAdmins(iq.From); err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	f := table("Assigned Hats List", "hats#jid", "hats#uri", "hats#title", "hats#hue")
	for _, who := range slices.Sorted(maps.Keys(r.config.Wearers)) {
		for _, h := range r.config.Hats {
			if slices.Contains(r.config.Wearers[who], h.URI) {
				f.Add(tableRow("hats#jid", who, "hats#uri", h.URI, "hats#title", h.Title, "hats#hue", h.Hue))
			}
		}
	}
	return answer.Set("status", "completed").Add(f), nil
}
