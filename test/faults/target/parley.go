package target

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"parley/test/faults/client"
)

type parley struct {
	*Process
	ports
	binary, dir string
	env         []string
}

// Build makes a Parley with failpoints.
func Build(ctx context.Context, path string, race bool) error {
	args := []string{"build", "-tags", "faults", "-o", path}
	if race {
		args = append(args, "-race")
	}
	if out, err := exec.CommandContext(ctx, "go", append(args, "parley/cmd/parley")...).CombinedOutput(); err != nil {
		return fmt.Errorf("target: build parley: %w\n%s", err, out)
	}
	return nil
}

func newParley(ctx context.Context, o Options) (Server, error) {
	p := &parley{dir: o.Dir, binary: o.Binary}
	var err error
	if p.ports, err = newPorts(); err != nil {
		return nil, err
	}
	if p.binary == "" {
		p.binary = filepath.Join(o.Dir, "parley")
		if err := Build(ctx, p.binary, false); err != nil {
			return nil, err
		}
	}
	p.env = append(append(os.Environ(),
		"PARLEY_DATA_DIR="+filepath.Join(o.Dir, "data"), "PARLEY_DATABASE_URL="+o.Database,
		"PARLEY_HTTP_ADDR="+p.http, "PARLEY_HTTP_TLS_ADDR=", "PARLEY_C2S_ADDR="+p.c2s, "PARLEY_C2S_TLS_ADDR=", "PARLEY_ADMIN_ADDR="+p.admin,
		"PARLEY_REQUIRE_TLS=false", "PARLEY_REGISTRATION=open", "PARLEY_LIMITS=off", "PARLEY_SASL_ITERATIONS=4096",
		"PARLEY_LIMITS_OFFLINE_MESSAGES=1000000", "PARLEY_LOG_LEVEL=info"), o.Env...)
	if o.NoArchive {
		p.env = append(p.env, "PARLEY_ARCHIVE_DEFAULT=never")
	}
	return p, nil
}

// Start implements Server.
func (p *parley) Start() (err error) {
	cmd := exec.Command(p.binary)
	cmd.Env = p.env
	p.Process, err = Launch(cmd, p.dir)
	return err
}

// Address implements Server.
func (p *parley) Address() client.Address {
	return client.Address{TCP: p.c2s, WebSocket: "ws://" + p.http + "/xmpp-websocket"}
}

// Metrics implements Server.
func (p *parley) Metrics() string { return "http://" + p.admin + "/metrics" }
