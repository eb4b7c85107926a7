package xmpptest

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"parley/internal/xmpptest/xmlmatch"
	"parley/stanza"
)

// play is one run of a transcript.
type play struct {
	*Transcript
	t         *testing.T
	server    *Server
	transport Transport
	update    bool
	changed   bool
	vanished  bool               // a client went without waiting for the server
	on        map[string]*Client // those connected
	values    xmlmatch.Values
	section   *txtar.File
}

// verbs are what a section can say after the name, longest first where one
// begins like another.
var verbs = []struct {
	words string
	run   func(*play, string)
}{
	{"connects", (*play).connects},
	{"comes online", (*play).comesOnline},
	{"opens", (*play).opens},
	{"authenticates", (*play).authenticates},
	{"sends", (*play).sends},
	{"sends raw", (*play).sendsRaw},
	{"receives", (*play).receives},
	{"receives header", (*play).receivesHeader},
	{"receives nothing", (*play).receivesNothing},
	{"receives in any order", (*play).receivesAnyOrder},
	{"receives at last", (*play).receivesAtLast},
	{"disconnects", (*play).disconnects},
	{"vanishes", (*play).cut},
	{"is closed", (*play).isClosed},
}

func (p *play) run() {
	p.t.Helper()
	for i := range p.archive.Files {
		p.section = &p.archive.Files[i]
		p.turn()
		if p.t.Failed() {
			p.t.Fatalf("%s: failed in section %d, %q", p.path, i+1, p.section.Name)
		}
	}
	p.goodbye()
	if p.changed {
		if err := os.WriteFile(p.path, txtar.Format(p.archive), 0o644); err != nil { // #nosec G306 -- a test file
			p.t.Fatal(err)
		}
	}
}

// goodbye lets the server finish with those still there, so that it can be used
// again.
func (p *play) goodbye() {
	p.t.Helper()
	for _, name := range p.order {
		if c := p.on[name]; c != nil {
			c.leave()
		}
	}
	if p.vanished {
		return // sessions may still be there
	}
	p.server.Reusable()
}

func (p *play) turn() {
	p.t.Helper()
	defer func() {
		if p.t.Failed() {
			p.t.Logf("%s: in section %q", p.path, p.section.Name)
		}
	}()
	if p.section.Name == "everybody settles" {
		p.settle()
		return
	}
	name, words, _ := strings.Cut(p.section.Name, " ")
	if _, ok := p.clients[name]; !ok {
		p.t.Fatalf("%s: nobody is called %q", p.path, name)
	}
	for _, v := range verbs {
		if v.words == words {
			v.run(p, name)
			return
		}
	}
	p.t.Fatalf("%s: cannot %q", p.path, words)
}

// client returns a connected one.
func (p *play) client(name string) *Client {
	p.t.Helper()
	c := p.on[name]
	if c == nil {
		p.t.Fatalf("%s: %s is not connected", p.path, name)
	}
	return c
}

func (p *play) dial(name string) *Client {
	p.t.Helper()
	if p.on[name] != nil {
		p.t.Fatalf("%s: %s is connected already", p.path, name)
	}
	c := p.server.Open(p.t, p.transport)
	c.name = name
	p.on[name] = c
	return c
}

func (p *play) connects(name string) {
	p.t.Helper()
	account, resource, ok := strings.Cut(p.clients[name], "/")
	if !ok {
		p.t.Fatalf("%s: %s is only a stream", p.path, name)
	}
	c := p.dial(name)
	c.Authenticate(user(account), Password)
	c.Bind(resource)
	c.Drain() // the server has finished with the binding
}

func (p *play) comesOnline(name string) {
	p.t.Helper()
	if p.on[name] == nil {
		p.connects(name)
	}
	c := p.client(name)
	c.Send("<iq type='get' id='xmpptest-roster'><query xmlns='jabber:iq:roster'/></iq>")
	c.Send("<presence/>")
	p.settle()
}

// settle: two rounds, so that also what the first one set off has come.
func (p *play) settle() {
	p.t.Helper()
	for range 2 {
		for _, name := range p.order {
			if c := p.on[name]; c != nil && c.JID != "" {
				c.Drain()
			}
		}
	}
}

// syncOthers makes sure that everything that others have sent is handled.
func (p *play) syncOthers(name string) {
	p.t.Helper()
	for _, other := range p.order {
		if c := p.on[other]; c != nil && c.JID != "" && other != name {
			c.Sync()
		}
	}
}

func (p *play) opens(name string) {
	p.t.Helper()
	c := p.on[name]
	if c == nil {
		c = p.dial(name)
	}
	attrs := strings.TrimSpace(string(p.section.Data))
	if attrs == "" {
		attrs = "to='" + c.domain + "' version='1.0'"
	}
	c.OpenWith(attrs)
}

