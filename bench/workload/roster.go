package workload

import (
	"bytes"
	"context"
	"fmt"
	"strconv"
	"time"

	"parley/bench/client"
)

var roster = Spec{
	Name:        "roster",
	Doc:         "users fetch their rosters, over and over",
	Defaults:    Options{Users: 10, Items: 200, Duration: 10 * time.Second}.Or(common),
	Users:       func(o Options) int { return o.Users },
	Connections: func(o Options) int { return o.Users },
	Run:         runRoster,
}

const rosterQuery = "<query xmlns='jabber:iq:roster'/>"

func runRoster(ctx context.Context, e *Env) (Result, error) {
	r := e.result("roster", "fetch", e.Users)
	if err := e.fillRosters(ctx); err != nil {
		return r, err
	}
	all, err := e.loginAll(ctx, e.Users)
	if err != nil {
		return r, err
	}
	defer all.cut()
	err = e.repeat(ctx, &r, all, e.Users, func(i int) error {
		all[i : i+1].extend(e.Patience)
		return e.fetchRoster(all[i])
	})
	if err != nil {
		return r, err
	}
	return r, e.logout(ctx, all)
}

// fillRosters gives each user as many contacts as are asked for, if an earlier
// run has not.
func (e *Env) fillRosters(ctx context.Context) error {
	all, err := e.loginAll(ctx, e.Users)
	if err != nil {
		return err
	}
	defer all.cut()
	e.say("filling %d rosters with %d contacts", e.Users, e.Items)
	all.deadline(time.Now().Add(fillTime))
	err = e.spread(ctx, e.Users, func(_ context.Context, i int) error { return e.fillRoster(all[i]) })
	if err != nil {
		return err
	}
	return e.logout(ctx, all)
}

// fillTime bounds all that a workload prepares.
const fillTime = 10 * time.Minute

func (e *Env) fillRoster(s *client.Session) error {
	have, err := s.Ask("get", "have", rosterQuery, nil)
	if err != nil {
		return err
	}
	known := map[int]bool{}
	for i := range e.Items {
		known[i] = bytes.Contains(have.Raw, []byte(e.contact(i)))
	}
	for i := range e.Items {
		if known[i] {
			continue
		}
		item := "<query xmlns='jabber:iq:roster'><item jid='" + e.contact(i) + "' name='Contact " + strconv.Itoa(i) + "'><group>Friends</group></item></query>"
		done, err := s.Ask("set", "add", item, nil)
		if err != nil {
			return err
		}
		if string(done.Attr("type")) != "result" {
			return &client.Refused{Stanza: string(done.Raw)}
		}
	}
	return e.fetchRoster(s)
}

// contact is one that a roster holds; no such user exists.
func (e *Env) contact(i int) string { return "contact" + strconv.Itoa(i) + "@" + e.Domain }

// fetchRoster asks for a roster and checks that it is whole.
func (e *Env) fetchRoster(s *client.Session) error {
	st, err := s.Ask("get", "roster", rosterQuery, onlyPresence)
	if err != nil {
		return err
	}
	if string(st.Attr("type")) != "result" {
		return &client.Refused{Stanza: string(st.Raw)}
	}
	if n := bytes.Count(st.Raw, []byte("<item ")); n != e.Items {
		return fmt.Errorf("%s: a roster of %d contacts comes with %d; other contacts need other accounts (-first)", s.JID, e.Items, n)
	}
	if first := e.contact(0); !bytes.Contains(st.Raw, []byte(first)) {
		return fmt.Errorf("%s: %s is missing in the roster", s.JID, first)
	}
	return nil
}
