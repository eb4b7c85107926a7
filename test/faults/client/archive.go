package client

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"time"

	"parley/bench/client"
	"parley/bench/wire"
	"parley/test/faults/record"
)

const (
	archivePage = 100
	archiveTime = 5 * time.Minute
)

// ReadArchive pages through the user's whole archive (XEP-0313 §4, XEP-0059
// §2.2) on a connection of its own and writes it to the log.
func (c *Client) ReadArchive(ctx context.Context) error {
	conn, l, err := c.opts.Address.dial(ctx, c.me%2 == 0, time.Now().Add(archiveTime))
	if err != nil {
		return err
	}
	defer l.Close()
	s, err := client.Login(conn, c.opts.account(c.me), c.opts.Keys)
	if err != nil {
		return err
	}
	r := archiveReader{c: c, users: map[string]int{}}
	for i := range c.opts.Users {
		r.users[c.opts.bare(i)] = i
	}
	for !r.complete {
		if err := r.page(s); err != nil {
			return fmt.Errorf("%s: archive after %q: %w", c.opts.Users[c.me], r.last, err)
		}
	}
	return nil
}

type archiveReader struct {
	c        *Client
	users    map[string]int // by bare JID
	last     string         // id of the last row
	complete bool
}

func (r *archiveReader) page(s *client.Session) error {
	after := ""
	if r.last != "" {
		after = "<after>" + r.last + "</after>"
	}
	rows := 0
	answer, err := s.Ask("set", "page", fmt.Sprintf("<query xmlns='urn:xmpp:mam:2'><set xmlns='http://jabber.org/protocol/rsm'><max>%d</max>%s</set></query>", archivePage, after),
		func(st client.Stanza) error {
			if bytes.Contains(st.Raw, []byte("<result")) {
				rows++
				return r.row(st.Raw)
			}
			return nil
		})
	if err != nil {
		return err
	}
	fin := bytes.Index(answer.Raw, []byte("<fin"))
	if fin < 0 {
		return fmt.Errorf("the server answers %s", answer.Raw)
	}
	complete := string(wire.Attr(answer.Raw[fin:], "complete"))
	last := string(wire.Text(answer.Raw, "last"))
	r.complete = complete == "true" || complete == "1" || rows == 0
	if !r.complete && last == r.last {
		return fmt.Errorf("a page ends where it began: %s", answer.Raw)
	}
	r.last = last
	return nil
}

// row reads a result (XEP-0313 §4.2). The forwarded message is the second one.
func (r *archiveReader) row(raw []byte) error {
	i, j := bytes.Index(raw, []byte("<result")), bytes.LastIndex(raw, []byte("<message"))
	if j <= i {
		return fmt.Errorf("no forwarded message in %s", raw)
	}
	id, m := string(wire.Attr(raw[i:], "id")), raw[j:]
	from, n, ok := number(wire.Text(m, "body"))
	if !ok {
		return fmt.Errorf("not a message of the campaign: %s", raw)
	}
	sender, _, _ := strings.Cut(string(wire.Attr(m, "from")), "/")
	recipient, _, _ := strings.Cut(string(wire.Attr(m, "to")), "/")
	if u, ok := r.users[sender]; !ok || u != from {
		return fmt.Errorf("message %d of user %d is archived as from %q", n, from, sender)
	}
	to, ok := r.users[recipient]
	if !ok {
		return fmt.Errorf("message %d of user %d is archived as to %q", n, from, recipient)
	}
	r.c.Log.Archive(record.Archived{ID: id, From: from, To: to, N: n})
	return nil
}
