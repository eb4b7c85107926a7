package xmpptest

import (
	"bufio"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"parley/storage"
)

// Transcript is a conversation in a txtar file. The text before the first
// section says what it shows, and has lines of these forms:
//
//	client: NAME ACCOUNT@localhost/RESOURCE   a client; its account is made
//	stream: NAME                              a connection that is only opened
//	account: ACCOUNT@localhost                an account without a client
//	contact: A@localhost B@localhost both     what A has of B: to, from, both
//	invite: TOKEN                             an invitation to register
//	transports: websocket tcp                 default: both
//	server: KEY=VALUE                         see Options
//
// A section is a turn. Of a client:
//
//	NAME connects           logs in and binds
//	NAME comes online       connects, asks for the roster, sends presence;
//	                        what that brings to anybody is dropped
//	NAME receives nothing   up to now, proved by round trips of all clients
//	NAME disconnects        closes the stream
//	everybody settles       what has come to anybody is dropped
//
// Of clients and streams:
//
//	NAME opens              a stream; the body may hold the attributes
//	NAME authenticates      the body is the account: PLAIN, and a new stream
//	NAME sends              elements, one message each over WebSocket
//	NAME sends raw          the body as it is, in one message
//	NAME receives           elements, in this order
//	NAME receives header    the stream header, as <stream …/>
//	NAME receives in any order
//	NAME receives at last   in any order, and other elements between
//	NAME is closed          the stream and the connection end
//	NAME vanishes           cuts the connection
//
// Patterns are those of package xmlmatch; what {=name} met stands for {name}
// in later sections.
type Transcript struct {
	path    string
	archive *txtar.Archive

	clients    map[string]string // name to full JID; empty for a stream
	order      []string          // of clients and streams
	accounts   []string
	contacts   [][3]string
	invites    []string
	transports []Transport
	options    []string
}

// Load reads a transcript.
func Load(path string) (*Transcript, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	tr := &Transcript{
		path: path, archive: txtar.Parse(data), clients: map[string]string{},
		transports: []Transport{WebSocket, TCP},
	}
	lines := bufio.NewScanner(strings.NewReader(string(tr.archive.Comment)))
	for lines.Scan() {
		if err := tr.declare(lines.Text()); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
	}
	return tr, lines.Err()
}

// declare reads one line before the first section; lines of other forms are
// description.
func (tr *Transcript) declare(line string) error {
	key, rest, ok := strings.Cut(line, ":")
	if !ok {
		return nil
	}
	args := strings.Fields(rest)
	want := map[string]int{"client": 2, "stream": 1, "account": 1, "contact": 3, "invite": 1}[key]
	if want > 0 && len(args) != want {
		return fmt.Errorf("%q: want %d words", line, want)
	}
	switch key {
	case "client":
		tr.clients[args[0]] = args[1]
		tr.order = append(tr.order, args[0])
		tr.account(strings.Split(args[1], "/")[0])
	case "stream":
		tr.clients[args[0]] = ""
		tr.order = append(tr.order, args[0])
	case "account":
		tr.account(args[0])
	case "contact":
		tr.contacts = append(tr.contacts, [3]string(args))
	case "invite":
		tr.invites = append(tr.invites, args[0])
	case "transports":
		tr.transports = nil
		for _, a := range args {
			tr.transports = append(tr.transports, Transport(a))
		}
	case "server":
		tr.options = append(tr.options, args...)
	}
	return nil
}

func (tr *Transcript) account(bare string) {
	if !slices.Contains(tr.accounts, bare) {
		tr.accounts = append(tr.accounts, bare)
	}
}

// Transports returns those that the transcript is made for.
func (tr *Transcript) Transports() []Transport { return tr.transports }

// Run plays the transcript against a server of the pool, or one of its own if
// it wants other options. With update, answers that differ are written to the
// file instead of failing.
func (tr *Transcript) Run(t *testing.T, pool *Pool, transport Transport, update bool) {
	t.Helper()
	p := &play{
		Transcript: tr, t: t, server: tr.server(t, pool), transport: transport, update: update,
		on: map[string]*Client{}, values: map[string]string{},
	}
	for _, a := range tr.accounts {
		p.server.AddUser(t, a)
	}
	for _, c := range tr.contacts {
		p.server.AddContact(t, c[0], c[1], c[2])
	}
	for _, token := range tr.invites {
		if err := p.server.Store.CreateInvite(t.Context(), storage.Invite{Token: token, Created: time.Now()}); err != nil {
			t.Fatalf("%s: invite %s: %v", tr.path, token, err)
		}
	}
	p.run()
}

func (tr *Transcript) server(t *testing.T, pool *Pool) *Server {
	t.Helper()
	if len(tr.options) == 0 {
		return pool.Get(t)
	}
	opts := pool.opts
	for _, o := range tr.options {
		if err := opts.set(o); err != nil {
			t.Fatalf("%s: %v", tr.path, err)
		}
	}
	opts.Log = nil
	return Start(t, opts)
}
