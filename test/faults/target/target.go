// Package target runs the servers that a fault campaign can be led against:
// Parley, built from this tree with its failpoints, and the Prosody and ejabberd
// of Debian, each on ports and in a folder of its own.
package target

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"

	"parley/test/faults/client"
)

// Domain is the one that all of them serve.
const Domain = "localhost"

// Server is one of them.
type Server interface {
	// Start launches the process. It may be called again when it has exited.
	Start() error
	// Kill ends it as by SIGKILL and waits until it is gone.
	Kill()
	// Terminate asks it to end and waits until it is gone.
	Terminate()
	// Exited is closed when the process of the last Start is gone.
	Exited() <-chan struct{}
	Address() client.Address
	// PID is the process's, for its memory and descriptors.
	PID() int
	// Metrics is the URL of Prometheus metrics, empty if there is none.
	Metrics() string
}

// Options of a server.
type Options struct {
	Dir      string // for its files; empty and its own
	Database string // Postgres URL; empty: the server's own files
	// DatabaseTCP is where the same Postgres listens on TCP, for servers that
	// do not know sockets.
	DatabaseTCP string
	Binary      string // a Parley that was built with its failpoints; empty: it is built
	Env         []string

	NoArchive    bool // no message is archived
	NoManagement bool // no stream management is offered (XEP-0198)
}

// Kinds makes the servers by name.
var Kinds = map[string]func(context.Context, Options) (Server, error){
	"parley":   newParley,
	"prosody":  newProsody,
	"ejabberd": newEjabberd,
}

// ports are the listeners of one server.
type ports struct{ http, c2s, admin string }

// newPorts takes ports that are free.
func newPorts() (p ports, err error) {
	for _, addr := range []*string{&p.http, &p.c2s, &p.admin} {
		if *addr, err = FreeAddr(); err != nil {
			return ports{}, err
		}
	}
	return p, nil
}

// FreeAddr finds a port that is free and that no outgoing connection gets: systems
// give those from 32768 up.
func FreeAddr() (string, error) {
	for range 100 {
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", 20000+rand.IntN(12000)))
		if err == nil {
			defer l.Close()
			return l.Addr().String(), nil
		}
	}
	return "", fmt.Errorf("target: no port is free between 20000 and 32000")
}

func port(addr string) string {
	_, p, _ := net.SplitHostPort(addr)
	return p
}

// logFile is where a server's output goes; it is appended to by each start.
func logFile(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, "output.log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("target: %w", err)
	}
	return f, nil
}
