package server_test

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"parley/internal/config"
	"parley/internal/server"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func start(t *testing.T, out io.Writer, change ...func(*config.Config)) *server.Server {
	t.Helper()
	cfg := config.Default()
	cfg.DataDir = t.TempDir()
	cfg.HTTP.Addr, cfg.C2S.Addr, cfg.C2S.TLSAddr, cfg.Admin.Addr = "127.0.0.1:0", "127.0.0.1:0", "127.0.0.1:0", "127.0.0.1:0"
	for _, f := range change {
		f(cfg)
	}
	s, err := server.Start(context.Background(), cfg, server.Options{Out: out, Log: slog.New(slog.NewTextHandler(t.Output(), nil))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Error("stop:", err)
		}
	})
	return s
}

func get(t *testing.T, url string) (int, string) {
	t.Helper()
	resp, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

func TestFirstRun(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	s := start(t, &out)
	for _, want := range []string{"Chat page", "http://localhost:", "alice@localhost", "bob@localhost", "password:", "parley.db", "parley user add"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the greeting lacks %q:\n%s", want, out.String())
		}
	}
	base := "http://" + s.Addr("http").String()
	for path, want := range map[string]string{
		"/":                           "<html",
		"/healthz":                    "ok",
		"/config.json":                `"registration":"open"`,
		"/.well-known/host-meta.json": "urn:xmpp:alt-connections:websocket",
	} {
		if code, body := get(t, base+path); code != 200 || !strings.Contains(body, want) {
			t.Errorf("GET %s: %d, %.200s; want %q", path, code, body, want)
		}
	}
	if code, body := get(t, "http://"+s.Addr("admin").String()+"/metrics"); code != 200 ||
		!strings.Contains(body, "parley_sessions 0") || !strings.Contains(body, "parley_commit_queue_length 0") {
		t.Errorf("metrics: %d %.200s", code, body)
	}
}

func TestBusyPortStopsTheStart(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	cfg := config.Default()
	cfg.DataDir = t.TempDir()
	cfg.HTTP.Addr = l.Addr().String()
	_, err = server.Start(context.Background(), cfg, server.Options{Log: slog.New(slog.DiscardHandler)})
	if err == nil || !strings.Contains(err.Error(), "is in use") || !strings.Contains(err.Error(), "PARLEY_HTTP_ADDR") {
		t.Errorf("got %v, want advice about PARLEY_HTTP_ADDR", err)
	}
}
