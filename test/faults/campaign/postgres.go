package campaign

import (
	"context"
	"fmt"
	"net/url"
	"os"

	"github.com/jackc/pgx/v5"

	"parley/internal/pgtest"
)

// postgres is a private server with one database and a proxy before it.
type postgres struct {
	server *pgtest.Server
	proxy  *proxy
	folder string
	url    string // through the proxy
}

// databaseName is what the one database is called.
const databaseName = "campaign"

// startPostgres keeps it in parent, or where temporary files are kept.
func startPostgres(ctx context.Context, parent string) (_ *postgres, err error) {
	p := &postgres{}
	if p.server, err = pgtest.NewServer(parent); err != nil {
		return nil, fmt.Errorf("campaign: %w", err)
	}
	defer func() {
		if err != nil {
			p.remove()
		}
	}()
	if err := p.create(ctx); err != nil {
		return nil, err
	}
	u, err := url.Parse(p.server.URL(databaseName))
	if err != nil {
		return nil, fmt.Errorf("campaign: %w", err)
	}
	q := u.Query()
	if p.folder, err = os.MkdirTemp("", "parley-proxy-"); err != nil {
		return nil, fmt.Errorf("campaign: %w", err)
	}
	if err := os.Chmod(p.folder, 0o755); err != nil { //nolint:gosec // other accounts' servers connect
		return nil, fmt.Errorf("campaign: %w", err)
	}
	if p.proxy, err = newProxy(p.folder, q.Get("host")); err != nil {
		return nil, err
	}
	q.Set("host", p.folder)
	u.RawQuery = q.Encode()
	p.url = u.String()
	return p, nil
}

func (p *postgres) create(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, p.server.URL("postgres"))
	if err != nil {
		return fmt.Errorf("campaign: %w", err)
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, "CREATE DATABASE "+databaseName+" ENCODING 'UTF8' TEMPLATE template0"); err != nil {
		return fmt.Errorf("campaign: %w", err)
	}
	return nil
}

func (p *postgres) remove() {
	if p.proxy != nil {
		p.proxy.Close()
	}
	p.server.Remove()
	if p.folder != "" {
		_ = os.RemoveAll(p.folder)
	}
}
