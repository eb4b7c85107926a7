// Package server puts the parts together and runs them: it is the only place
// that knows everybody. Start opens storage, registers the modules and listens;
// Stop tells every client, and returns when every goroutine has ended.
package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"sync"

	"parley/c2s"
	"parley/internal/admin"
	"parley/internal/audit"
	"parley/internal/config"
	"parley/internal/jid"
	"parley/internal/memory"
	"parley/internal/router"
	"parley/internal/tlscert"
	"parley/storage/postgres"
	"parley/storage/sqlite"
	"parley/storage/sqlstore"
)

// Options of a run that are not configuration.
type Options struct {
	NoDemo bool      // make no demo users at the first start
	Out    io.Writer // where the start-up lines for people go; nil: nowhere
	Log    *slog.Logger
	// Command is how a person calls this program, for advice; empty: parley.
	Command string
	// Reload makes Run read the certificate files again; nil: nothing does.
	Reload <-chan os.Signal
}

// Server is a running server.
type Server struct {
	cfg  *config.Config
	opts Options
	log  *slog.Logger

	domain   jid.JID
	store    *sqlstore.Store
	certs    *tlscert.Source
	router   *router.Router
	modules  *modules
	accounts *accounts
	trail    *audit.Trail
	clients  *c2s.Server

	listeners []listener
	web       []*http.Server
	serving   sync.WaitGroup
	tidying   context.CancelFunc // ends keepTidy; nil before
	stop      sync.Once
	stopError error        // of the one stop
	failed    chan error   // a listener that failed while running
	unsay     func() error // takes the announcement of the admin address away; nil: there is none
	demo      []admin.DemoUser
}

// Run starts a server and stops it when ctx ends.
func Run(ctx context.Context, cfg *config.Config, opts Options) error {
	s, err := Start(ctx, cfg, opts)
	if err != nil {
		return err
	}
	defer keepMemory(ctx)()
	for {
		select {
		case <-opts.Reload:
			s.reload()
			continue
		case <-ctx.Done():
			s.log.Info("stopping")
		case err = <-s.failed:
		}
		return errors.Join(err, s.Stop())
	}
}

// keepMemory looks after the memory of the process until stop is called.
func keepMemory(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var keeping sync.WaitGroup
	keeping.Go(func() { memory.Keep(ctx) })
	return func() {
		cancel()
		keeping.Wait()
	}
}

// reload keeps what is in use if the files are no good.
func (s *Server) reload() {
	if err := s.certs.Reload(); err != nil {
		s.log.Error("certificate not reloaded", "err", err)
		return
	}
	s.log.Info("certificate reloaded")
}

// Start returns a server that accepts connections. Stop must be called.
func Start(ctx context.Context, cfg *config.Config, opts Options) (*Server, error) {
	if opts.Out == nil {
		opts.Out = io.Discard
	}
	s := &Server{cfg: cfg, opts: opts, log: opts.Log, failed: make(chan error, 1)}
	if err := s.start(ctx); err != nil {
		return nil, errors.Join(err, s.Stop())
	}
	return s, nil
}

func (s *Server) start(ctx context.Context) error {
	for _, step := range []func(context.Context) error{
		s.makeDataDir,
		s.openStore,
		s.openCertificates,
		s.build,
		s.listen,
		s.makeDemoUsers,
		s.serve,
		s.serveAdmin,
		s.keepTidy,
		s.clearArchives,
	} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	s.greet()
	return nil
}

// clearArchives begins to remove old messages, if they are not kept for ever.
func (s *Server) clearArchives(context.Context) error {
	s.modules.archive.Start()
	return nil
}

