package target

import (
	"context"
	_ "embed"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"

	"github.com/jackc/pgx/v5"

	"parley/test/faults/client"
)

//go:embed ejabberd.yml
var ejabberdConfig string

// ejabberdSchema is where Debian puts it.
const ejabberdSchema = "/usr/share/ejabberd/sql/pg.sql"

type ejabberd struct {
	*Process
	ports
	dir, config string
}

// newEjabberd uses Debian's packages ejabberd and erlang-p1-pgsql.
func newEjabberd(ctx context.Context, o Options) (Server, error) {
	e := &ejabberd{dir: o.Dir, config: filepath.Join(o.Dir, "ejabberd.yml")}
	if _, err := exec.LookPath("erl"); err != nil {
		return nil, fmt.Errorf("target: %w; run test/faults/peers/install.sh", err)
	}
	var err error
	if e.ports, err = newPorts(); err != nil {
		return nil, err
	}
	sql, err := readDatabase(o.Database)
	if err != nil {
		return nil, err
	}
	if sql != nil {
		if sql.Host, sql.Port, err = net.SplitHostPort(o.DatabaseTCP); err != nil {
			return nil, fmt.Errorf("target: %w", err)
		}
		if err := loadSchema(ctx, o.Database, ejabberdSchema); err != nil {
			return nil, err
		}
	}
	if err := os.Mkdir(filepath.Join(o.Dir, "data"), 0o700); err != nil {
		return nil, fmt.Errorf("target: %w", err)
	}
	return e, writeConfig(e.config, ejabberdConfig, map[string]any{
		"Dir": o.Dir, "HTTP": port(e.http), "C2S": port(e.c2s), "SQL": sql, "Domain": Domain,
		"Archive": !o.NoArchive, "Management": !o.NoManagement,
	})
}

func loadSchema(ctx context.Context, url, path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("target: %w", err)
	}
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return fmt.Errorf("target: %w", err)
	}
	defer conn.Close(ctx)
	if _, err := conn.PgConn().Exec(ctx, string(text)).ReadAll(); err != nil {
		return fmt.Errorf("target: %s: %w", path, err)
	}
	return nil
}

// Start implements Server. The node has no name and so needs no port mapper.
func (e *ejabberd) Start() (err error) {
	libraries, err := filepath.Glob("/usr/lib/*/ejabberd-*/ebin")
	if err != nil || len(libraries) == 0 {
		return fmt.Errorf("target: ejabberd is not installed; run test/faults/peers/install.sh")
	}
	data := filepath.Join(e.dir, "data")
	cmd := exec.Command("erl", "-noinput", "+K", "true", "-pa", libraries[len(libraries)-1],
		"-mnesia", "dir", strconv.Quote(data), "-s", "ejabberd")
	cmd.Dir = data
	cmd.Env = append(os.Environ(), "EJABBERD_CONFIG_PATH="+e.config, "EJABBERD_LOG_PATH="+filepath.Join(e.dir, "ejabberd.log"),
		"ERL_MAX_ETS_TABLES=2053", "ERL_LIBS="+filepath.Dir(filepath.Dir(libraries[len(libraries)-1])), "HOME="+e.dir)
	e.Process, err = Launch(cmd, e.dir)
	return err
}

// Address implements Server.
func (e *ejabberd) Address() client.Address {
	return client.Address{TCP: e.c2s, WebSocket: "ws://127.0.0.1:" + port(e.http) + "/websocket"}
}

// Metrics implements Server.
func (e *ejabberd) Metrics() string { return "" }
