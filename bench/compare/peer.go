package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"parley/bench/client"
	"parley/bench/wire"
	"parley/internal/pgtest"
	"parley/test/faults/target"
)

// place is where a server lives: one installation per kind of setting.
type place struct {
	target            string
	postgres, archive bool
}

// peer is an installation of a server, with its accounts. It is started for
// each turn.
type peer struct {
	place
	server     target.Server
	database   *pgtest.Server // nil: its own store
	registered int
	started    bool
}

const (
	prefix   = "user"
	password = "bench-password"
)

// installed says what is missing before anything is measured.
func installed(targets []string, bin string) error {
	for _, t := range targets {
		kind, path, _ := strings.Cut(t, ":")
		switch kind {
		case "parley", "floor":
			if path == "" {
				path = filepath.Join(bin, kind)
			}
		case "prosody", "ejabberd":
			path = map[string]string{"prosody": "prosody", "ejabberd": "ejabberdctl"}[kind]
		default:
			return fmt.Errorf("-targets: there is no %q", t)
		}
		if _, err := exec.LookPath(path); err != nil {
			return fmt.Errorf("%s is not installed: %w; bench/compare/run.sh installs and builds everything", t, err)
		}
	}
	return nil
}

// settle makes the installation with n accounts where the store allows that,
// without starting the server.
func (c *comparison) settle(ctx context.Context, at place, n int) (_ *peer, err error) {
	p := &peer{place: at}
	dir := filepath.Join(c.dir, strconv.Itoa(len(c.peers)))
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, err
	}
	kind, path, _ := strings.Cut(at.target, ":")
	if kind == "floor" {
		p.server, err = newFloor(filepath.Join(c.bin, "floor"), dir)
		return p, err
	}
	if path == "" {
		path = filepath.Join(c.bin, "parley")
	}
	o := target.Options{Dir: dir, Binary: path, NoArchive: !at.archive, NoManagement: !at.archive,
		Env: []string{"PARLEY_LOG_LEVEL=warn", "PARLEY_ADMIN_ADDR="}}
	if at.postgres {
		if err := p.addDatabase(ctx, &o); err != nil {
			return nil, err
		}
	}
	p.server, err = target.Kinds[kind](ctx, o)
	if err == nil && n > p.registered && !at.postgres {
		p.registered, err = n, fill(ctx, kind, dir, n)
	}
	if err != nil {
		p.remove()
	}
	return p, err
}

const databaseName = "bench"

func (p *peer) addDatabase(ctx context.Context, o *target.Options) (err error) {
	addr, err := target.FreeAddr()
	if err != nil {
		return err
	}
	_, port, _ := strings.Cut(addr, ":")
	if p.database, err = pgtest.NewServerOnTCP("", port); err != nil {
		return err
	}
	o.Database, o.DatabaseTCP = p.database.URL(databaseName), addr
	if err := p.database.Execute(ctx, "CREATE DATABASE "+databaseName+" ENCODING 'UTF8' TEMPLATE template0"); err != nil {
		p.remove()
		return err
	}
	return nil
}

// stop ends the server, if it runs.
func (p *peer) stop() {
	if p.started {
		p.server.Terminate()
		p.started = false
	}
}

func (p *peer) remove() {
	if p.database != nil {
		p.database.Remove()
	}
}

// address is where clients connect.
func (p *peer) address(tcp bool) (wire.Address, error) {
	a := p.server.Address()
	if tcp {
		return wire.ParseAddress(a.TCP)
	}
	return wire.ParseAddress(a.WebSocket)
}

// processes are those that are measured, with their children.
func (p *peer) processes() []int {
	if p.database == nil {
		return []int{p.server.PID()}
	}
	return []int{p.server.PID(), p.database.PID()}
}

// startTime bounds a start; registerTime one registration.
const (
	startTime    = time.Minute
	startPause   = 20 * time.Millisecond
	registerTime = 30 * time.Second
	registering  = 16 // at once
)

// start launches the server and waits until it answers on each transport.
func (p *peer) start(ctx context.Context) error {
	if err := p.server.Start(); err != nil {
		return err
	}
	p.started = true
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	transports := []bool{false, true}
	if p.target == "floor" {
		transports = transports[:1]
	}
	for _, tcp := range transports {
		if err := p.answers(ctx, tcp); err != nil {
			return errors.Join(fmt.Errorf("%s does not start: %w", p.target, err), ctx.Err())
		}
	}
	return nil
}

func (p *peer) answers(ctx context.Context, tcp bool) error {
	addr, err := p.address(tcp)
	if err != nil {
		return err
	}
	for {
		var conn *wire.Conn
		if conn, err = addr.Dial(ctx, 0, time.Now().Add(startTime)); err == nil {
			conn.Close()
			return nil
		}
		select {
		case <-p.server.Exited():
			return errors.New("it ended at its start")
		case <-ctx.Done():
			return err
		case <-time.After(startPause):
		}
	}
}

// register makes the accounts that are missing.
func (p *peer) register(ctx context.Context, n int) error {
	if p.target == "floor" || n <= p.registered {
		return nil
	}
	addr, err := p.address(true)
	if err != nil {
		return err
	}
	var next atomic.Int64
	next.Store(int64(p.registered))
	errs := make([]error, registering)
	var all sync.WaitGroup
	for w := range registering {
		all.Go(func() {
			for i := int(next.Add(1)) - 1; i < n && errs[w] == nil && ctx.Err() == nil; i = int(next.Add(1)) - 1 {
				errs[w] = registerOne(ctx, addr, i)
			}
		})
	}
	all.Wait()
	if err := errors.Join(append(errs, ctx.Err())...); err != nil {
		return err
	}
	p.registered = n
	return nil
}

func registerOne(ctx context.Context, addr wire.Address, i int) error {
	conn, err := addr.Dial(ctx, 0, time.Now().Add(registerTime))
	if err != nil {
		return err
	}
	defer conn.Close()
	err = client.Register(conn, client.Account{User: prefix + strconv.Itoa(i), Domain: target.Domain, Password: password})
	if errors.Is(err, client.ErrExists) {
		return nil // made before something went wrong with others
	}
	return err
}