func (p *play) authenticates(name string) {
	p.t.Helper()
	c := p.on[name]
	if c == nil {
		c = p.dial(name)
	}
	c.Authenticate(user(strings.TrimSpace(string(p.section.Data))), Password)
}

func (p *play) sends(name string) {
	p.t.Helper()
	for _, text := range p.elements() {
		p.client(name).Send(text)
	}
}

func (p *play) sendsRaw(name string) {
	p.t.Helper()
	p.client(name).Send(p.values.Fill(strings.TrimSpace(string(p.section.Data))))
}

// elements cuts the body into elements as they stand there.
func (p *play) elements() []string {
	p.t.Helper()
	s := stanza.Splitter{}
	buf := []byte("<stream:stream xmlns:stream='" + stanza.NSStream + "'>" + p.values.Fill(string(p.section.Data)))
	var out []string
	for len(buf) > 0 {
		kind, n, err := s.Next(buf)
		if err != nil || kind == stanza.NeedMore {
			p.t.Fatalf("%s: body of %q: %v at %q", p.path, p.section.Name, err, buf)
		}
		if kind == stanza.Stanza {
			out = append(out, string(buf[:n]))
		}
		buf = buf[n:]
	}
	return out
}

func (p *play) receives(name string) {
	p.t.Helper()
	c := p.client(name)
	var got []string
	same := true
	for _, pattern := range p.elements() {
		it := c.Next()
		got = append(got, it.Text)
		if err := p.match(pattern, it); err != nil {
			same = false
			p.differs(name, err, it.Text, pattern)
		}
	}
	if !same {
		p.rewrite(got)
	}
}

func (p *play) match(pattern string, it Item) error {
	if it.Kind != Element {
		return fmt.Errorf("got %q, want an element", it.Text)
	}
	want, err := xmlmatch.Parse(pattern)
	if err != nil {
		return err
	}
	return p.values.Elements(want, it.Tree)
}

// receivesAtLast passes over what fits no pattern.
func (p *play) receivesAtLast(name string) {
	p.t.Helper()
	left := p.elements()
	for len(left) > 0 {
		it := p.client(name).Next()
		if it.Kind != Element {
			p.t.Fatalf("%s: got %q, want\n%s", name, it.Text, strings.Join(left, "\n"))
		}
		for i, pattern := range left {
			if p.match(pattern, it) == nil {
				left = append(left[:i], left[i+1:]...)
				break
			}
		}
	}
}

// receivesAnyOrder gives each element to the first pattern that fits it.
func (p *play) receivesAnyOrder(name string) {
	p.t.Helper()
	patterns := p.elements()
	var got []string
	same := true
	left := append([]string(nil), patterns...)
	for range patterns {
		it := p.client(name).Next()
		got = append(got, it.Text)
		at := -1
		for i, pattern := range left {
			if p.match(pattern, it) == nil {
				at = i
				break
			}
		}
		if at < 0 {
			same = false
			p.differs(name, fmt.Errorf("nothing fits"), it.Text, strings.Join(left, "\n      "))
			continue
		}
		left = append(left[:at], left[at+1:]...)
	}
	if !same {
		p.rewrite(got)
	}
}

func (p *play) receivesHeader(name string) {
	p.t.Helper()
	pattern := strings.TrimSpace(string(p.section.Data))
	want, err := xmlmatch.Parse(pattern)
	if err != nil {
		p.t.Fatalf("%s: %s: %v", p.path, pattern, err)
	}
	it := p.client(name).Next()
	if it.Kind != Header {
		p.t.Errorf("%s: got %q, want a stream header", name, it.Text)
		return
	}
	tree := *it.Tree
	tree.Space, tree.Local = want.Space, want.Local // transports call it differently
	if err := p.values.Elements(want, &tree); err != nil {
		p.t.Errorf("%s: %v\n got: %s\nwant: %s", name, err, it.Text, pattern)
	}
}

func (p *play) differs(name string, err error, got, want string) {
	p.t.Helper()
	if !p.update {
		p.t.Errorf("%s: %v\n got: %s\nwant: %s", name, err, got, want)
	}
}

func (p *play) rewrite(got []string) {
	if p.update {
		p.section.Data = []byte(strings.Join(got, "\n") + "\n")
		p.changed = true
	}
}

func (p *play) receivesNothing(name string) {
	p.t.Helper()
	p.syncOthers(name)
	p.client(name).ExpectNothing()
}

func (p *play) disconnects(name string) {
	p.t.Helper()
	p.client(name).Disconnect()
	p.leaves(name)
}

func (p *play) cut(name string) {
	p.t.Helper()
	p.vanished = true
	p.leaves(name)
}

func (p *play) leaves(name string) {
	p.t.Helper()
	p.client(name).Close()
	delete(p.on, name)
}

func (p *play) isClosed(name string) {
	p.t.Helper()
	p.client(name).ExpectClosed()
	p.leaves(name)
}
