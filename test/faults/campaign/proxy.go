package campaign

import (
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"sync"
)

// proxy stands between a server and its Postgres, socket to socket, so that the
// connections can be cut while both live.
type proxy struct {
	target   string // socket
	listener net.Listener
	wg       sync.WaitGroup

	mu    sync.Mutex
	cut   bool                  // guarded by mu
	conns map[net.Conn]struct{} // guarded by mu
}

// socketName is Postgres's own.
const socketName = ".s.PGSQL.5432"

// newProxy listens in folder, which the server's account must be able to enter.
func newProxy(folder, targetFolder string) (*proxy, error) {
	path := filepath.Join(folder, socketName)
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, fmt.Errorf("campaign: %w", err)
	}
	if err := os.Chmod(path, 0o777); err != nil { //nolint:gosec // as Postgres's own socket
		return nil, fmt.Errorf("campaign: %w", err)
	}
	p := &proxy{target: filepath.Join(targetFolder, socketName), listener: l, conns: map[net.Conn]struct{}{}}
	p.wg.Go(p.accept)
	return p, nil
}

func (p *proxy) accept() {
	for {
		c, err := p.listener.Accept()
		if err != nil {
			return
		}
		s, err := net.Dial("unix", p.target)
		if err != nil || !p.keep(c, s) {
			_ = c.Close()
			if s != nil {
				_ = s.Close()
			}
			continue
		}
		p.wg.Go(func() { p.forward(c, s) })
		p.wg.Go(func() { p.forward(s, c) })
	}
}

// keep reports whether the connections may live.
func (p *proxy) keep(conns ...net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cut {
		return false
	}
	for _, c := range conns {
		p.conns[c] = struct{}{}
	}
	return true
}

func (p *proxy) forward(to, from net.Conn) {
	_, _ = io.Copy(to, from) // how it ends does not matter
	_ = to.Close()
	_ = from.Close()
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.conns, from)
}

// Cut ends all connections and refuses new ones until Restore.
func (p *proxy) Cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut = true
	for c := range p.conns {
		_ = c.Close()
	}
}

// Restore lets connections through.
func (p *proxy) Restore() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut = false
}

func (p *proxy) Close() {
	_ = p.listener.Close()
	p.Cut()
	p.wg.Wait()
}
