package mam

import (
	"context"
	"fmt"

	"parley/internal/jid"
	"parley/internal/module"
	"parley/stanza"
	"parley/storage"
)

// query is what a client wants to read (XEP-0313 §4).
type query struct {
	ids       IDs
	account   jid.JID
	id        string // queryid, which each result repeats
	flip      bool   // §4.3.4
	maxIDs    int    // in the field ids
	filter    storage.ArchiveFilter
	page      storage.ArchivePage
	mentioned []int64 // ids that the archive must have
}

// maxQueryID is the longest queryid in bytes: each result repeats it.
const maxQueryID = 1024

// parseQuery reads a request.
func (m *Module) parseQuery(account jid.JID, e *stanza.Element) (*query, error) {
	if _, ok := e.Lookup("node"); ok {
		return nil, stanza.NewError(stanza.ItemNotFound, "accounts have no nodes") // §5.1.3: pubsub
	}
	if len(e.Attr("queryid")) > maxQueryID {
		return nil, stanza.NewError(stanza.PolicyViolation, fmt.Sprintf("queryid is longer than %d bytes", maxQueryID))
	}
	q := &query{ids: m.opts.IDs, account: account, id: e.Attr("queryid"), flip: e.Child(NS, "flip-page") != nil, maxIDs: m.opts.Page}
	if x := e.Child(nsData, "x"); x != nil {
		if err := q.readForm(x); err != nil {
			return nil, err
		}
	}
	if err := q.readSet(e.Child(NSRSM, "set"), m.opts.Page); err != nil {
		return nil, err
	}
	return q, nil
}

// owner lets only the owner of an archive in (XEP-0313 §7.1).
func (m *Module) owner(h module.IQHandler) module.IQHandler {
	return func(ctx context.Context, iq *module.IQ) (*stanza.Element, error) {
		if !iq.FromOwner() {
			return nil, stanza.NewError(stanza.Forbidden, "")
		}
		return h(ctx, iq)
	}
}

// query sends the results, and answers when all are on their way (§4).
func (m *Module) query(ctx context.Context, iq *module.IQ) (*stanza.Element, error) {
	q, err := m.parseQuery(iq.Account(), iq.Request)
	if err != nil {
		return nil, err
	}
	if err := m.known(ctx, q); err != nil {
		return nil, err
	}
	if q.page.Max == 0 {
		return m.count(ctx, q)
	}
	if m.behind(iq.Session) {
		return nil, stanza.NewError(stanza.ResourceConstraint, "read the results of the queries before first")
	}
	rows, complete, err := m.read(ctx, q)
	if err != nil {
		return nil, err
	}
	if err := m.send(ctx, iq.Session, q, rows); err != nil {
		return nil, err
	}
	return q.fin(rows, complete), nil
}

// known refuses a query with an id that the archive does not have (§4.1.3,
// §4.3.2). Clients get messages before they are on the disk, so the archive is
// read when what is under way has arrived there, unless only the past matters.
func (m *Module) known(ctx context.Context, q *query) error {
	past := q.page.Before != 0
	if !past {
		if err := m.arrived(ctx, q.account); err != nil {
			return err
		}
	}
	has, err := m.hasAll(ctx, q.account, q.mentioned)
	if err == nil && !has && past {
		if err = m.arrived(ctx, q.account); err == nil {
			has, err = m.hasAll(ctx, q.account, q.mentioned)
		}
	}
	if err == nil && !has {
		return errNoSuchID()
	}
	return err
}

func (m *Module) hasAll(ctx context.Context, account jid.JID, ids []int64) (bool, error) {
	if len(ids) == 0 {
		return true, nil
	}
	has, err := m.store.HasArchived(ctx, account.String(), ids...)
	if err != nil {
		return false, fmt.Errorf("mam: look for ids: %w", err)
	}
	return has, nil
}

// arrived returns when all can be read that clients of account were sent, and what
// else was submitted for it. What one of them is sending, and has joined the unit
// of its stanza only, may be missing.
func (m *Module) arrived(ctx context.Context, account jid.JID) error {
	if err := m.deliveries.Written(ctx, account); err != nil {
		return fmt.Errorf("mam: wait for messages: %w", err)
	}
	none := []storage.MessageRef{{Account: account.String()}}
	if err := storage.Wait(ctx, m.store.SettleMessages(none)); err != nil {
		return fmt.Errorf("mam: wait for writes: %w", err)
	}
	return nil
}

// behind reports whether a page still waits to be read by the client. Another one
// could be more than its session holds, which would end it.
func (m *Module) behind(s module.Session) bool {
	q, ok := s.(interface{ Backlog() int })
	return ok && q.Backlog() > m.opts.PageBytes
}

// count answers who wants no results (XEP-0059 §2.7).
func (m *Module) count(ctx context.Context, q *query) (*stanza.Element, error) {
	n, err := m.store.ArchiveCount(ctx, q.account.String(), q.filter)
	if err != nil {
		return nil, fmt.Errorf("mam: count: %w", err)
	}
	fin := stanza.New(NS, "fin")
	if n == 0 {
		fin.Set("complete", "true")
	}
	return fin.Add(q.resultSet(nil, false, n)), nil
}

// fin closes a page (XEP-0313 §4). The number of all is told where it is known
// without counting: when this page is all.
func (q *query) fin(rows []storage.Message, complete bool) *stanza.Element {
	fin := stanza.New(NS, "fin")
	if complete {
		fin.Set("complete", "true")
	}
	fromStart := q.page.After == 0 && (complete || !backward(q.page)) && q.page.Before == 0
	count := -1
	if fromStart && complete {
		count = len(rows)
	}
	return fin.Add(q.resultSet(rows, fromStart, count))
}
