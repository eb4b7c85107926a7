package client

import (
	"context"
	"time"

	"parley/bench/client"
)

// Register makes an account (XEP-0077 §3.1).
func Register(ctx context.Context, a Address, domain, user, password string) error {
	conn, l, err := a.dial(ctx, true, time.Now().Add(loginTime))
	if err != nil {
		return err
	}
	defer l.Close()
	return client.Register(conn, client.Account{User: user, Domain: domain, Password: password})
}
