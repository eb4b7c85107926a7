package campaign

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	bench "parley/bench/client"
	"parley/internal/failpoint"
	"parley/test/faults/check"
	"parley/test/faults/client"
	"parley/test/faults/record"
	"parley/test/faults/target"
)

// Campaign is one run. Its goroutine owns everything but what says otherwise.
type Campaign struct {
	cfg     Config
	rand    *rand.Rand
	dir     string // on the small disk, if there is one
	disk    *smallDisk
	server  target.Server
	started bool
	pg      *postgres          // nil: the server's own files
	control *failpoint.Control // nil: not ours
	opts    client.Options
	clients []*client.Client
	lives   sync.WaitGroup

	acked atomic.Int64 // <a/> that covered something
	mu    sync.Mutex
	last  time.Time     // guarded by mu; of the last of them
	heard chan struct{} // guarded by mu; closed by the next of them

	cancel  context.CancelFunc // ends the clients' lives; nil before they begin
	outages []record.Outage
	report  *Report
}

// Run leads a campaign and returns its report. What the clients saw is dumped
// into cfg.Dir when a rule was broken.
func Run(ctx context.Context, cfg Config) (_ *Report, err error) {
	if err := cfg.Check(); err != nil {
		return nil, err
	}
	c := &Campaign{cfg: cfg, rand: rand.New(rand.NewPCG(cfg.Seed, 0)), heard: make(chan struct{}), report: newReport(cfg)}
	defer func() {
		c.report.finish()
		err = errors.Join(err, c.close())
	}()
	for _, step := range []struct {
		name string
		do   func(context.Context) error
	}{
		{"prepare", c.prepare},
		{"start", c.start},
		{"register", c.register},
		{"measure at rest", c.measureFirst},
		{"strike", c.strike},
		{"settle", c.settle},
		{"measure at rest again", c.measureLast},
		{"read the archives", c.readArchives},
	} {
		began := time.Now()
		if err := step.do(ctx); err != nil {
			return c.report, fmt.Errorf("campaign: %s: %w", step.name, err)
		}
		cfg.Logf("%s: %v", step.name, time.Since(began).Round(time.Millisecond))
	}
	return c.report, c.judge()
}

// prepare makes the folder, the database and the server that is to be started.
func (c *Campaign) prepare(ctx context.Context) (err error) {
	c.dir = filepath.Join(c.cfg.Dir, "server")
	if err := os.Mkdir(c.dir, 0o755); err != nil { //nolint:gosec // Postgres runs as another user
		return err
	}
	if c.cfg.SmallDisk > 0 {
		if c.disk, err = newSmallDisk(c.dir, c.cfg.SmallDisk); err != nil {
			return err
		}
	}
	o := target.Options{Dir: c.dir, Binary: c.cfg.Binary}
	if c.cfg.Store == "postgres" {
		if err := c.preparePostgres(ctx); err != nil {
			return err
		}
		o.Database, o.DatabaseTCP = c.pg.url, c.pg.proxy.tcp
	}
	if c.cfg.Target == "parley" {
		if c.control, err = failpoint.NewControl(filepath.Join(c.cfg.Dir, "control")); err != nil {
			return err
		}
		o.Env = []string{c.control.Env()}
	}
	c.server, err = target.Kinds[c.cfg.Target](ctx, o)
	return err
}

// preparePostgres puts it on the small disk if there is one.
func (c *Campaign) preparePostgres(ctx context.Context) (err error) {
	parent := ""
	if c.disk != nil {
		parent = c.dir
	}
	c.pg, err = startPostgres(ctx, parent)
	return err
}

func (c *Campaign) start(ctx context.Context) error {
	if err := c.server.Start(); err != nil {
		return err
	}
	c.started = true
	_, err := c.accepting(ctx, time.Now())
	return err
}

func (c *Campaign) register(ctx context.Context) error {
	c.opts = client.Options{
		Address: c.server.Address(), Domain: target.Domain, Password: "secret of the campaign", Keys: &bench.Keys{},
		Window: c.cfg.Window, Acked: c.noteAck, Logf: func(string, ...any) {},
	}
	for i := range c.cfg.Users {
		name := fmt.Sprintf("user%d", i)
		c.opts.Users = append(c.opts.Users, name)
		if err := client.Register(ctx, c.opts.Address, target.Domain, name, c.opts.Password); err != nil {
			return err
		}
	}
	for i := range c.cfg.Users {
		c.clients = append(c.clients, client.New(c.opts, i, c.cfg.Seed))
	}
	return nil
}

// strike brings the clients to life and the faults upon them.
func (c *Campaign) strike(ctx context.Context) error {
	lives, cancel := context.WithCancel(ctx)
	c.cancel = cancel
	for _, cl := range c.clients {
		c.lives.Go(func() { cl.Run(lives) })
	}
	plan := schedule(c.cfg, c.rand)
	gap := max(1, c.cfg.Messages/max(1, len(plan)))
	for i, f := range plan {
		if err := c.revived(ctx, c.traffic(ctx, 1+c.rand.IntN(2*gap))); err != nil {
			return fmt.Errorf("before fault %d, %s: %w", i, f.Name(), err)
		}
		c.cfg.Logf("%d/%d %s, %d acknowledged", i+1, len(plan), f.Name(), c.total())
		c.sample()
		out, err := f.Strike(ctx, c)
		if err = c.revived(ctx, err); err != nil {
			return fmt.Errorf("fault %d, %s: %w", i, f.Name(), err)
		}
		c.report.add(f, out)
	}
	return c.revived(ctx, c.traffic(ctx, max(1, c.cfg.Messages-c.total())))
}

// revived restarts a server that does not serve any more, as its operator would:
// that is noted, and the campaign goes on.
func (c *Campaign) revived(ctx context.Context, err error) error {
	if !errors.Is(err, errNoService) {
		return err
	}
	c.report.Hangs++
	c.cfg.Logf("%v: the server is killed and started", err)
	now := time.Now()
	c.server.Kill()
	_, err = c.restart(ctx, now)
	return err
}

// total counts the acknowledged messages.
func (c *Campaign) total() (n int) {
	for _, cl := range c.clients {
		_, acked, _ := cl.Log.Counts()
		n += acked
	}
	return n
}

// judge reads the logs.
func (c *Campaign) judge() error {
	views := make([]record.View, len(c.clients))
	for i, cl := range c.clients {
		views[i] = cl.Log.View()
	}
	c.report.Result = check.Logs(views, check.Options{Outages: c.outages, Bound: c.cfg.Bound})
	if c.report.Result.OK() {
		return nil
	}
	c.report.Dump = filepath.Join(c.cfg.Dir, "clients.jsonl")
	return record.Dump(c.report.Dump, views)
}

func (c *Campaign) close() (err error) {
	if c.cancel != nil {
		c.cancel()
	}
	c.lives.Wait()
	if c.started {
		c.server.Kill()
	}
	if c.pg != nil {
		_ = c.pg.server.Thaw()
		c.pg.remove()
	}
	if c.control != nil {
		err = c.control.Close()
	}
	if c.disk != nil {
		err = errors.Join(err, c.disk.remove())
	}
	return err
}
