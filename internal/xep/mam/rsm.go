package mam

import (
	"strconv"

	"parley/stanza"
	"parley/storage"
)

// readSet reads what page is wanted (XEP-0059 §2). limit is the largest, and the
// one for who does not say.
func (q *query) readSet(set *stanza.Element, limit int) error {
	q.page.Max = limit
	after, before, largest := set.Child(NSRSM, "after"), set.Child(NSRSM, "before"), set.Child(NSRSM, "max")
	if set.Child(NSRSM, "index") != nil {
		return stanza.NewError(stanza.FeatureNotImplemented, "no pages by index; use after and before") // §2.6
	}
	if largest != nil {
		n, err := strconv.ParseUint(largest.Text(), 10, 31)
		if err != nil {
			return badRequest("max is not a number")
		}
		q.page.Max = min(limit, int(n))
	}
	switch {
	case after != nil && before != nil: // XEP-0313 §4.3.2: the meaning is undefined
		return badRequest("before and after at once; use before-id and after-id")
	case after != nil && after.Text() != "":
		return q.readUID(after, &q.page.After)
	case before != nil && before.Text() == "":
		q.page.Last = true // XEP-0059 §2.5
	case before != nil:
		return q.readUID(before, &q.page.Before)
	}
	return nil
}

func (q *query) readUID(e *stanza.Element, to *int64) (err error) {
	*to, err = q.mention(e.Text())
	return err
}

// backward reports whether a page is what precedes something.
func backward(p storage.ArchivePage) bool { return p.Last || p.Before != 0 }

// resultSet tells which page it was (XEP-0313 §4.3.2). count below 0 is not
// told.
func (q *query) resultSet(rows []storage.Message, fromStart bool, count int) *stanza.Element {
	set := stanza.New(NSRSM, "set")
	if len(rows) > 0 {
		first := stanza.New(NSRSM, "first").AddText(q.ids.Format(rows[0].ID))
		if fromStart {
			first.Set("index", "0")
		}
		set.Add(first, stanza.New(NSRSM, "last").AddText(q.ids.Format(rows[len(rows)-1].ID)))
	}
	if count >= 0 {
		set.Add(stanza.New(NSRSM, "count").AddText(strconv.Itoa(count)))
	}
	return set
}
