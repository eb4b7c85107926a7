package muc

import (
	"context"
	"crypto/rand"
	"slices"
	"strconv"
	"strings"

	"parley/internal/xep/muc/standing"
	"parley/stanza"
)

// serviceQueries are what the domain of the rooms answers.
func (m *Module) serviceQueries() map[iqKey]answerer {
	return map[iqKey]answerer{
		{"get", nsInfo, "query"}:    m.serviceInfo,
		{"get", nsItems, "query"}:   m.serviceItems,
		{"get", nsUnique, "unique"}: m.unique,
		{"get", nsSearch, "search"}: m.search,
		{"get", nsPing, "ping"}:     pong,
	}
}

// queries are what a room answers.
func (r *Room) queries() map[iqKey]answerer {
	return map[iqKey]answerer{
		{"get", nsInfo, "query"}:        r.info,
		{"get", nsItems, "query"}:       r.items,
		{"get", nsPing, "ping"}:         pong,
		{"get", NSAdmin, "query"}:       r.getList,
		{"set", NSAdmin, "query"}:       r.setList,
		{"get", NSOwner, "query"}:       r.getConfig,
		{"set", NSOwner, "query"}:       r.setConfig,
		{"get", nsRegister, "query"}:    r.getRegistration,
		{"set", nsRegister, "query"}:    r.setRegistration,
		{"set", nsModerate, "moderate"}: r.moderate,
		{"set", nsCommands, "command"}:  r.command,
		{"get", nsVCard, "vCard"}:       r.getVCard,
		{"set", nsVCard, "vCard"}:       r.setVCard,
		{"get", nsMAM, "query"}:         r.reader(r.service.archive.Form),
		{"get", nsMAM, "metadata"}:      r.reader(r.service.archive.Metadata),
		{"set", nsMAM, "query"}:         r.readArchive,
	}
}

func pong(context.Context, *request) (*stanza.Element, error) { return nil, nil }

func identity(name string) *stanza.Element {
	e := stanza.New(nsInfo, "identity", "category", "conference", "type", "text")
	if name != "" {
		e.Set("name", name)
	}
	return e
}

func addFeatures(query *stanza.Element, features ...string) *stanza.Element {
	for _, f := range features {
		query.Add(stanza.New(nsInfo, "feature", "var", f))
	}
	return query
}

// serviceInfo: §6.2.
func (m *Module) serviceInfo(_ context.Context, iq *request) (*stanza.Element, error) {
	if iq.Request.Attr("node") != "" {
		return nil, stanza.NewError(stanza.ItemNotFound, "")
	}
	return addFeatures(stanza.New(nsInfo, "query").Add(identity(m.opts.Name)),
		nsInfo, nsItems, NS, nsStableID, nsUnique, nsOccupantID, nsVCard, nsSearch, nsRSM, nsPing), nil
}

// maxListed is how many rooms one answer lists.
const maxListed = 200

// serviceItems lists the public rooms (§6.3).
func (m *Module) serviceItems(_ context.Context, iq *request) (*stanza.Element, error) {
	if iq.Request.Attr("node") != "" {
		return nil, stanza.NewError(stanza.ItemNotFound, "")
	}
	list := m.rooms.listed()
	at := func(l listing) string { return l.jid.String() }
	page, set, err := pageOf(list, at, iq.Request.Child(nsRSM, "set"), maxListed)
	if err != nil {
		return nil, err
	}
	query := stanza.New(nsItems, "query")
	for _, l := range page {
		e := stanza.New(nsItems, "item", "jid", l.jid.String())
		if l.name != "" {
			e.Set("name", l.name)
		}
		query.Add(e)
	}
	return query.Add(set), nil
}

// pageOf cuts a page out of a list (XEP-0059 §2). The set is nil if nobody has
// asked for pages and all fits into one.
func pageOf[T any](list []T, name func(T) string, set *stanza.Element, limit int) ([]T, *stanza.Element, error) {
	from, to, count := 0, len(list), len(list)
	find := func(s string) int { return slices.IndexFunc(list, func(e T) bool { return name(e) == s }) }
	largest := limit
	if e := set.Child(nsRSM, "max"); e != nil {
		n, err := strconv.ParseUint(e.Text(), 10, 31)
		if err != nil {
			return nil, nil, badRequest("max is not a number")
		}
		largest = min(limit, int(n)) //nolint:gosec // 31 bits
	}
	after, before := set.Child(nsRSM, "after"), set.Child(nsRSM, "before")
	if after != nil && after.Text() != "" {
		if from = find(after.Text()) + 1; from == 0 {
			return nil, nil, stanza.NewError(stanza.ItemNotFound, "")
		}
	}
	if before != nil {
		if before.Text() != "" {
			if to = find(before.Text()); to < 0 {
				return nil, nil, stanza.NewError(stanza.ItemNotFound, "")
			}
		}
		from = max(from, to-largest)
	}
	to = max(from, min(to, from+largest))
	if set == nil && to-from == count {
		return list, nil, nil
	}
	answer := stanza.New(nsRSM, "set")
	if to > from {
		answer.Add(stanza.New(nsRSM, "first", "index", strconv.Itoa(from)).AddText(name(list[from])),
			stanza.New(nsRSM, "last").AddText(name(list[to-1])))
	}
	return list[from:to], answer.Add(stanza.New(nsRSM, "count").AddText(strconv.Itoa(count))), nil
}

