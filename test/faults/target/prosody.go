package target

import (
	"context"
	_ "embed"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"text/template"

	"parley/test/faults/client"
)

//go:embed prosody.cfg.lua
var prosodyConfig string

type prosody struct {
	*Process
	ports
	dir, config string
}

// newProsody uses Debian's packages prosody and lua-dbi-postgresql.
func newProsody(_ context.Context, o Options) (Server, error) {
	p := &prosody{dir: o.Dir, config: filepath.Join(o.Dir, "prosody.cfg.lua")}
	if _, err := exec.LookPath("prosody"); err != nil {
		return nil, fmt.Errorf("target: %w; run test/faults/peers/install.sh", err)
	}
	var err error
	if p.ports, err = newPorts(); err != nil {
		return nil, err
	}
	sql, err := readDatabase(o.Database)
	if err != nil {
		return nil, err
	}
	if err := os.Mkdir(filepath.Join(o.Dir, "data"), 0o700); err != nil {
		return nil, fmt.Errorf("target: %w", err)
	}
	return p, writeConfig(p.config, prosodyConfig, map[string]any{
		"Dir": o.Dir, "HTTP": port(p.http), "C2S": port(p.c2s), "SQL": sql, "Domain": Domain,
		"Archive": !o.NoArchive, "Management": !o.NoManagement,
	})
}

// database is a Postgres URL in parts: the host is the folder of a socket.
type database struct{ Host, Port, Name, User string }

func readDatabase(s string) (*database, error) {
	if s == "" {
		return nil, nil
	}
	u, err := url.Parse(s)
	if err != nil {
		return nil, fmt.Errorf("target: %w", err)
	}
	q := u.Query()
	return &database{q.Get("host"), q.Get("port"), filepath.Base(u.Path), u.User.Username()}, nil
}

func writeConfig(path, text string, values map[string]any) error {
	t, err := template.New("config").Parse(text)
	if err != nil {
		return fmt.Errorf("target: %w", err)
	}
	f, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("target: %w", err)
	}
	defer f.Close()
	if err := t.Execute(f, values); err != nil {
		return fmt.Errorf("target: %w", err)
	}
	return nil
}

// Start implements Server.
func (p *prosody) Start() (err error) {
	p.Process, err = Launch(exec.Command("prosody", "-F", "--config", p.config), p.dir)
	return err
}

// Address implements Server.
func (p *prosody) Address() client.Address {
	return client.Address{TCP: p.c2s, WebSocket: "ws://127.0.0.1:" + port(p.http) + "/xmpp-websocket"}
}

// Metrics implements Server.
func (p *prosody) Metrics() string { return "" }
