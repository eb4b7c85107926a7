package client

import (
	"math"
	"testing"
	"time"

	"parley/test/faults/record"
)

func newManaged(n int) (*managed, *record.Log) {
	l := record.New(0)
	m := &managed{log: l}
	m.begin()
	for range n {
		m.sent(stanza{n: l.Next(1, time.Now())})
	}
	return m, l
}

func TestAckTakesFromTheQueue(t *testing.T) {
	t.Parallel()
	m, l := newManaged(5)
	m.ack(2, time.Now())
	m.ack(2, time.Now()) // says nothing new
	if _, acked, _ := l.Counts(); acked != 2 || m.waiting() != 3 {
		t.Errorf("%d acknowledged, %d waiting; want 2, 3", acked, m.waiting())
	}
	if again := m.unacked(); len(again) != 3 || again[0].n != 2 {
		t.Errorf("to be sent again: %v", again)
	}
}

// XEP-0198 §4: the counter wraps at 2^32.
func TestAckWraps(t *testing.T) {
	t.Parallel()
	m, l := newManaged(3)
	m.base = math.MaxUint32
	m.ack(1, time.Now())
	if _, acked, _ := l.Counts(); acked != 2 {
		t.Errorf("%d acknowledged, want 2", acked)
	}
}

// A server that acknowledges more than was sent is noted, and believed nothing.
func TestAckTooHigh(t *testing.T) {
	t.Parallel()
	m, l := newManaged(3)
	m.ack(4, time.Now())
	if _, acked, _ := l.Counts(); acked != 0 || len(l.View().Strange) != 1 {
		t.Errorf("%d acknowledged; noted %q", acked, l.View().Strange)
	}
}

func TestEndKeepsMessages(t *testing.T) {
	t.Parallel()
	m, l := newManaged(2)
	m.enabled("id")
	m.sent(stanza{n: none})
	m.sent(stanza{n: l.Next(1, time.Now())})
	m.ack(1, time.Now())
	again := m.end()
	if len(again) != 2 || again[0].n != 1 || again[1].n != 2 {
		t.Errorf("to be sent in the next session: %v", again)
	}
	if id, _ := m.resumable(); id != "" || m.waiting() != 0 {
		t.Errorf("%q can be resumed, %d wait", id, m.waiting())
	}
}

func TestReceivedCounts(t *testing.T) {
	t.Parallel()
	m := &managed{log: record.New(0)}
	m.receive() // before it counts
	m.begin()
	m.receive()
	m.receive()
	if got := m.handled(); got != 2 {
		t.Errorf("h is %d, want 2", got)
	}
}
