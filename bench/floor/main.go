// Command floor is what servers are compared with: a relay over the WebSocket
// library that Parley uses, which pairs connections and forwards each message as
// it came, in one write. It looks at the first letter of a message and no
// further. What an XMPP server costs above it, XMPP costs.
//
//	go run ./bench/floor -addr 127.0.0.1:5290
//	go run ./bench/load chat -addr ws://127.0.0.1:5290/ -mechanism NONE -password-file /dev/null -server-pid PID
//
// A client joins with <iq type='get' id='join'><join>NAME</join></iq>, where NAME
// ends in a number: 0 and 1 are partners, 2 and 3, and so on. <message> goes to
// the partner, <presence> nowhere, <iq> comes back as its own result, and
// <close> is answered.
package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"sync"
	"syscall"

	"github.com/coder/websocket"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "floor:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("floor", flag.ContinueOnError)
	addr := flags.String("addr", "127.0.0.1:5290", "where to listen")
	if err := flags.Parse(args); err != nil {
		return err
	}
	l, err := net.Listen("tcp", *addr)
	if err != nil {
		return err
	}
	r := &relay{ctx: ctx, joined: map[int]*websocket.Conn{}}
	s := &http.Server{Handler: r}
	defer context.AfterFunc(ctx, func() { _ = s.Close() })()
	if err := s.Serve(l); ctx.Err() == nil {
		return err
	}
	return nil
}

// relay pairs connections.
type relay struct {
	ctx    context.Context
	mu     sync.RWMutex
	joined map[int]*websocket.Conn // guarded by mu; by number
}

// ServeHTTP accepts a connection and serves it to its end.
func (r *relay) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	c, err := websocket.Accept(w, req, &websocket.AcceptOptions{Subprotocols: []string{"xmpp"}, CompressionMode: websocket.CompressionDisabled})
	if err != nil {
		return // it has answered
	}
	defer c.CloseNow()
	r.serve(c)
}

func (r *relay) serve(c *websocket.Conn) {
	me := -1
	var partner *websocket.Conn
	for {
		_, message, err := c.Read(r.ctx)
		if err != nil || len(message) < 2 {
			break
		}
		switch message[1] {
		case 'm':
			if partner == nil {
				partner = r.at(me ^ 1)
			}
			if partner == nil || partner.Write(r.ctx, websocket.MessageText, message) != nil {
				return
			}
		case 'i':
			if n, ok := joins(message); ok {
				me = n
				r.join(me, c)
				defer r.leave(me)
			}
			err = c.Write(r.ctx, websocket.MessageText, bytes.Replace(message, []byte("'get'"), []byte("'result'"), 1))
		case 'c':
			_ = c.Write(r.ctx, websocket.MessageText, message) // it closes anyway
			return
		}
		if err != nil {
			return
		}
	}
}

// joins reads the number at the end of the name.
func joins(message []byte) (int, bool) {
	_, name, ok := bytes.Cut(message, []byte("<join>"))
	if !ok {
		return 0, false
	}
	name, _, _ = bytes.Cut(name, []byte("<"))
	n, err := strconv.Atoi(string(bytes.TrimLeft(name, "abcdefghijklmnopqrstuvwxyz-")))
	return n, err == nil
}

func (r *relay) at(n int) *websocket.Conn {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.joined[n]
}

func (r *relay) join(n int, c *websocket.Conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.joined[n] = c
}

func (r *relay) leave(n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.joined, n)
}
