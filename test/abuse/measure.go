package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"parley/internal/config"
	"parley/internal/server"
	"parley/storage"
)

const (
	header = "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='localhost' version='1.0'>"
	auth   = "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>%s</auth>"
	bind   = "<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>"
	ping   = "<iq type='get' id='p' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>"
)

func addAccounts(ctx context.Context, cfg *config.Config, keys []storage.Credential) error {
	store, err := server.OpenStore(ctx, cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	defer store.Close()
	return store.CreateAccount(ctx, "alice@"+cfg.Domain, keys)
}

func measure(ctx context.Context, out io.Writer, connections int, long time.Duration, corpus string) error {
	p, err := start()
	if err != nil {
		return err
	}
	defer p.stop()
	if err := halfOpen(ctx, out, p, connections); err != nil {
		return err
	}
	return hostile(ctx, out, p, long, corpus)
}

// source gives ten connections to each address, as many as may be unauthenticated.
func source(i int) net.IP {
	i /= 10
	return net.IPv4(127, byte(1+i/65025), byte(i/255%255), byte(i%255+1))
}

func dial(ctx context.Context, p *process, i int) (net.Conn, error) {
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: source(i)}}
	return d.DialContext(ctx, "tcp", p.addr)
}

// readTo reads up to the mark.
func readTo(in *bufio.Reader, mark string) error {
	var got bytes.Buffer
	for !bytes.HasSuffix(got.Bytes(), []byte(mark)) {
		b, err := in.ReadByte()
		if err != nil {
			return err
		}
		got.WriteByte(b)
	}
	return nil
}

// halfOpen holds connections that have got their features and go no further.
func halfOpen(ctx context.Context, out io.Writer, p *process, n int) error {
	before := p.rss()
	var all []net.Conn
	for i := range n {
		c, err := dial(ctx, p, i)
		if err != nil {
			return fmt.Errorf("connection %d: %w", i, err)
		}
		all = append(all, c)
		if _, err := io.WriteString(c, header); err != nil {
			return err
		}
		if err := readTo(bufio.NewReaderSize(c, 1024), "</stream:features>"); err != nil {
			return fmt.Errorf("connection %d: %w", i, err)
		}
	}
	during := p.rss()
	for _, c := range all {
		_ = c.Close()
	}
	time.Sleep(time.Minute)
	after := p.rss()
	fmt.Fprintf(out, "%d unauthenticated connections: %d KiB before, %d KiB during (%.1f KiB each), %d KiB a minute after\n",
		n, before, during, float64(during-before)/float64(n), after)
	return nil
}

// hostile lets 50 connections send the corpus, while one client asks for pings.
func hostile(ctx context.Context, out io.Writer, p *process, long time.Duration, folder string) error {
	files, err := filepath.Glob(filepath.Join(folder, "*"))
	if err != nil || len(files) == 0 {
		return fmt.Errorf("no documents in %s: %w", folder, err)
	}
	var documents [][]byte
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			return err
		}
		documents = append(documents, text)
	}
	quiet, err := pings(ctx, p, long/2)
	if err != nil {
		return err
	}
	before, sent := p.rss(), atomic.Int64{}
	during, stop := context.WithTimeout(ctx, long)
	defer stop()
	var all sync.WaitGroup
	for i := range 50 {
		all.Go(func() {
			for n := i; during.Err() == nil; n++ {
				if send(during, p, i, documents[n%len(documents)]) == nil {
					sent.Add(1)
				}
			}
		})
	}
	peak := watch(during, p)
	loud, err := pings(ctx, p, long*9/10)
	all.Wait()
	most := <-peak
	fmt.Fprintf(out, "%d hostile documents by 50 connections: %d KiB before, %d KiB at most (+%d); p99 of another's ping %v, %v before\n",
		sent.Load(), before, most, most-before, loud, quiet)
	return err
}

// watch returns the highest memory once ctx has ended.
func watch(ctx context.Context, p *process) <-chan int {
	peak := make(chan int, 1)
	go func() {
		most := 0
		for ctx.Err() == nil {
			most = max(most, p.rss())
			time.Sleep(50 * time.Millisecond)
		}
		peak <- most
	}()
	return peak
}

// send puts one document into a stream of its own.
func send(ctx context.Context, p *process, i int, document []byte) error {
	c, err := dial(ctx, p, 10*i)
	if err != nil {
		return err
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := io.WriteString(c, header); err != nil {
		return err
	}
	_, err = c.Write(document)
	_ = c.(*net.TCPConn).CloseWrite()
	_, _ = io.Copy(io.Discard, c)
	return err
}

// pings logs in and returns the 99th percentile of the time of an answer.
func pings(ctx context.Context, p *process, long time.Duration) (time.Duration, error) {
	c, err := dial(ctx, p, 100_000)
	if err != nil {
		return 0, err
	}
	defer c.Close()
	in := bufio.NewReader(c)
	for _, step := range [][2]string{
		{header, "</stream:features>"},
		{fmt.Sprintf(auth, base64.StdEncoding.EncodeToString([]byte("\x00alice\x00secret"))), "<success"},
		{header, "</stream:features>"},
		{bind, "</iq>"},
	} {
		if _, err := io.WriteString(c, step[0]); err != nil {
			return 0, err
		}
		if err := readTo(in, step[1]); err != nil {
			return 0, fmt.Errorf("login: %w", err)
		}
	}
	var times []time.Duration
	for begin := time.Now(); time.Since(begin) < long; time.Sleep(20 * time.Millisecond) {
		sent := time.Now()
		if _, err := io.WriteString(c, ping); err != nil {
			return 0, err
		}
		if err := readTo(in, "result'"); err != nil {
			return 0, err
		}
		times = append(times, time.Since(sent))
	}
	slices.Sort(times)
	return times[len(times)*99/100], nil
}
