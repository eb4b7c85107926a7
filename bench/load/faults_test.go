package main

import (
	"bytes"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
)

// fault returns what a client gets instead of the fifth message to it.
type fault func(message []byte) [][]byte

// faulty is a proxy that makes a good server a bad one. Users who chat in turn
// get one message at a time, so each arrives in a piece of its own.
func faulty(t *testing.T, server string, f fault) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			go relay(client, server, f)
		}
	}()
	t.Cleanup(func() {
		_ = l.Close()
		<-done
	})
	return l.Addr().String()
}

func relay(client net.Conn, server string, f fault) {
	defer client.Close()
	upstream, err := net.Dial("tcp", server)
	if err != nil {
		return
	}
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		_, _ = io.Copy(upstream, client)
		_ = upstream.Close()
	}()
	pass(client, upstream, f)
	_ = client.Close()
	<-gone
}

func pass(client, upstream net.Conn, f fault) {
	b, n := make([]byte, 64<<10), 0
	for {
		size, err := upstream.Read(b)
		if err != nil {
			return
		}
		pieces := [][]byte{b[:size]}
		if bytes.HasPrefix(b, []byte("<message")) {
			if n++; n == 5 {
				pieces = f(b[:size])
			}
		}
		for _, p := range pieces {
			if _, err := client.Write(p); err != nil {
				return
			}
		}
	}
}

func TestFaultsAreFound(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		fault fault
		want  string
	}{
		"lost":       {func([]byte) [][]byte { return nil }, "is lost"},
		"doubled":    {func(m []byte) [][]byte { return [][]byte{m, m} }, "comes again"},
		"sender":     {func(m []byte) [][]byte { return [][]byte{bytes.ReplaceAll(m, []byte("user"), []byte("User"))} }, "which user"},
		"refused":    {func([]byte) [][]byte { return [][]byte{[]byte("<message type='error'/>")} }, "refuses a stanza"},
		"disconnect": {func([]byte) [][]byte { return [][]byte{[]byte("</stream:stream>")} }, "closed the stream"},
		"nonsense":   {func([]byte) [][]byte { return [][]byte{[]byte("oops<")} }, "not a stream of elements"},
	} {
		// Each on a server of its own: others with the same users would find its messages.
		target := start(t)["tcp"]
		args, at := slices.Clone(target), slices.Index(target, "-addr")+1
		args[at] = faulty(t, target[at], tt.fault)
		patience := "1m" // what is there comes, on a busy machine too
		if name == "lost" {
			patience = "500ms"
		}
		_, err := load(t, append([]string{"chat", "-pairs", "1", "-warmup", "50ms", "-count", "50", "-patience", patience}, args...)...)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", name, err, tt.want)
		}
	}
}
