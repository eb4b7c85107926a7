package main

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"parley/internal/config"
	"parley/internal/pgtest"
	"parley/internal/sasl"
	"parley/internal/server"
)

// TestMain lets the test binary be the server that -spawn with profiles starts.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == serveCommand {
		main()
		return
	}
	goleak.VerifyTestMain(pgtest.Wrap(m))
}

const (
	users    = 14
	password = "correct horse"
)

// start runs a server with the users user0 to user13, and returns the flags that
// make it a target, for each transport.
func start(t *testing.T) map[string][]string {
	t.Helper()
	cfg, err := config.Load([]string{
		"PARLEY_DATA_DIR=" + t.TempDir(), "PARLEY_HTTP_ADDR=127.0.0.1:0", "PARLEY_C2S_ADDR=127.0.0.1:0",
		"PARLEY_C2S_TLS_ADDR=", "PARLEY_ADMIN_ADDR=127.0.0.1:0", "PARLEY_REQUIRE_TLS=false", "PARLEY_LIMITS=off",
	}, "")
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
	makeUsers(t, cfg, log)
	s, err := server.Start(context.Background(), cfg, server.Options{NoDemo: true, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Error("stop:", err)
		}
	})
	file := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(file, []byte(password+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	flags := func(addr string) []string {
		return []string{"-addr", addr, "-password-file", file, "-server-pid", strconv.Itoa(os.Getpid()), "-quiet"}
	}
	return map[string][]string{
		"ws":  flags("ws://" + s.Addr("http").String() + "/xmpp-websocket"),
		"tcp": flags(s.Addr("c2s").String()),
	}
}

func makeUsers(t *testing.T, cfg *config.Config, log *slog.Logger) {
	t.Helper()
	ctx := context.Background()
	store, err := server.OpenStore(ctx, cfg, log)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	if _, err := store.Migrate(ctx); err != nil {
		t.Fatal(err)
	}
	keys, err := sasl.NewKeys(password, sasl.MinIterations)
	if err != nil {
		t.Fatal(err)
	}
	for i := range users {
		if err := store.CreateAccount(ctx, "user"+strconv.Itoa(i)+"@localhost", keys); err != nil {
			t.Fatal(err)
		}
	}
}

// load runs a command line and returns what it reports.
func load(t *testing.T, args ...string) (report, error) {
	t.Helper()
	var out bytes.Buffer
	err := run(context.Background(), append(args, "-json", "-"), &out, t.Output())
	var r report
	if err == nil {
		lines := strings.Split(strings.TrimSpace(out.String()), "\n")
		if e := json.Unmarshal([]byte(lines[len(lines)-1]), &r); e != nil {
			t.Fatalf("%v: %s", e, out.String())
		}
	}
	return r, err
}

// TestWorkloads runs each workload with ten users against a real server.
func TestWorkloads(t *testing.T) {
	t.Parallel()
	targets := start(t)
	short := []string{"-warmup", "50ms", "-settle", "10ms"}
	for name, tt := range map[string]struct {
		args []string
		ops  int64 // 0: as many as there are
	}{
		"login":       {[]string{"login", "-users", "10", "-count", "20"}, 20},
		"login plain": {[]string{"login", "-users", "10", "-count", "20", "-mechanism", "PLAIN"}, 20},
		"login token": {[]string{"login", "-users", "10", "-count", "20", "-mechanism", "HT-SHA-256-NONE"}, 20},
		"login 256":   {[]string{"login", "-users", "10", "-count", "20", "-mechanism", "SCRAM-SHA-256"}, 20},
		"idle":        {[]string{"idle", "-users", "10", "-duration", "100ms"}, 0},
		"chat":        {[]string{"chat", "-pairs", "5", "-count", "200"}, 200},
		"chat full":   {[]string{"chat", "-pairs", "5", "-count", "100", "-full-jid"}, 100},
		"storm":       {[]string{"storm", "-users", "10", "-duration", "30s"}, 10},
		"rate":        {[]string{"rate", "-pairs", "5", "-rate", "1000", "-count", "100"}, 100},
		"presence":    {[]string{"presence", "-users", "9", "-count", "20"}, 180},
		"room":        {[]string{"room", "-users", "9", "-count", "20"}, 180},
		"roster":      {[]string{"roster", "-first", "10", "-users", "4", "-items", "30", "-count", "20"}, 20},
		"offline":     {[]string{"offline", "-pairs", "5", "-batch", "20", "-count", "10"}, 200},
		"archive":     {[]string{"archive", "-pairs", "5", "-batch", "10", "-count", "20"}, 200},
		"paging":      {[]string{"paging", "-first", "10", "-pairs", "2", "-rows", "130", "-count", "20"}, 20},
	} {
		for transport, target := range targets {
			// One after another: two workloads with the same users would find each other's stanzas.
			r, err := load(t, append(append(tt.args, short...), target...)...)
			if err != nil {
				t.Errorf("%s over %s: %v", name, transport, err)
				continue
			}
			if tt.ops > 0 && r.Ops != tt.ops || r.Ops == 0 || !r.Measured {
				t.Errorf("%s over %s: %d operations (server measured: %v), want %d", name, transport, r.Ops, r.Measured, tt.ops)
			}
		}
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	good := start(t)["ws"]
	wrong := filepath.Join(t.TempDir(), "wrong")
	if err := os.WriteFile(wrong, []byte("wrong"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		args []string
		want string
	}{
		"another machine":   {[]string{"chat", "-addr", "192.0.2.1:5222", "-password-file", wrong}, "not a loopback address"},
		"name of another":   {[]string{"chat", "-addr", "ws://example.org/ws", "-password-file", wrong}, "not a loopback address"},
		"nobody there":      {[]string{"chat", "-addr", nobody, "-password-file", wrong, "-quiet"}, "is the server running?"},
		"no target":         {[]string{"chat"}, "-spawn, or -addr"},
		"no such workload":  {[]string{"dance"}, "no workload"},
		"wrong password":    {append([]string{"chat"}, append(good, "-password-file", wrong)...), "not-authorized"},
		"no such account":   {append([]string{"idle", "-users", "15"}, good...), "not-authorized"},
		"too many users":    {append([]string{"idle", "-users", "1000000"}, good...), "-users 1000000: 1 to 100000"},
		"process is gone":   {append([]string{"login"}, append(good, "-server-pid", "4194305")...), "has ended"},
		"two kinds of goal": {append([]string{"login", "-spawn"}, good...), "use one of them"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := load(t, tt.args...); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}
