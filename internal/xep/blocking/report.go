package blocking

import (
	"context"
	"errors"
	"unicode/utf8"

	"parley/internal/jid"
	"parley/stanza"
	"parley/storage"
)

const nsStanzaID = "urn:xmpp:sid:0" // XEP-0359

// maxWord bounds reasons, languages and ids, which are short.
const maxWord = 1023

// report keeps the reports that came with a block (XEP-0377 §6). Whatever is the
// matter with them, the block counts.
func (m *Module) report(ctx context.Context, account jid.JID, command *stanza.Element) {
	for item := range command.Elements() {
		e := item.Child(NSReporting, "report")
		j, err := jid.Parse(item.Attr("jid"))
		if e == nil || err != nil {
			continue
		}
		if reason := e.Attr("reason"); reason != "" && len(reason) <= maxWord { // §4: it needs one
			m.file(ctx, m.parseReport(account, j, e))
		}
	}
}

// file stores a report and tells the operator.
func (m *Module) file(ctx context.Context, r storage.Report) {
	log := m.logger().With("jid", r.Reporter, "peer", r.JID, "reason", r.Reason, "n", len(r.Messages))
	switch err := m.store.AddReport(ctx, r, m.opts.MaxReports); {
	case errors.Is(err, storage.ErrQuota):
		log.Warn("abuse reported, but not stored: the account has reported too much", "op", "report")
	case err != nil:
		log.Error("abuse reported, but not stored", "op", "report", "err", err)
	default:
		log.Info("abuse reported", "op", "report")
	}
}

func (m *Module) parseReport(account, peer jid.JID, e *stanza.Element) storage.Report {
	r := storage.Report{
		Received: now(), Reporter: account.String(), JID: peer.String(), Reason: e.Attr("reason"),
		ToOrigin: e.Child(NSReporting, "report-origin") != nil, ThirdParty: e.Child(NSReporting, "third-party") != nil,
	}
	room := m.opts.MaxText
	for c := range e.Elements() {
		switch {
		case c.Is(NSReporting, "text") && room > 0:
			text := shorten(c.Text(), room)
			room -= len(text)
			r.Texts = append(r.Texts, storage.ReportText{Lang: shorten(c.Attr("xml:lang"), maxWord), Text: text})
		case c.Is(nsStanzaID, "stanza-id") && len(r.Messages) < m.opts.MaxMessages:
			r.Messages = append(r.Messages, storage.ReportedMessage{
				By: shorten(c.Attr("by"), maxWord), ID: shorten(c.Attr("id"), maxWord)})
		}
	}
	return r
}

// shorten cuts at the last whole character that fits.
func shorten(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
