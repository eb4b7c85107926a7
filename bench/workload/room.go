package workload

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"parley/bench/client"
	"parley/bench/wire"
)

var room = Spec{
	Name:        "room",
	Doc:         "an occupant of a room speaks and all are told",
	Defaults:    Options{Users: 300, Duration: 10 * time.Second}.Or(common),
	Users:       func(o Options) int { return o.Users },
	Connections: func(o Options) int { return o.Users },
	Run:         runRoom,
}

func runRoom(ctx context.Context, e *Env) (Result, error) {
	r := e.result("room", "delivery", e.Users)
	all, err := e.loginAll(ctx, e.Users)
	if err != nil {
		return r, err
	}
	defer all.cut()
	c := &crowd{env: e, all: all, room: e.tag + "room@conference." + e.Domain}
	if err := c.enter(); err != nil {
		return r, err
	}
	l := e.newLoop()
	var m *meter
	var times histogram
	err = together(ctx, 2, all.cut, func(ctx context.Context, i int) (err error) {
		if i == 0 {
			m, err = l.run(ctx, e)
			return err
		}
		return c.run(l, &times)
	})
	if err != nil {
		return r, err
	}
	if err := m.into(&r); err != nil {
		return r, err
	}
	r.Ops, r.Latency = int64(times.n)*int64(e.Users), times.quantiles()
	return r, e.logout(ctx, all)
}

// crowd is a room and its occupants, of whom the first one speaks. One goroutine
// does it all, reading from each in turn.
type crowd struct {
	env  *Env
	all  sessions
	room string
	out  []byte
}

// enter makes the room and takes everybody in, one after the other.
func (c *crowd) enter() error {
	for i, s := range c.all {
		join := fmt.Sprintf("<presence%s to='%s/%d'><x xmlns='http://jabber.org/protocol/muc'/></presence>", s.Conn.Namespace(), c.room, i)
		if err := s.Conn.Send([]byte(join)); err != nil {
			return err
		}
		if i == 0 {
			form := fmt.Sprintf("<iq%s type='set' id='make' to='%s'><query xmlns='http://jabber.org/protocol/muc#owner'><x xmlns='jabber:x:data' type='submit'/></query></iq>", s.Conn.Namespace(), c.room)
			if err := s.Conn.Send([]byte(form)); err != nil {
				return err
			}
		}
		if err := s.Fence(func(client.Stanza) error { return nil }); err != nil {
			return err
		}
	}
	return nil
}

// run speaks until the loop is over; times says how long it took until the last
// occupant knew.
func (c *crowd) run(l *loop, times *histogram) error {
	return fanOut(l, times, c.env.Patience, c.speak, c.all, c.told)
}

func (c *crowd) speak(n uint64) error {
	s := c.all[0]
	out := append(c.out[:0], "<message"...)
	out = append(out, s.Conn.Namespace()...)
	out = append(out, " type='groupchat' id='m' to='"...)
	out = append(out, c.room...)
	out = append(out, "'><body>"...)
	out = append(out, c.env.tag...)
	out = strconv.AppendUint(out, n, 10)
	c.out = append(out, "</body></message>"...)
	if err := s.Conn.Send(c.out); err != nil {
		return fmt.Errorf("%s: speaking: %w", s.JID, err)
	}
	return nil
}

// told waits until s has heard message n.
func (c *crowd) told(s *client.Session, n uint64) error {
	for {
		st, err := s.Next()
		if err != nil {
			return fmt.Errorf("message %d to %s: %w", n, s.JID, err)
		}
		number, ok := numbered(wire.Text(st.Raw, "body"), c.env.tag)
		if st.Kind != client.Message || !ok {
			continue // what entering has brought
		}
		if err := inOrder(number, n); err != nil {
			return fmt.Errorf("message to %s: %w", s.JID, err)
		}
		return nil
	}
}
