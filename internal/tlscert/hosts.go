package tlscert

import (
	"crypto/tls"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
)

// hosts are certificates for further names (RFC 6066 §3): a folder with a folder
// for each, as certbot and others lay them out. A changed certificate is noticed
// like any other, a new folder at the next load.
type hosts struct {
	dir string // "": none
	log *slog.Logger

	mu  sync.Mutex
	all []*files // guarded by mu; the slice is never changed, only replaced
}

// load looks for folders; if one of them is no good, what was there stays.
func (h *hosts) load() error {
	if h.dir == "" {
		return nil
	}
	entries, err := os.ReadDir(h.dir)
	if err != nil {
		return explain("tls.hosts_dir", err)
	}
	var all []*files
	for _, e := range entries {
		f := &files{log: h.log, cert: filepath.Join(h.dir, e.Name(), "fullchain.pem"), key: filepath.Join(h.dir, e.Name(), "privkey.pem")}
		if _, err := os.Stat(f.cert); err != nil {
			continue // a README, or a folder of something else
		}
		if err := f.load(); err != nil {
			return err
		}
		all = append(all, f)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.all = all
	return nil
}

// find returns the first certificate that is good for name; nil if none is.
func (h *hosts) find(name string) *tls.Certificate {
	h.mu.Lock()
	all := h.all
	h.mu.Unlock()
	for _, f := range all {
		if c := f.current(); c.Leaf.VerifyHostname(name) == nil {
			return c
		}
	}
	return nil
}
