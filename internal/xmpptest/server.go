package xmpptest

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"testing"

	"parley/internal/config"
	"parley/internal/pgtest"
	"parley/internal/sasl"
	"parley/internal/server"
	"parley/storage"
	"parley/storage/sqlstore"
)

// Password is that of every account that AddUser makes.
const Password = "secret"

// Options of a server. The zero value is a server on SQLite that takes PLAIN
// over TCP on loopback.
type Options struct {
	Postgres bool                 // a database of its own, from package pgtest
	Change   func(*config.Config) // last word about the configuration
	Log      io.Writer            // nil: that of the test
}

// set understands KEY=VALUE of a transcript.
func (o *Options) set(option string) error {
	key, value, _ := strings.Cut(option, "=")
	number, err := strconv.Atoi(value)
	change := map[string]func(*config.Config){
		"registration":             func(c *config.Config) { c.Registration = config.Registration(value) },
		"auth_failures_per_stream": func(c *config.Config) { c.Limits.AuthFailuresPerStream = number },
		"resources_per_account":    func(c *config.Config) { c.Limits.ResourcesPerAccount = number },
		"roster_items":             func(c *config.Config) { c.Limits.RosterItems = number },
		"blocked":                  func(c *config.Config) { c.Limits.Blocked = number },
		"offline_messages":         func(c *config.Config) { c.Limits.OfflineMessages = number },
		"archive_page":             func(c *config.Config) { c.Archive.Page = number },
		"archive_rules":            func(c *config.Config) { c.Archive.Rules = number },
		"archive_default":          func(c *config.Config) { c.Archive.Default = value },
		"muc_host":                 func(c *config.Config) { c.MUC.Host = value },
		"muc_creators":             func(c *config.Config) { c.MUC.Creators = []string{value} },
		"muc_occupants":            func(c *config.Config) { c.MUC.Occupants = number },
		"muc_rooms_per_user":       func(c *config.Config) { c.MUC.RoomsPerUser = number },
		"muc_creations":            func(c *config.Config) { c.MUC.Creations = number },
		"muc_name_bytes":           func(c *config.Config) { c.MUC.NameBytes = number },
		"muc_affiliations":         func(c *config.Config) { c.MUC.Affiliations = number },
		"muc_history":              func(c *config.Config) { c.MUC.History = number },
		"require_tls":              func(c *config.Config) { c.RequireTLS = value == "true" },
	}[key]
	if change == nil {
		return fmt.Errorf("no option %q", key)
	}
	if err != nil && !slices.Contains([]string{"registration", "archive_default", "require_tls", "muc_host", "muc_creators"}, key) {
		return fmt.Errorf("option %q: %w", option, err)
	}
	before := o.Change
	o.Change = func(c *config.Config) {
		if before != nil {
			before(c)
		}
		change(c)
	}
	return nil
}

// Server is a running server, with a hand on its database.
type Server struct {
	Config *config.Config
	Store  *sqlstore.Store // a connection of its own, like that of the command line

	running  *server.Server
	reusable bool // see Pool
}

// Start runs a server on ports of its own until the test ends.
func Start(t testing.TB, opts Options) *Server {
	t.Helper()
	cfg := config.Default()
	cfg.DataDir = t.TempDir()
	cfg.HTTP.Addr, cfg.C2S.Addr, cfg.C2S.TLSAddr, cfg.Admin.Addr = "127.0.0.1:0", "127.0.0.1:0", "127.0.0.1:0", ""
	cfg.RequireTLS = false
	cfg.SASL.Iterations = sasl.MinIterations
	if opts.Postgres {
		cfg.Database.URL = pgtest.URL(t)
	}
	if opts.Change != nil {
		opts.Change(cfg)
	}
	return (&Server{Config: cfg}).start(t, opts)
}

// start runs what was configured. The log goes to the test's.
func (s *Server) start(t testing.TB, opts Options) *Server {
	t.Helper()
	if opts.Log == nil {
		opts.Log = t.Output()
	}
	log := slog.New(slog.NewTextHandler(opts.Log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	ctx := context.WithoutCancel(t.Context()) // the server ends in Cleanup, after the context of the test
	running, err := server.Start(ctx, s.Config, server.Options{NoDemo: true, Log: log})
	if err != nil {
		t.Fatal("start:", err)
	}
	s.running = running
	t.Cleanup(func() {
		if err := running.Stop(); err != nil {
			t.Error("stop:", err)
		}
	})
	if s.Store, err = server.OpenStore(ctx, s.Config, log); err != nil {
		t.Fatal("open:", err)
	}
	t.Cleanup(func() {
		if err := s.Store.Close(); err != nil {
			t.Error("close:", err)
		}
	})
	return s
}

// URL returns the address of the WebSocket.
func (s *Server) URL() string { return "ws://" + s.running.Addr("http").String() + "/xmpp-websocket" }

// AddUser makes an account, a localpart or bare JID, with Password.
func (s *Server) AddUser(t testing.TB, account string) {
	t.Helper()
	keys, err := sasl.NewKeys(Password, s.Config.SASL.Iterations)
	if err == nil {
		err = s.Store.CreateAccount(t.Context(), s.bare(account), keys)
	}
	if err != nil {
		t.Fatalf("add user %s: %v", account, err)
	}
}

func (s *Server) bare(account string) string { return user(account) + "@" + s.Config.Domain }

// user returns the localpart.
func user(account string) string {
	local, _, _ := strings.Cut(account, "@")
	return local
}

// AddContact puts two accounts in each other's roster: subscription is what
// account has of contact.
func (s *Server) AddContact(t testing.TB, account, contact, subscription string) {
	t.Helper()
	mine, err := storage.ParseSubscription(subscription)
	if err != nil {
		t.Fatal(err)
	}
	theirs := map[storage.Subscription]storage.Subscription{
		storage.To: storage.From, storage.From: storage.To, storage.Both: storage.Both,
	}[mine]
	s.setItem(t, s.bare(account), s.bare(contact), mine)
	s.setItem(t, s.bare(contact), s.bare(account), theirs)
}

func (s *Server) setItem(t testing.TB, account, contact string, subscription storage.Subscription) {
	t.Helper()
	_, _, _, err := s.Store.UpdateRoster(t.Context(), account, contact, s.Config.Limits.RosterItems,
		func(item *storage.RosterItem, _ bool) (bool, error) {
			item.InRoster, item.Subscription = true, subscription
			return true, nil
		})
	if err != nil {
		t.Fatalf("roster of %s: %v", account, err)
	}
}

// Open returns a connection on which nothing was sent.
func (s *Server) Open(t testing.TB, transport Transport) *Client {
	t.Helper()
	// Not the context of the test: that ends before Cleanup closes clients.
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	var l link
	var err error
	switch transport {
	case WebSocket:
		l, err = dialWebSocket(ctx, s.URL())
	case TCP:
		l, err = dialTCP(ctx, s.running.Addr("c2s").String())
	case DirectTLS:
		l, err = dialTLS(ctx, s.running.Addr("c2s-tls").String(), s.Config.Domain)
	default:
		err = fmt.Errorf("no transport %q", transport)
	}
	if err != nil {
		cancel()
		t.Fatal(err)
	}
	return newClient(t, string(transport), s.Config.Domain, l, cancel)
}

// Dial returns a client of the account that is bound to the resource (one made
// by the server if it is empty) and has sent nothing else.
func (s *Server) Dial(t testing.TB, transport Transport, account, resource string) *Client {
	t.Helper()
	c := s.Open(t, transport)
	c.Authenticate(user(account), Password)
	c.Bind(resource)
	c.name = c.JID
	return c
}
