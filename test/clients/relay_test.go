package clients_test

import (
	"net"
	"sync"
	"testing"
)

// relay stands between a client and the server. It can cut their connections,
// and before that lose what they say without their noticing.
type relay struct {
	addr string

	mu                sync.Mutex
	conns             []net.Conn // guarded by mu
	deaf, unreachable bool       // guarded by mu: what the server says is lost; what the client says
}

func newRelay(t *testing.T, target string) *relay {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &relay{addr: l.Addr().String()}
	var running sync.WaitGroup
	running.Go(func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial("tcp", target)
			if err != nil {
				client.Close()
				continue
			}
			r.keep(client, server)
			running.Go(func() { r.pass(client, server, &r.deaf) })
			running.Go(func() { r.pass(server, client, &r.unreachable) })
		}
	})
	t.Cleanup(func() { l.Close(); r.cut(); running.Wait() })
	return r
}

func (r *relay) keep(conns ...net.Conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.conns = append(r.conns, conns...)
}

// deafen loses all that the server says from now on, until the connections are
// cut; the client is still heard.
func (r *relay) deafen() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.deaf = true
}

// swallow loses all that either says from now on, until the connections are cut.
func (r *relay) swallow() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.deaf, r.unreachable = true, true
}

// cut ends what there is; the client may connect anew.
func (r *relay) cut() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range r.conns {
		c.Close()
	}
	r.conns, r.deaf, r.unreachable = nil, false, false
}

// pass ends when either is closed.
func (r *relay) pass(to, from net.Conn, lost *bool) {
	defer to.Close()
	defer from.Close()
	buf := make([]byte, 1<<16)
	for {
		n, err := from.Read(buf)
		if err != nil {
			return
		}
		if r.is(lost) {
			continue
		}
		if _, err := to.Write(buf[:n]); err != nil {
			return
		}
	}
}

func (r *relay) is(lost *bool) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return *lost
}