func (s *Server) makeDataDir(context.Context) error {
	if err := os.MkdirAll(s.cfg.DataDir, 0o700); err != nil {
		return fmt.Errorf("the data folder cannot be made: %w; choose another with data_dir or PARLEY_DATA_DIR", err)
	}
	f, err := os.CreateTemp(s.cfg.DataDir, ".write-test-*")
	if err != nil {
		return fmt.Errorf("the data folder %s cannot be written: %w; change its owner, or choose another with data_dir or PARLEY_DATA_DIR", s.cfg.DataDir, err)
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

// OpenStore opens the configured database without migrating it.
func OpenStore(ctx context.Context, cfg *config.Config, log *slog.Logger) (*sqlstore.Store, error) {
	opts := sqlstore.Options{Logger: log, Queue: cfg.Database.Queue, Batch: cfg.Database.Batch}
	if cfg.Database.URL != "" {
		return postgres.Open(ctx, cfg.Database.URL, opts)
	}
	return sqlite.Open(ctx, cfg.SQLitePath(), opts)
}

func (s *Server) openStore(ctx context.Context) (err error) {
	if s.store, err = OpenStore(ctx, s.cfg, s.log.With("module", "storage")); err != nil {
		return err
	}
	applied, err := s.store.Migrate(ctx)
	if err != nil {
		return err
	}
	if len(applied) > 0 {
		s.log.Info("database schema is up to date", "n", len(applied))
	}
	return nil
}

func (s *Server) openCertificates(context.Context) (err error) {
	s.certs, err = tlscert.Open(tlscert.Options{
		ACME: tlscert.ACME{
			Domains: s.cfg.TLS.ACME.Domains, Email: s.cfg.TLS.ACME.Email, Directory: s.cfg.TLS.ACME.Directory,
		},
		CertFile: s.cfg.TLS.CertFile, KeyFile: s.cfg.TLS.KeyFile, HostsDir: s.cfg.TLS.HostsDir,
		Dir: s.cfg.DataDir + "/tls", Domain: s.cfg.Domain, Logger: s.log.With("module", "tls"),
	})
	return err
}

// build makes everything that handles stanzas.
func (s *Server) build(ctx context.Context) (err error) {
	if s.domain, err = jid.New("", s.cfg.Domain, ""); err != nil {
		return err
	}
	s.trail = audit.Open(s.cfg.Log.Audit, s.log)
	s.accounts = &accounts{store: s.store, trail: s.trail, iterations: s.cfg.SASL.Iterations}
	s.router = router.New(router.Options{
		Domain: s.domain, Users: s.accounts, MaxResources: s.cfg.Limits.ResourcesPerAccount, Log: s.log,
	})
	s.accounts.router = s.router
	ids, err := s.stanzaIDs(ctx)
	if err != nil {
		return err
	}
	occupants, err := s.store.Secret(ctx, "occupants", 32)
	if err != nil {
		return err
	}
	s.modules = newModules(s.cfg, s.store, s.accounts, s.trail, secrets{ids, occupants})
	s.accounts.roster = s.modules.roster
	for _, m := range s.modules.all {
		m.Register(s.router.Registrar)
	}
	if s.modules.rooms != nil {
		if err := s.modules.rooms.Start(ctx); err != nil {
			return err
		}
	}
	mechanisms, err := s.mechanisms(ctx)
	if err != nil {
		return err
	}
	s.accounts.changed = mechanisms.Changed
	resources, err := s.store.Secret(ctx, "resources", 32)
	if err != nil {
		return err
	}
	s.clients = c2s.New(c2s.Options{
		Domain: s.domain, Router: s.router, SASL: mechanisms, Guesses: c2s.NewGuesses(guessOptions(s.cfg.Limits)),
		Registration: func(addr string) c2s.Registrant { return s.modules.register.Stream(addr) },
		Secret:       resources,
		TLS:          s.certs.TLSConfig(), RequireTLS: s.cfg.RequireTLS, Local: s.cfg.LocalNetworks,
		Limits: limits(s.cfg.Limits), Streams: s.store, Log: s.log,
	})
	return s.clients.Restore(ctx)
}

// Stop tells the clients, waits for everything that runs, and closes the
// database. It may be called after a failed start, and more than once.
func (s *Server) Stop() error {
	s.stop.Do(func() { s.stopError = s.shutDown() })
	return s.stopError
}

func (s *Server) shutDown() error {
	ctx, cancel := context.WithTimeout(context.Background(), s.cfg.ShutdownGrace)
	defer cancel()
	if s.store != nil {
		// A database that is away does not hold up the end for longer.
		defer context.AfterFunc(ctx, s.store.Hurry)()
	}
	for _, l := range s.listeners {
		_ = l.Close() // accepting ends; a second close by its server is an error of no interest
	}
	if s.clients != nil {
		s.clients.Shutdown(ctx)
	}
	for _, w := range s.web {
		if err := w.Shutdown(ctx); err != nil {
			_ = w.Close()
		}
	}
	if s.tidying != nil {
		s.tidying()
	}
	s.serving.Wait()
	if s.router != nil {
		s.modules.offline.Wait()
		s.modules.archive.Wait()
		if s.modules.rooms != nil {
			s.modules.rooms.Wait()
		}
	}
	var err error
	if s.unsay != nil {
		err = s.unsay()
	}
	if s.store != nil {
		err = errors.Join(err, s.store.Close())
	}
	return err
}
