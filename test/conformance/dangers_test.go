package conformance

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"parley/internal/xmpptest"
	"parley/stanza"
)

// TestNoCompression: neither XEP-0138, offered to nobody, nor permessage-deflate
// (RFC 7692), which would begin before authentication.
func TestNoCompression(t *testing.T) {
	t.Parallel()
	s := start(t)
	const compress = "<compress xmlns='http://jabber.org/protocol/compress'><method>zlib</method></compress>"
	onEach(t, func(t *testing.T, transport xmpptest.Transport) {
		before := s.Open(t, transport)
		_, features := opened(t, before, "to='localhost' version='1.0'")
		if strings.Contains(features.String(), "compress") {
			t.Errorf("got %s", features)
		}
		after := s.Dial(t, transport, "alice", "")
		for _, c := range []*xmpptest.Client{before, after} {
			c.Send(compress)
			if got := c.NextElement(); got.Child(stanza.NSStreamErrors, string(stanza.StreamUnsupportedStanzaType)) == nil {
				t.Errorf("got %s", got)
			}
		}
	})
	r := s.DialRaw(t, "http")
	r.Send("GET /ws HTTP/1.1\r\nHost: " + s.Addr("http") + "\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n" +
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: xmpp\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n")
	got := r.Until("\r\n\r\n")
	if !strings.Contains(got, " 101 ") || strings.Contains(strings.ToLower(got), "extensions") {
		t.Errorf("got %s", got)
	}
}

// TestAddressLimit: RFC 7622 §3.2–3.4: a part of an address has at most 1023
// bytes; a longer one is refused, and not cut to somebody else's address.
func TestAddressLimit(t *testing.T) {
	t.Parallel()
	s := start(t)
	fits := strings.Repeat("a", 1023)
	onEach(t, func(t *testing.T, transport xmpptest.Transport) {
		c := s.Dial(t, transport, "alice", "")
		for i, a := range []struct{ to, want string }{
			{fits + "@localhost", "service-unavailable"},
			{fits + "a@localhost", "jid-malformed"},
			{"bob@localhost/" + fits, "service-unavailable"},
			{"bob@localhost/" + fits + "a", "jid-malformed"},
		} {
			c.Send(fmt.Sprintf("<iq type='get' id='%d' to='%s'><ping xmlns='urn:xmpp:ping'/></iq>", i, a.to))
			if got := c.NextElement(); got.Child(stanza.NSClient, "error").Child(stanza.NSStanzaErrors, a.want) == nil {
				t.Errorf("%d: got %s, want %s", i, got, a.want)
			}
		}
	})
}

// TestSource: random values come from crypto/rand, and SQL is no text made of
// values: what is given to the database is written in the program.
func TestSource(t *testing.T) {
	t.Parallel()
	for _, folder := range []string{"c2s", "cmd", "internal", "presence", "roster", "stanza", "storage", "webclient"} {
		err := filepath.WalkDir("../../"+folder, func(file string, entry fs.DirEntry, err error) error {
			if err == nil && (entry.Name() == "node_modules" || entry.Name() == "storagetest") {
				return filepath.SkipDir
			}
			if err != nil || entry.IsDir() || !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") {
				return err
			}
			set := token.NewFileSet()
			parsed, err := parser.ParseFile(set, file, nil, parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			for _, p := range suspicious(parsed) {
				if harmless[file] == p.what {
					continue
				}
				t.Errorf("%s: %s", set.Position(p.at), p.what)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// harmless is what need not be hard to guess.
var harmless = map[string]string{
	"../../storage/sqlstore/messageid.go": onlyCrypto, // tells nodes apart; clients see ids encrypted
}

const onlyCrypto = "random values only from crypto/rand"

type suspicion struct {
	at   token.Pos
	what string
}

func suspicious(file *ast.File) (found []suspicion) {
	for _, i := range file.Imports {
		if name, _ := strconv.Unquote(i.Path.Value); strings.HasPrefix(name, "math/rand") {
			found = append(found, suspicion{i.Pos(), onlyCrypto})
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok || !isQuery(call) {
			return true
		}
		for _, arg := range call.Args {
			if made, ok := arg.(*ast.CallExpr); ok && isSprintf(made) {
				found = append(found, suspicion{arg.Pos(), "SQL made by Sprintf"})
			}
		}
		return true
	})
	return found
}

// isQuery: the methods of database/sql and of what wraps it.
func isQuery(call *ast.CallExpr) bool {
	f, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	name := strings.ToLower(f.Sel.Name)
	return strings.HasPrefix(name, "query") || strings.HasPrefix(name, "exec") || strings.HasPrefix(name, "prepare")
}

func isSprintf(call *ast.CallExpr) bool {
	f, ok := call.Fun.(*ast.SelectorExpr)
	return ok && strings.HasPrefix(f.Sel.Name, "Sprint")
}

// TestSuspicious: both are found.
func TestSuspicious(t *testing.T) {
	t.Parallel()
	for source, want := range map[string]int{
		`import "math/rand/v2"`: 1,
		`import "crypto/rand"`:  0,
		`func f() { db.QueryContext(ctx, fmt.Sprintf("SELECT %s", x)) }`: 1,
		`func f() { db.QueryContext(ctx, "SELECT ?", x) }`:               0,
	} {
		file, err := parser.ParseFile(token.NewFileSet(), "", "package p\n"+source, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		if got := len(suspicious(file)); got != want {
			t.Errorf("%s: %d, want %d", source, got, want)
		}
	}
}
