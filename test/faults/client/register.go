package client

import (
	"context"
	"fmt"
	"time"

	"parley/bench/wire"
)

// Register makes an account (XEP-0077 §3.1).
func Register(ctx context.Context, a Address, domain, user, password string) error {
	conn, l, err := a.dial(ctx, true, time.Now().Add(loginTime))
	if err != nil {
		return err
	}
	defer l.Close()
	if err := conn.Open(domain); err != nil {
		return fmt.Errorf("client: register: %w", err)
	}
	err = conn.Send(fmt.Appendf(nil, "<iq xmlns='jabber:client' type='set' id='register' to='%s'><query xmlns='jabber:iq:register'>"+
		"<username>%s</username><password>%s</password></query></iq>", domain, user, password))
	for err == nil {
		var e []byte
		if e, err = conn.Next(); err != nil || !wire.Is(e, "iq") {
			continue // the header and the features
		}
		if string(wire.Attr(e, "type")) != "result" {
			return fmt.Errorf("client: register %s: %s", user, e)
		}
		return nil
	}
	return fmt.Errorf("client: register %s: %w", user, err)
}
