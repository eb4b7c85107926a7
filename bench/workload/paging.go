package workload

import (
	"bytes"
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"parley/bench/client"
	"parley/bench/wire"
)

var paging = Spec{
	Name:        "paging",
	Doc:         "users page through their archives, half of them backwards",
	Defaults:    Options{Pairs: 10, Rows: 1000, Batch: 50, Duration: 10 * time.Second}.Or(common),
	Users:       func(o Options) int { return 2 * o.Pairs },
	Connections: func(o Options) int { return 2 * o.Pairs },
	Run:         runPaging,
}

// PagingTag begins the text of all messages of archives that are paged through:
// the same in every run, as they are filled once.
const PagingTag = "pb-archive-"

func runPaging(ctx context.Context, e *Env) (Result, error) {
	r := e.result("paging", "page", e.Pairs)
	e.tag = PagingTag
	all, err := e.online(ctx, 2*e.Pairs)
	if err != nil {
		return r, err
	}
	defer all.cut()
	e.say("filling %d archives with %d messages", e.Pairs, e.Rows)
	all.deadline(time.Now().Add(fillTime))
	err = e.spread(ctx, e.Pairs, func(_ context.Context, i int) error { return e.fillArchive(all[2*i], all[2*i+1]) })
	if err != nil {
		return r, err
	}
	readers := make([]*pager, e.Pairs)
	for i := range readers {
		readers[i] = newPager(e, all[2*i], all[2*i+1].Bare, i%2 == 1)
	}
	err = e.repeat(ctx, &r, all, e.Pairs, func(i int) error {
		all[2*i : 2*i+1].extend(e.Patience)
		return readers[i].page()
	})
	if err != nil {
		return r, err
	}
	return r, e.logout(ctx, all)
}

// fillArchive writes from the peer to the owner, if an earlier run has not.
func (e *Env) fillArchive(owner, peer *client.Session) error {
	p := newPager(e, owner, peer.Bare, true)
	filled, err := p.filled()
	if filled || err != nil {
		return err
	}
	t := e.talk(peer, owner)
	for left := e.Rows; left > 0; left -= fillBatch {
		for range min(left, fillBatch) {
			if err := t.send(); err != nil {
				return err
			}
		}
		for range min(left, fillBatch) {
			if err := t.receive(); err != nil {
				return err
			}
		}
	}
	return quiet(t)
}

// fillBatch is how many messages are under way at once while an archive is
// filled.
const fillBatch = 100

// pager reads an archive of messages that are numbered from 0.
type pager struct {
	env      *Env
	owner    *client.Session
	peer     string
	backward bool

	due  int    // number of the next row; backwards: one above the last row to come
	id   string // of the row that the next page begins behind, "": none
	rows int    // of this page
	last string // id of the last row of this page
	head string // of its first
}

func newPager(e *Env, owner *client.Session, peer string, backward bool) *pager {
	p := &pager{env: e, owner: owner, peer: peer, backward: backward}
	p.begin()
	return p
}

// begin goes to the start of the archive, backwards to its end.
func (p *pager) begin() {
	p.due, p.id = 0, ""
	if p.backward {
		p.due = p.env.Rows
	}
}

// filled asks for the last row: an archive is full or empty.
func (p *pager) filled() (bool, error) {
	var last []byte
	_, err := p.ask(1, func(row []byte) error {
		last = bytes.Clone(wire.Text(row, "body"))
		return nil
	})
	if err != nil || last == nil {
		return false, err
	}
	want := p.env.tag + strconv.Itoa(p.env.Rows-1)
	if text, _, _ := strings.Cut(string(last), " "); text != want {
		return false, fmt.Errorf("the archive of %s ends with %q, not with %q: use other accounts (-first)", p.owner.Bare, text, want)
	}
	return true, nil
}

// page reads the next page and checks its rows: each once, in order, complete.
func (p *pager) page() error {
	size := min(p.env.Batch, p.left())
	if p.backward {
		p.due -= size
	}
	from := p.due
	p.rows, p.head, p.last = 0, "", ""
	fin, err := p.ask(p.env.Batch, p.row)
	if err != nil {
		return err
	}
	if p.rows != size {
		return fmt.Errorf("%s: a page of the archive from number %d has %d rows, not %d", p.owner.JID, from, p.rows, size)
	}
	p.id = p.last
	if p.backward {
		p.id, p.due = p.head, from
	}
	done := p.left() == 0
	if complete := string(wire.Attr(fin, "complete")); done && complete != "true" && complete != "1" {
		return fmt.Errorf("%s: the last page of the archive is not said to be: %s", p.owner.JID, fin)
	}
	if done {
		p.begin()
	}
	return nil
}

// left is how many rows are still to be read.
func (p *pager) left() int {
	if p.backward {
		return p.due
	}
	return p.env.Rows - p.due
}

// ask sends a query for up to n rows and gives each to row; it returns <fin/>
// (XEP-0313 §4, XEP-0059 §2.2 and §2.3).
func (p *pager) ask(n int, row func([]byte) error) (fin []byte, err error) {
	place := ""
	switch {
	case p.backward:
		place = "<before>" + p.id + "</before>"
	case p.id != "":
		place = "<after>" + p.id + "</after>"
	}
	query := "<query xmlns='urn:xmpp:mam:2'><set xmlns='http://jabber.org/protocol/rsm'><max>" + strconv.Itoa(n) + "</max>" + place + "</set></query>"
	answer, err := p.owner.Ask("set", "page", query, func(st client.Stanza) error {
		if st.Kind != client.Message {
			return nil
		}
		return row(st.Raw)
	})
	if err != nil {
		return nil, err
	}
	at := bytes.Index(answer.Raw, []byte("<fin"))
	if at < 0 {
		return nil, &client.Refused{Stanza: string(answer.Raw)}
	}
	return answer.Raw[at:], nil
}

// row checks a result (XEP-0313 §4.2).
func (p *pager) row(raw []byte) error {
	result, inner := bytes.Index(raw, []byte("<result")), bytes.LastIndex(raw, []byte("<message"))
	if result < 0 || inner <= result {
		return fmt.Errorf("%s receives a message that is not of the archive: %s", p.owner.JID, raw)
	}
	number, ok := numbered(wire.Text(raw[inner:], "body"), p.env.tag)
	if !ok {
		return fmt.Errorf("%s: nobody sent what is archived: %s", p.owner.JID, raw)
	}
	from, _, _ := bytes.Cut(wire.Attr(raw[inner:], "from"), []byte("/"))
	if string(from) != p.peer {
		return fmt.Errorf("%s: number %d is archived as from %q, which %s sent", p.owner.JID, number, from, p.peer)
	}
	if err := inOrder(number, uint64(p.due)); err != nil {
		return fmt.Errorf("archive of %s: %w", p.owner.JID, err)
	}
	p.last = string(wire.Attr(raw[result:], "id"))
	if p.rows == 0 {
		p.head = p.last
	}
	p.due++
	p.rows++
	return nil
}