// unique names a room that does not exist.
func (m *Module) unique(context.Context, *request) (*stanza.Element, error) {
	return stanza.New(nsUnique, "unique").AddText(strings.ToLower(rand.Text())), nil
}

// info tells what a room is like (§6.4), or which nickname is reserved for who
// asks (§7.12).
func (r *Room) info(_ context.Context, iq *request) (*stanza.Element, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch node := iq.Request.Attr("node"); {
	case node == "x-roomuser-item":
		return r.reservedNick(iq), nil
	case node == NS+"#traffic":
		return nil, stanza.NewError(stanza.ServiceUnavailable, "") // §18.1.1: nothing is discarded
	case node != "" || r.locked:
		return nil, stanza.NewError(stanza.ItemNotFound, "")
	}
	query := stanza.New(nsInfo, "query").Add(identity(r.config.Name))
	return addFeatures(query, r.features()...).Add(r.infoForm().x), nil
}

func (r *Room) reservedNick(iq *request) *stanza.Element {
	query := stanza.New(nsInfo, "query", "node", "x-roomuser-item")
	if nick := r.memberOf(iq.From.Bare()).nick; nick != "" {
		query.Add(identity(nick))
	}
	return query
}

// features: §15.3.
func (r *Room) features() []string {
	out := []string{
		nsInfo, nsItems, NS, nsStableID, nsSelfPing, nsOccupantID, nsStanzaID, nsRegister, nsVCard, nsPing,
		nsRetract, nsTombstone, nsModerate, nsHats, nsCommands,
	}
	if r.config.Archive {
		out = append(out, nsMAM, nsMAM+"#extended")
	}
	choose := func(yes bool, a, b string) { out = append(out, map[bool]string{true: a, false: b}[yes]) }
	choose(r.config.MembersOnly, "muc_membersonly", "muc_open")
	choose(r.config.Moderated, "muc_moderated", "muc_unmoderated")
	choose(r.config.anonymous(), "muc_semianonymous", "muc_nonanonymous")
	choose(r.config.PasswordProtected, "muc_passwordprotected", "muc_unsecured")
	choose(r.config.Persistent, "muc_persistent", "muc_temporary")
	choose(r.config.Public, "muc_public", "muc_hidden")
	return out
}

// infoForm: §15.5.4, XEP-0486 §3.3, XEP-0500 §5.2.
func (r *Room) infoForm() form {
	f := newForm("result", NS+"#roominfo")
	f.add("text-single", "muc#roominfo_description", "Description", r.config.Description)
	f.add("jid-multi", "muc#roominfo_contactjid", "Contact addresses", r.config.Contacts...)
	if r.subject.id != 0 {
		f.add("text-single", "muc#roominfo_subject", "Current discussion topic", r.subject.text())
	}
	f.add("boolean", "muc#roominfo_subjectmod", "The room subject can be modified by participants", truth(r.config.ChangeSubject))
	f.add("boolean", "muc#roomconfig_changesubject", "Subject can be modified", truth(r.config.ChangeSubject))
	f.add("boolean", "muc#roomconfig_allowinvites", "Members may invite others", truth(r.config.AllowInvites))
	f.add("text-single", "muc#roominfo_occupants", "Number of occupants", strconv.Itoa(len(r.occupants)))
	f.add("text-single", "muc#roominfo_lang", "Language of discussion", r.config.Lang)
	f.add("text-single", "muc#roominfo_logs", "URL for discussion logs", r.config.Logs)
	f.add("text-single", "muc#maxhistoryfetch", "Maximum number of history messages", strconv.Itoa(r.config.History))
	f.add("text-single", "muc#roomconfig_pubsub", "Associated pubsub node", r.config.Pubsub)
	if r.config.SlowMode > 0 {
		f.add("text-single", "muc#roominfo_slow_mode_duration", "Slow mode", strconv.Itoa(r.config.SlowMode))
	}
	if len(r.config.Hats) > 0 {
		f.add("text-single", "hats#hash", "Hats hash", r.config.hatsHash())
	}
	if hashes := avatarHashes(r.vcard); len(hashes) > 0 {
		f.add("text-multi", "muc#roominfo_avatarhash", "Avatar hash", hashes...)
	}
	return f
}

// items tells nobody who is in the room but those who are (§6.5).
func (r *Room) items(_ context.Context, iq *request) (*stanza.Element, error) {
	switch iq.Request.Attr("node") {
	case "":
	case nsCommands:
		return listCommands(r.jid), nil
	default:
		return nil, stanza.NewError(stanza.ItemNotFound, "")
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	query := stanza.New(nsItems, "query")
	if r.personOf(iq.From).Role == standing.NoRole {
		return query, nil
	}
	var all []string
	for _, o := range r.occupants {
		if r.config.shows(o.role) {
			all = append(all, o.jid.String())
		}
	}
	slices.Sort(all)
	for _, j := range all {
		query.Add(stanza.New(nsItems, "item", "jid", j))
	}
	return query, nil
}
