package c2s_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"testing"

	"parley/internal/xmpptest"
	"parley/stanza"
)

// chaosPeer is a client of one account.
type chaosPeer struct {
	t       *testing.T
	s       *xmpptest.Server
	ledger  *ledger
	name    string
	others  []string
	rng     *rand.Rand
	numbers map[string]int // of messages, by addressee
	bind2   bool           // fixed

	link    *chaosLink
	id      string // SM-ID; empty without a session
	h       uint32 // stanzas it has got
	acked   uint32 // stanzas that the server has handled
	unacked []sent
	seen    map[string]int // the last number in this session, by sender
}

// sent is a stanza that the server has not acknowledged; id is that of a message.
type sent struct{ id, to, text string }

func (p *chaosPeer) run(steps int) {
	p.again(p.renew)
	for range steps {
		if p.t.Failed() {
			return
		}
		p.again(p.step)
	}
	p.again(p.flush)
	p.link.close() // some sessions are left to their time
}

// again does something until it succeeds, over new connections.
func (p *chaosPeer) again(f func() error) {
	for i := 0; f() != nil && !p.t.Failed(); i++ {
		if p.link != nil {
			p.link.close()
		}
		for p.resume(i) != nil && !p.t.Failed() {
			i++
		}
	}
}

// budget lets a connection live for some bytes; with time it gets more.
func (p *chaosPeer) budget(attempt int) int64 {
	if attempt > 3 || p.rng.IntN(3) == 0 {
		return noCut
	}
	return 600 + p.rng.Int64N(8000)
}

func (p *chaosPeer) dial(budget int64) (*chaosLink, error) {
	return dialChaos(p.t, p.s, clear[p.rng.IntN(len(clear))], budget)
}

func (p *chaosPeer) request() string {
	if p.id == "" {
		return ""
	}
	return fmt.Sprintf("<resume xmlns='urn:xmpp:sm:3' previd='%s' h='%d'/>", p.id, p.h)
}

// resume comes back, to the session or to a new one.
func (p *chaosPeer) resume(attempt int) error {
	l, err := p.dial(p.budget(attempt))
	if err != nil {
		return err
	}
	p.link = l
	in, failed, err := l.enter(p.rng, p.name, p.request(), p.bind2)
	if err != nil {
		l.close()
		return err
	}
	return p.entered(in, failed)
}

func (p *chaosPeer) entered(in, failed *stanza.Element) error {
	if in.Local == "resumed" {
		p.count(in)
		return p.repeat()
	}
	if failed != nil && failed.Attr("h") != "" {
		p.count(failed)
	}
	p.id, p.h, p.acked, p.seen = in.Attr("id"), 0, 0, map[string]int{}
	var left []sent
	for _, m := range p.unacked {
		if m.id != "" {
			left = append(left, m)
		}
	}
	p.unacked = append([]sent{{text: "<presence xmlns='jabber:client'/>"}}, left...)
	return p.repeat()
}

func (p *chaosPeer) repeat() error {
	for _, m := range p.unacked {
		if err := p.link.send(m.text); err != nil {
			return err
		}
	}
	return nil
}

// count takes the server's count.
func (p *chaosPeer) count(e *stanza.Element) {
	h64, err := strconv.ParseUint(e.Attr("h"), 10, 32)
	n := uint32(h64) - p.acked
	if err != nil || n > uint32(len(p.unacked)) {
		p.t.Errorf("%s: got %s, having been told %d and sent %d more", p.name, e, p.acked, len(p.unacked))
		return
	}
	p.ledger.note(func() {
		for _, m := range p.unacked[:n] {
			if m.id != "" {
				p.ledger.acked[m.id] = m.to
			}
		}
	})
	p.unacked, p.acked = p.unacked[n:], p.acked+n
}

func (p *chaosPeer) step() error {
	switch p.rng.IntN(12) {
	case 0:
		return p.twice()
	case 1:
		return p.renew()
	case 2:
		return p.leave()
	case 3:
		return errCut
	case 4:
		return p.link.send("<" + [...]string{"active", "inactive"}[p.rng.IntN(2)] + " xmlns='urn:xmpp:csi:0'/>")
	case 5, 6:
		return p.write(1 + p.rng.IntN(6)) // and do not wait
	}
	if err := p.write(1 + p.rng.IntN(6)); err != nil {
		return err
	}
	return p.flush()
}

