package mam

import (
	"context"
	"fmt"
	"slices"

	"parley/storage"
)

// sample is how many rows are read before their size is known.
const sample = 20

// read returns the page that q asks for: no more than its number and
// Options.PageBytes of them, but at least one if there is one. Large messages are
// read a few at a time, so that a page costs no more memory than it may have.
func (m *Module) read(ctx context.Context, q *query) (rows []storage.Message, complete bool, err error) {
	page, size := q.page, 0
	page.Max = min(q.page.Max, sample)
	for {
		part, all, err := m.store.Archive(ctx, q.account.String(), q.filter, page)
		if err != nil {
			return nil, false, fmt.Errorf("mam: read: %w", err)
		}
		fits := m.fitting(part, size, len(rows) == 0, backward(page))
		cut := len(fits) < len(part)
		for i := range fits {
			size += weight(&fits[i])
		}
		rows = join(rows, fits, backward(page))
		if all && !cut || cut || len(rows) >= q.page.Max || len(part) == 0 {
			return rows, all && !cut, nil
		}
		page = following(q.page, rows, m.estimate(size, len(rows)))
	}
}

// fitting returns the part of rows, from the side where reading begins, that
// fits into a page that holds size bytes already.
func (m *Module) fitting(rows []storage.Message, size int, first, back bool) []storage.Message {
	for i := range rows {
		at := i
		if back {
			at = len(rows) - 1 - i
		}
		size += weight(&rows[at])
		switch {
		case size <= m.opts.PageBytes, first && i == 0:
		case back:
			return rows[at+1:]
		default:
			return rows[:at]
		}
	}
	return rows
}

// weight is about what a row takes as a result.
func weight(m *storage.Message) int {
	const around = 400 // result, forwarded, delay and message
	return around + len(m.Payload) + len(m.From) + len(m.To) + len(m.StanzaID)
}

// estimate is how many more rows of the size of those there will fit.
func (m *Module) estimate(size, n int) int {
	return max(1, (m.opts.PageBytes-size)*n/size)
}

// following asks for what comes after, or with a page that goes back before, the
// rows that are there.
func following(p storage.ArchivePage, rows []storage.Message, guess int) storage.ArchivePage {
	next := storage.ArchivePage{Max: min(p.Max-len(rows), guess)}
	if backward(p) {
		next.Before = rows[0].ID
	} else {
		next.After = rows[len(rows)-1].ID
	}
	return next
}

func join(rows, part []storage.Message, back bool) []storage.Message {
	if back {
		return slices.Concat(part, rows)
	}
	return append(rows, part...)
}
