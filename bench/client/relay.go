package client

import (
	"fmt"

	"parley/bench/wire"
)

// None is for a relay that is no XMPP server and asks nobody who they are: the
// floor that servers are compared with. A user joins by name, and from then on
// the relay passes messages on to the partner: user 0's is user 1, and so on.
// It answers requests, and forgets presence.
const None Mechanism = "NONE"

// toJoin are the steps of joining a relay.
func (l *login) toJoin() []step { return []step{{"join the relay", l.join}} }

func (l *login) join() error {
	err := l.conn.Send([]byte("<iq type='get' id='join'><join>" + l.account.User + "</join></iq>"))
	if err != nil {
		return err
	}
	e, err := l.expect("iq")
	if err != nil {
		return err
	}
	if string(wire.Attr(e, "id")) != "join" {
		return fmt.Errorf("the relay answers %s", e)
	}
	l.jid = l.account.Bare() + "/relay"
	return nil
}
