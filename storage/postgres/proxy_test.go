package postgres_test

import (
	"io"
	"net"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// proxy stands between the store and the server and cuts a connection at the
// next COMMIT when told to.
type proxy struct {
	address string
	target  string
	wg      sync.WaitGroup

	mu      sync.Mutex
	armed   bool
	forward bool // the COMMIT goes through, its answer does not
	n       int
}

func newProxy(t *testing.T, address string) *proxy {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	p := &proxy{target: filepath.Join(q.Get("host"), ".s.PGSQL."+q.Get("port"))}
	folder := t.TempDir()
	l, err := net.Listen("unix", filepath.Join(folder, ".s.PGSQL."+q.Get("port")))
	if err != nil {
		t.Fatal(err)
	}
	q.Set("host", folder)
	u.RawQuery = q.Encode()
	p.address = u.String()
	p.wg.Go(func() { p.accept(l) })
	t.Cleanup(func() {
		l.Close()
		p.wg.Wait()
	})
	return p
}

func (p *proxy) accept(l net.Listener) {
	for {
		client, err := l.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("unix", p.target)
		if err != nil {
			client.Close()
			continue
		}
		p.wg.Go(func() {
			_, _ = io.Copy(client, server)
			client.Close()
		})
		p.wg.Go(func() {
			p.watch(client, server)
			client.Close()
			server.Close()
		})
	}
}

// watch copies from the client to the server.
func (p *proxy) watch(client, server net.Conn) {
	buf := make([]byte, 64<<10)
	for {
		n, err := client.Read(buf)
		if err != nil {
			return
		}
		cut, forward := p.seen(string(buf[:n]))
		if cut {
			client.Close() // first: the answer must not get through
		}
		if !cut || forward {
			if _, err := server.Write(buf[:n]); err != nil {
				return
			}
		}
		if cut {
			return
		}
	}
}

func (p *proxy) seen(text string) (cut, forward bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.armed || !strings.Contains(text, "COMMIT\x00") {
		return false, false
	}
	p.armed = false
	p.n++
	return true, p.forward
}

func (p *proxy) cut(forward bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.armed, p.forward = true, forward
}

func (p *proxy) cuts() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.n
}
