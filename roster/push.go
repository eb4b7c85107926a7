package roster

import (
	"slices"
	"strconv"

	"parley/internal/jid"
	"parley/internal/module"
	"parley/stanza"
	"parley/storage"
)

// push tells the interested resources of a locked account about one item
// (RFC 6121 §2.1.6). One that is no longer listed is removed.
func (m *Module) push(account jid.JID, item *storage.RosterItem, version uint64) {
	payload := appendQuery(nil, formatVersion(version), func(dst []byte) []byte { return appendItem(dst, item) })
	for _, s := range m.host.Sessions(account) {
		if m.interested.Get(s) {
			s.Send(m.pushTo(s, payload))
		}
	}
}

// pushTo addresses a push. It has no 'from': that means the own account, and
// clients refuse pushes from anybody else (§2.1.6).
func (m *Module) pushTo(s module.Session, payload []byte) *module.Stanza {
	st := &module.Stanza{Kind: stanza.IQ, Type: string(module.Set), To: s.JID()}
	st.ID = "push-" + strconv.FormatUint(m.pushes.Add(1), 36)
	setQuery(st, payload)
	return st
}

// setQuery makes encoded <query/> the payload of st.
func setQuery(st *module.Stanza, query []byte) {
	st.Payload = query
	st.Children = []stanza.Child{{Space: []byte(NS), Local: []byte("query"), End: len(query)}}
}

// pushSince sends what a client missed, as pushes (§2.6.3). Removals have no
// version of their own and go first, with the one that the client has: if it
// goes away in the middle it asks from there again. The last push has the
// version that all of them lead to.
func (m *Module) pushSince(s module.Session, known uint64, d *storage.RosterDelta) {
	type step struct {
		version uint64
		item    storage.RosterItem
	}
	var steps []step
	for _, contact := range d.Removed {
		steps = append(steps, step{known, storage.RosterItem{Contact: contact}})
	}
	changed := slices.Clone(d.Changed)
	slices.SortStableFunc(changed, func(a, b storage.RosterItem) int {
		return int(int64(a.Version) - int64(b.Version))
	})
	for _, item := range changed {
		steps = append(steps, step{item.Version, item})
	}
	for i := range steps {
		if i == len(steps)-1 {
			steps[i].version = d.Version
		}
		s.Send(m.pushTo(s, appendQuery(nil, formatVersion(steps[i].version), func(dst []byte) []byte {
			return appendItem(dst, &steps[i].item)
		})))
	}
}

// formatVersion writes a roster version, an opaque string to clients (§2.6.1).
func formatVersion(v uint64) string { return strconv.FormatUint(v, 10) }

// parseVersion reads what formatVersion wrote, and nothing else.
func parseVersion(s string) (uint64, bool) {
	v, err := strconv.ParseUint(s, 10, 64)
	return v, err == nil && formatVersion(v) == s
}

func appendQuery(dst []byte, version string, items func([]byte) []byte) []byte {
	dst = append(dst, "<query xmlns='"+NS+"'"...)
	dst = stanza.AppendAttr(dst, "ver", version)
	dst = append(dst, '>')
	return append(items(dst), "</query>"...)
}

// appendItem writes an item as clients see it (§2.1.2).
func appendItem(dst []byte, i *storage.RosterItem) []byte {
	dst = append(dst, "<item"...)
	dst = stanza.AppendAttr(dst, "jid", i.Contact)
	if !i.Listed() {
		return append(dst, " subscription='remove'></item>"...)
	}
	if i.Name != "" {
		dst = stanza.AppendAttr(dst, "name", i.Name)
	}
	dst = stanza.AppendAttr(dst, "subscription", i.Subscription.String())
	if i.Ask {
		dst = append(dst, " ask='subscribe'"...)
	}
	if i.Approved {
		dst = append(dst, " approved='true'"...)
	}
	dst = append(dst, '>')
	for _, g := range i.Groups {
		dst = append(dst, "<group>"...)
		dst = stanza.AppendText(dst, g)
		dst = append(dst, "</group>"...)
	}
	return append(dst, "</item>"...)
}
