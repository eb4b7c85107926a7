package client

import (
	"bytes"
	"errors"
	"fmt"

	"parley/bench/wire"
)

// ErrExists says that an account is there already.
var ErrExists = errors.New("the account exists")

// Register makes an account (XEP-0077 §3.1) on conn, which must be new.
func Register(conn *wire.Conn, a Account) error {
	if err := conn.Open(a.Domain); err != nil {
		return fmt.Errorf("client: register: %w", err)
	}
	err := conn.Send(fmt.Appendf(nil, "<iq xmlns='jabber:client' type='set' id='register' to='%s'><query xmlns='jabber:iq:register'>"+
		"<username>%s</username><password>%s</password></query></iq>", a.Domain, a.User, a.Password))
	for err == nil {
		var e []byte
		if e, err = conn.Next(); err != nil || !wire.Is(e, "iq") {
			continue // the header and the features
		}
		if bytes.Contains(e, []byte("<conflict")) {
			return fmt.Errorf("client: register %s: %w", a.User, ErrExists)
		}
		if string(wire.Attr(e, "type")) != "result" {
			return fmt.Errorf("client: register %s: %s", a.User, e)
		}
		return nil
	}
	return fmt.Errorf("client: register %s: %w", a.User, err)
}
