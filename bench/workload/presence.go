package workload

import (
	"bytes"
	"context"
	"fmt"
	"strconv"
	"time"

	"parley/bench/client"
	"parley/bench/wire"
)

var presence = Spec{
	Name:        "presence",
	Doc:         "a user changes presence and all contacts online are told",
	Defaults:    Options{Users: 100, Duration: 10 * time.Second}.Or(common),
	Users:       func(o Options) int { return o.Users + 1 },
	Connections: func(o Options) int { return o.Users + 1 },
	Run:         runPresence,
}

func runPresence(ctx context.Context, e *Env) (Result, error) {
	r := e.result("presence", "notification", e.Users+1)
	all, err := e.online(ctx, e.Users+1)
	if err != nil {
		return r, err
	}
	defer all.cut()
	if err := e.subscribe(ctx, all); err != nil {
		return r, err
	}
	l, b := e.newLoop(), &broadcast{env: e, source: all[0], contacts: all[1:]}
	var m *meter
	var times histogram
	err = together(ctx, 3, all.cut, func(ctx context.Context, i int) (err error) {
		switch i {
		case 0:
			m, err = l.run(ctx, e)
		case 1:
			// The user's own session may be told, too (RFC 6121 §4.4.2).
			err = all[:1].listen(ctx)
		case 2:
			if err = b.run(l, &times); err == nil {
				err = all[:1].askToFinish()
			}
		}
		return err
	})
	if err != nil {
		return r, err
	}
	if err := m.into(&r); err != nil {
		return r, err
	}
	r.Ops, r.Latency = int64(times.n)*int64(e.Users), times.quantiles()
	if err := b.nothingMore(); err != nil { // not measured
		return r, err
	}
	return r, e.logout(ctx, all)
}

// broadcast is a user whose presence is announced to contacts. One goroutine
// does it all, reading from each contact in turn.
type broadcast struct {
	env      *Env
	source   *client.Session
	contacts sessions
	out      []byte
}

// run changes presence until the loop is over; times says how long it took
// until the last contact knew.
func (b *broadcast) run(l *loop, times *histogram) error {
	return fanOut(l, times, b.env.Patience, b.announce, b.contacts, b.told)
}

// nothingMore checks that no contact is told more than was sent.
func (b *broadcast) nothingMore() error {
	b.contacts.deadline(time.Now().Add(b.env.Patience))
	for _, c := range b.contacts {
		err := c.Fence(func(st client.Stanza) error {
			return fmt.Errorf("%s receives more than was sent: %s", c.JID, st.Raw)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (b *broadcast) announce(n uint64) error {
	show := "away"
	if n%2 == 0 {
		show = "dnd"
	}
	out := append(b.out[:0], "<presence"...)
	out = append(out, b.source.Conn.Namespace()...)
	out = append(out, "><show>"...)
	out = append(out, show...)
	out = append(out, "</show><status>"...)
	out = append(out, b.env.tag...)
	out = strconv.AppendUint(out, n, 10)
	b.out = append(out, "</status></presence>"...)
	if err := b.source.Conn.Send(b.out); err != nil {
		return fmt.Errorf("%s: sending presence: %w", b.source.JID, err)
	}
	return nil
}

// told waits until c knows the source's presence n.
func (b *broadcast) told(c *client.Session, n uint64) error {
	for {
		st, err := c.Next()
		if wire.TimedOut(err) {
			return fmt.Errorf("presence %d of %s to %s is lost: %w", n, b.source.JID, c.JID, err)
		}
		if err != nil {
			return err
		}
		number, ok := numbered(wire.Text(st.Raw, "status"), b.env.tag)
		if st.Kind != client.Presence || !ok {
			continue // what logging in and subscribing has brought
		}
		if from := st.Attr("from"); string(from) != b.source.JID {
			return fmt.Errorf("%s is told the presence of %q, which %s sent", c.JID, from, b.source.JID)
		}
		if err := inOrder(number, n); err != nil {
			return fmt.Errorf("presence of %s to %s: %w", b.source.JID, c.JID, err)
		}
		return nil
	}
}

// subscribe lets every contact that does not yet see the first user's presence
// ask for it, and the user agree (RFC 6121 §3.1).
func (e *Env) subscribe(ctx context.Context, all sessions) error {
	source, contacts := all[0], all[1:]
	all.deadline(time.Now().Add(subscribeTime))
	defer all.deadline(time.Time{})
	var asking sessions
	for _, c := range contacts {
		roster, err := c.Ask("get", "roster", "<query xmlns='jabber:iq:roster'/>", nil)
		if err != nil {
			return err
		}
		if !sees(roster.Raw, source.Bare) {
			asking = append(asking, c)
		}
	}
	e.say("%d contacts subscribe to %s", len(asking), source.Bare)
	err := together(ctx, 2, all.cut, func(ctx context.Context, i int) error {
		if i == 0 {
			return agree(source, len(asking))
		}
		return e.spread(ctx, len(asking), func(_ context.Context, i int) error { return ask(asking[i], source.Bare) })
	})
	if err != nil {
		return err
	}
	for _, s := range all {
		if err := s.Fence(nil); err != nil {
			return err
		}
	}
	return nil
}

// subscribeTime bounds all subscribing.
const subscribeTime = 5 * time.Minute

// sees reports whether a roster has an item of jid whose presence is seen.
func sees(roster []byte, jid string) bool {
	for part := range bytes.SplitSeq(roster, []byte("<item")) {
		item := append([]byte("<item"), part...)
		if string(wire.Attr(item, "jid")) == jid {
			s := string(wire.Attr(item, "subscription"))
			return s == "to" || s == "both"
		}
	}
	return false
}

func agree(source *client.Session, n int) error {
	for n > 0 {
		st, err := source.Next()
		if err != nil {
			return fmt.Errorf("waiting for %d contacts to subscribe: %w", n, err)
		}
		if st.Kind != client.Presence || string(st.Attr("type")) != "subscribe" {
			continue
		}
		n--
		if err := subscription(source, "subscribed", string(st.Attr("from"))); err != nil {
			return err
		}
	}
	return nil
}

func ask(contact *client.Session, source string) error {
	if err := subscription(contact, "subscribe", source); err != nil {
		return err
	}
	for {
		st, err := contact.Next()
		if err != nil {
			return fmt.Errorf("waiting for a subscription to be agreed to: %w", err)
		}
		if st.Kind == client.Presence && string(st.Attr("type")) == "subscribed" {
			return nil
		}
	}
}

func subscription(s *client.Session, typ, to string) error {
	err := s.Conn.Send([]byte("<presence" + s.Conn.Namespace() + " type='" + typ + "' to='" + to + "'/>"))
	if err != nil {
		return fmt.Errorf("%s: %w", s.JID, err)
	}
	return nil
}