func (p *chaosPeer) write(n int) error {
	for range n {
		to := p.others[p.rng.IntN(len(p.others))]
		if to == p.name {
			continue
		}
		p.numbers[to]++
		m := sent{id: fmt.Sprintf("%s-%s-%d", p.name, to, p.numbers[to]), to: to}
		m.text = fmt.Sprintf("<message xmlns='jabber:client' to='%s@localhost' type='chat' id='%s'><body>%s</body>"+
			"<origin-id xmlns='urn:xmpp:sid:0' id='%[2]s'/></message>", to, m.id, strings.Repeat("x", p.rng.IntN(200)))
		p.unacked = append(p.unacked, m)
		if err := p.link.send(m.text); err != nil {
			return err
		}
	}
	return nil
}

// flush waits until the server has handled everything.
func (p *chaosPeer) flush() error {
	if err := p.link.send("<r xmlns='urn:xmpp:sm:3'/>"); err != nil {
		return err
	}
	for len(p.unacked) > 0 {
		e, err := p.link.next()
		if err != nil {
			return err
		}
		if err := p.handle(e); err != nil {
			return err
		}
	}
	return nil
}

func (p *chaosPeer) handle(e *stanza.Element) error {
	switch {
	case e.Is(nsSM, "a"):
		p.count(e)
	case e.Is(nsSM, "r"):
		return p.link.send(fmt.Sprintf("<a xmlns='urn:xmpp:sm:3' h='%d'/>", p.h))
	case e.Is(stanza.NSStream, "error") && e.Child(stanza.NSStreamErrors, "conflict") != nil:
		return errors.New("replaced")
	case e.Is(stanza.NSStream, "features"):
	case e.Space == stanza.NSClient && e.Attr("type") != "error":
		p.h++
		if e.Local == "message" {
			p.got(e.Attr("id"))
		}
	case e.Local == "close":
		return errors.New("closed")
	default:
		p.t.Errorf("%s: got %s", p.name, e)
	}
	return nil
}

// got: in order of each sender, and once in a session.
func (p *chaosPeer) got(id string) {
	part := strings.Split(id, "-")
	n, _ := strconv.Atoi(part[2])
	if n <= p.seen[part[0]] {
		p.t.Errorf("session %s of %s: got %s after %d", p.id, p.name, id, p.seen[part[0]])
	}
	p.seen[part[0]] = n
	p.ledger.note(func() { p.ledger.got[id] = true })
}

// renew binds another session; the one before is left alone.
func (p *chaosPeer) renew() error {
	if p.link != nil {
		p.link.close()
	}
	p.id = ""
	return p.resume(0)
}

// leave closes the stream in order, and begins anew.
func (p *chaosPeer) leave() error {
	if err := p.link.send(fmt.Sprintf("<a xmlns='urn:xmpp:sm:3' h='%d'/>", p.h)); err != nil {
		return err
	}
	if err := p.link.end(); err != nil {
		return err
	}
	for {
		e, err := p.link.next()
		if err != nil || e.Local == "close" {
			return p.renew()
		}
		if err := p.handle(e); err != nil {
			return err
		}
	}
}

// twice resumes over two connections at once: one of them loses the session
// again. What they have read does not count.
func (p *chaosPeer) twice() error {
	request := p.request()
	lost := make(chan struct{}, 2)
	var both sync.WaitGroup
	var links []*chaosLink
	for range 2 {
		l, err := p.dial(noCut)
		if err != nil {
			break
		}
		links = append(links, l)
		rng := rand.New(rand.NewPCG(p.rng.Uint64(), 0))
		both.Go(func() {
			_, failed, err := l.enter(rng, p.name, request, p.bind2)
			for err == nil && failed == nil {
				_, err = l.next()
			}
			lost <- struct{}{}
		})
	}
	p.link.close()
	<-lost
	for _, l := range links {
		_ = l.conn.Close()
	}
	both.Wait()
	return errCut
}
