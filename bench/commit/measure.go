package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"parley/bench/proc"
	"parley/storage"
	"parley/storage/sqlstore"
)

// result is one line of the table.
type result struct {
	messages int
	took     time.Duration
	cpu      time.Duration
	waits    []time.Duration // of each message
	stats    sqlstore.Stats
}

func (r result) String() string {
	perMessage := time.Duration(0)
	if r.messages > 0 {
		perMessage = r.cpu / time.Duration(r.messages)
	}
	return fmt.Sprintf("%.0f\t%v\t%.1f\t%v\t%v\t%v\t%v",
		float64(r.messages)/r.took.Seconds(), perMessage.Round(time.Microsecond/10), r.stats.Batches.Mean(),
		inSeconds(r.stats.Commits.Quantile(0.5)), inSeconds(r.stats.Commits.Quantile(0.99)),
		quantile(r.waits, 0.5).Round(10*time.Microsecond), quantile(r.waits, 0.99).Round(10*time.Microsecond))
}

func inSeconds(s float64) time.Duration {
	return time.Duration(s * float64(time.Second)).Round(10 * time.Microsecond)
}

func measure(ctx context.Context, d database, single bool, senders int, duration time.Duration) (r result, err error) {
	s, err := d.open(ctx)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if err := prepare(ctx, s, senders); err != nil {
		return r, err
	}
	if single {
		sqlstore.LimitBatch(s, 1)
	}
	me := []int{os.Getpid()}
	before, err := proc.CPU(me)
	if err != nil {
		return r, err
	}
	already, began := s.Stats(), time.Now()
	if r.waits, err = sendAll(ctx, s, senders, began.Add(duration)); err != nil {
		return r, err
	}
	r.took, r.messages, r.stats = time.Since(began), len(r.waits), s.Stats().Since(already)
	after, err := proc.CPU(me)
	r.cpu = after.CPU - before.CPU
	return r, err
}

// prepare makes the accounts that are not there yet, one more than senders.
func prepare(ctx context.Context, s *sqlstore.Store, n int) error {
	if _, err := s.Migrate(ctx); err != nil {
		return err
	}
	for i := range n + 1 {
		err := s.CreateAccount(ctx, account(i), nil)
		if err != nil && !errors.Is(err, storage.ErrConflict) {
			return err
		}
	}
	return nil
}

func account(i int) string { return fmt.Sprintf("user%04d@example.org", i) }

func sendAll(ctx context.Context, s *sqlstore.Store, senders int, until time.Time) ([]time.Duration, error) {
	done := &settler{store: s}
	waits, errs := make([][]time.Duration, senders), make([]error, senders)
	var wg sync.WaitGroup
	for i := range senders {
		wg.Go(func() {
			from, to := account(i), account(i+1)
			for time.Now().Before(until) && errs[i] == nil && ctx.Err() == nil {
				began := time.Now()
				errs[i] = send(ctx, s, done, from, to)
				waits[i] = append(waits[i], time.Since(began))
			}
		})
	}
	wg.Wait()
	var all []time.Duration
	for _, w := range waits {
		all = append(all, w...)
	}
	return all, errors.Join(errors.Join(errs...), done.wait(ctx), ctx.Err())
}

const body = "<body>Shall I compare thee to a summer's day? Thou art more lovely and more temperate.</body>" +
	"<active xmlns='http://jabber.org/protocol/chatstates'/><request xmlns='urn:xmpp:receipts'/>"

// send stores one message for both sides and notes that it was delivered.
func send(ctx context.Context, s *sqlstore.Store, done *settler, from, to string) error {
	id := s.NewMessageID()
	m := storage.Message{
		ID: id, Account: from, Outgoing: true, Peer: to, Received: storage.MessageTime(id),
		From: from + "/balcony", To: to, StanzaID: "5b7f1f0c-4b52-4d6c", OriginID: "5b7f1f0c-4b52-4d6c",
		Type: "chat", Payload: []byte(body), Listed: true,
	}
	sent := s.AppendMessage(ctx, m, storage.Append{})
	m.Account, m.Outgoing, m.Peer, m.PeerResource = to, false, from, "balcony"
	received := s.AppendMessage(ctx, m, storage.Append{Undelivered: true})
	err := errors.Join(storage.Wait(ctx, sent), storage.Wait(ctx, received))
	done.settle(storage.MessageRef{Account: to, ID: id})
	return err
}
