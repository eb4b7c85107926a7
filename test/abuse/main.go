// Abuse measures what hostile clients cost a server of its own, in a process of
// its own: connections that never log in (memory, and whether it comes back), and
// a corpus of nasty documents sent over and over (memory, and how long others
// wait). The figures go to standard output.
//
//	go run ./test/abuse -connections 20000 -for 30s
//
// Each connection needs a file descriptor in both processes (ulimit -n).
package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"time"

	"parley/internal/config"
	"parley/internal/memory"
	"parley/internal/sasl"
	"parley/internal/server"
)

func main() {
	connections := flag.Int("connections", 20_000, "that never log in")
	long := flag.Duration("for", 30*time.Second, "how long the corpus is sent")
	corpus := flag.String("corpus", "stanza/testdata/nasty", "folder of documents")
	serve := flag.Bool("serve", false, "be the server")
	flag.Parse()
	ctx := context.Background()
	err := error(nil)
	if *serve {
		err = beServer(ctx)
	} else {
		err = measure(ctx, os.Stdout, *connections, *long, *corpus)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "abuse:", err)
		os.Exit(1)
	}
}

// beServer serves until standard input ends. Its limits are the defaults, but for
// the time to log in: what is measured must stay.
func beServer(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "abuse")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	cfg := config.Default()
	cfg.DataDir, cfg.RequireTLS, cfg.SASL.Iterations = dir, false, sasl.MinIterations
	cfg.HTTP.Addr, cfg.C2S.Addr, cfg.C2S.TLSAddr, cfg.Admin.Addr = "127.0.0.1:0", "127.0.0.1:0", "", ""
	cfg.Limits.AuthTimeout = time.Hour
	ctx, stop := context.WithCancel(ctx)
	go func() { _, _ = io.Copy(io.Discard, os.Stdin); stop() }()
	var keeping sync.WaitGroup
	keeping.Go(func() { memory.Keep(ctx) })
	defer keeping.Wait()
	defer stop()
	s, err := server.Start(ctx, cfg, server.Options{NoDemo: true, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	keys, err := sasl.NewKeys("secret", sasl.MinIterations)
	if err == nil {
		err = addAccounts(ctx, cfg, keys)
	}
	fmt.Println(s.Addr("c2s"))
	<-ctx.Done()
	return errors.Join(err, s.Stop())
}

// process is the server as the measurement sees it.
type process struct {
	cmd  *exec.Cmd
	in   io.Closer
	addr string
}

func start() (*process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(self, "-serve")
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	addr, err := bufio.NewReader(out).ReadString('\n')
	return &process{cmd, in, strings.TrimSpace(addr)}, err
}

func (p *process) stop() {
	_ = p.in.Close()
	_ = p.cmd.Wait()
}

// rss is the resident memory in KiB.
func (p *process) rss() int {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	_, after, _ := strings.Cut(string(text), "VmRSS:")
	n, _ := strconv.Atoi(strings.Fields(after)[0])
	return n
}
