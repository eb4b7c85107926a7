package campaign

import (
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"sync"
)

// proxy stands between a server and the socket of its Postgres, so that the
// connections can be cut while both live.
type proxy struct {
	target    string // socket
	listeners []net.Listener
	tcp       string // address of one of them
	wg        sync.WaitGroup

	mu    sync.Mutex
	cut   bool                  // guarded by mu
	conns map[net.Conn]struct{} // guarded by mu
}

// socketName is Postgres's own.
const socketName = ".s.PGSQL.5432"

// newProxy listens in folder, which the server's account must be able to enter,
// and on TCP for servers that want it.
func newProxy(folder, targetFolder string) (*proxy, error) {
	p := &proxy{target: filepath.Join(targetFolder, socketName), conns: map[net.Conn]struct{}{}}
	path := filepath.Join(folder, socketName)
	if _, err := p.listen("unix", path); err != nil {
		return nil, err
	}
	if err := os.Chmod(path, 0o777); err != nil { //nolint:gosec // as Postgres's own socket
		return nil, fmt.Errorf("campaign: %w", err)
	}
	l, err := p.listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p.tcp = l.Addr().String()
	return p, nil
}

func (p *proxy) listen(network, address string) (net.Listener, error) {
	l, err := net.Listen(network, address)
	if err != nil {
		return nil, fmt.Errorf("campaign: %w", err)
	}
	p.listeners = append(p.listeners, l)
	p.wg.Go(func() { p.accept(l) })
	return l, nil
}

func (p *proxy) accept(l net.Listener) {
	for {
		c, err := l.Accept()
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

// Close ends everything.
func (p *proxy) Close() {
	for _, l := range p.listeners {
		_ = l.Close()
	}
	p.Cut()
	p.wg.Wait()
}
