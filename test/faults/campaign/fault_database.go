package campaign

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"time"

	_ "modernc.org/sqlite" // the driver that the server uses, too

	"parley/test/faults/record"
)

// outage makes the database unavailable for a while.
type outage struct {
	name string
	long bool
	// begin makes it so, and returns how that ends.
	begin func(c *Campaign) (end func() error, err error)
	// leaky: something may still be stored meanwhile.
	leaky bool
}

// Name implements Fault.
func (f outage) Name() string { return f.name }

// Strike implements Fault.
func (f outage) Strike(ctx context.Context, c *Campaign) (Outcome, error) {
	end, err := f.begin(c)
	if err != nil {
		return Outcome{}, err
	}
	from := time.Now()
	d := c.cfg.LongOutage
	if !f.long {
		d = time.Duration(c.rand.Int64N(int64(c.cfg.Outage) + 1))
	}
	sleep(ctx, d)
	if !f.leaky {
		c.outages = append(c.outages, record.Outage{From: from, Until: time.Now(), What: f.name})
	}
	if err := end(); err != nil {
		return Outcome{}, err
	}
	served, err := c.served(ctx, time.Now())
	return Outcome{Served: served}, err
}

// postgresFaults are those of a Postgres.
func postgresFaults() []outage {
	return []outage{
		{name: "Postgres stopped (immediate)", begin: func(c *Campaign) (func() error, error) {
			c.pg.server.Kill()
			return c.pg.server.Start, nil
		}},
		{name: "Postgres frozen (SIGSTOP)", begin: func(c *Campaign) (func() error, error) {
			return c.pg.server.Thaw, c.pg.server.Freeze()
		}},
		{name: "Postgres connections cut", begin: func(c *Campaign) (func() error, error) {
			c.pg.proxy.Cut()
			return func() error { c.pg.proxy.Restore(); return nil }, nil
		}},
	}
}

// sqliteFaults are those of a SQLite file.
func sqliteFaults() []outage {
	return []outage{{name: "SQLite file locked", begin: lockFile}}
}

// lockFile takes the write lock, as another program that uses the file would.
func lockFile(c *Campaign) (func() error, error) {
	path := filepath.Join(c.dir, "data", "parley.db")
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(30000)")
	if err != nil {
		return nil, err
	}
	conn, err := db.Conn(context.Background())
	if err == nil {
		_, err = conn.ExecContext(context.Background(), "BEGIN IMMEDIATE")
	}
	if err != nil {
		_ = db.Close()
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	return func() error {
		_, err := conn.ExecContext(context.Background(), "ROLLBACK")
		_ = conn.Close()
		_ = db.Close()
		return err
	}, nil
}

// diskFull leaves no room on the disk with the database. What has room already
// may still be written.
func diskFull() outage {
	return outage{name: "disk full", leaky: true, begin: func(c *Campaign) (func() error, error) {
		junk, err := fill(c.dir)
		if err != nil {
			return nil, err
		}
		return func() error {
			if err := os.Remove(junk); err != nil {
				return err
			}
			return c.reviveDatabase()
		}, nil
	}}
}

// reviveDatabase starts a Postgres that ended for lack of room for its log.
func (c *Campaign) reviveDatabase() error {
	if c.pg == nil || c.pg.server.Alive() {
		return nil
	}
	return c.pg.server.Start()
}

// fill leaves no room in a folder.
func fill(dir string) (path string, err error) {
	path = filepath.Join(dir, "junk")
	f, err := os.Create(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	for block := make([]byte, 1<<20); len(block) > 0; {
		if _, err := f.Write(block); err != nil {
			block = block[:len(block)/2]
		}
	}
	return path, nil
}
