package clients_test

import (
	"fmt"
	"math/rand/v2"
	"net"
	"sync/atomic"
	"testing"
)

// Systems give connections ports from 32768 up; these are for servers.
const firstPort, portCount = 20000, 12000

// lastPort goes up from a random one: in one run no port is given twice.
var lastPort = func() *atomic.Uint32 {
	var n atomic.Uint32
	n.Store(rand.Uint32N(portCount))
	return &n
}()

// freeAddr returns a loopback address that was free a moment ago and stays so
// while a server restarts.
func freeAddr(t *testing.T) string {
	t.Helper()
	for range 100 {
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", firstPort+lastPort.Add(1)%portCount))
		if err == nil {
			defer l.Close()
			return l.Addr().String()
		}
	}
	t.Fatalf("no port is free between %d and %d", firstPort, firstPort+portCount)
	return ""
}

// TestFreeAddr: servers that run side by side get addresses of their own.
func TestFreeAddr(t *testing.T) {
	t.Parallel()
	given := map[string]bool{}
	for range 500 {
		addr := freeAddr(t)
		if given[addr] {
			t.Fatalf("%s was given twice", addr)
		}
		given[addr] = true
	}
}
