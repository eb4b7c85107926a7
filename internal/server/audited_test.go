package server_test

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"parley/internal/admin"
	"parley/internal/config"
	"parley/internal/xmpptest"
	"parley/stanza"
)

// TestAudit: what is done to accounts is in the audit file, who did it, and no
// password.
func TestAudit(t *testing.T) {
	t.Parallel()
	for _, transport := range []xmpptest.Transport{xmpptest.WebSocket, xmpptest.TCP} {
		t.Run(string(transport), func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "audit.json")
			s := xmpptest.Start(t, xmpptest.Options{Change: func(c *config.Config) { c.Log.Audit = file }})
			s.AddUser(t, "alice")
			c := s.Dial(t, transport, "alice", "x")
			c.Send("<iq type='set' id='1'><block xmlns='urn:xmpp:blocking'><item jid='eve@example.org'>" +
				"<report xmlns='urn:xmpp:reporting:1' reason='urn:xmpp:reporting:spam'><text>private words</text></report></item></block></iq>")
			answered(t, c, "1")
			c.Send("<iq type='set' id='2'><query xmlns='jabber:iq:register'><username>alice</username><password>an0ther-secret</password></query></iq>")
			answered(t, c, "2")
			c.Send("<iq type='set' id='3'><query xmlns='jabber:iq:register'><remove/></query></iq>")
			for c.Next().Kind != xmpptest.Gone {
			}
			got := events(t, file)
			want := "reported eve@example.org alice@localhost; password-changed alice@localhost alice@localhost/x; account-removed alice@localhost alice@localhost"
			if got := strings.Join(got, "; "); got != want {
				t.Errorf("got %s\nwant %s", got, want)
			}
			text, _ := os.ReadFile(file)
			for _, secret := range []string{"an0ther-secret", "private words"} {
				if strings.Contains(string(text), secret) {
					t.Errorf("%q is in %s", secret, text)
				}
			}
		})
	}
}

// answered reads up to the answer of an IQ.
func answered(t *testing.T, c *xmpptest.Client, id string) {
	t.Helper()
	for {
		if e := c.NextElement(); e.Is(stanza.NSClient, "iq") && e.Attr("id") == id {
			if e.Attr("type") != "result" {
				t.Fatalf("got %s", e)
			}
			return
		}
	}
}

func events(t *testing.T, file string) (out []string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		var e struct{ Msg, Account, By string }
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatal(err)
		}
		out = append(out, e.Msg+" "+e.Account+" "+e.By)
	}
	return out
}

// TestAuditTokens: a client that gives its token back is in the trail.
func TestAuditTokens(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "audit.json")
	s := xmpptest.Start(t, xmpptest.Options{Change: func(c *config.Config) { c.Log.Audit, c.Limits.TokensPerAccount = file, 1 }})
	s.AddUser(t, "alice")
	for _, client := range []string{"d4565fa7-4d72-4749-b3d3-740edbf87770", "d4565fa7-4d72-4749-b3d3-740edbf87771"} {
		c := s.Open(t, xmpptest.WebSocket)
		c.Open()
		c.Send("<authenticate xmlns='urn:xmpp:sasl:2' mechanism='PLAIN'><initial-response>" +
			base64.StdEncoding.EncodeToString([]byte("\x00alice\x00"+xmpptest.Password)) + "</initial-response><user-agent id='" + client + "'/>" +
			"<request-token xmlns='urn:xmpp:fast:0' mechanism='HT-SHA-256-NONE'/></authenticate>")
		if e := c.NextElement(); !e.Is("urn:xmpp:sasl:2", "success") {
			t.Fatalf("got %s", e)
		}
	}
	if got := strings.Join(events(t, file), "; "); got != "tokens-revoked alice@localhost alice@localhost" {
		t.Errorf("got %s", got)
	}
}

// TestAbuseMetrics: logins by outcome, limits by their key.
func TestAbuseMetrics(t *testing.T) {
	t.Parallel()
	s := xmpptest.Start(t, xmpptest.Options{Change: func(c *config.Config) {
		c.Admin.Addr, c.Limits.AuthFailuresPerAddress = "127.0.0.1:0", 1
	}})
	s.AddUser(t, "alice")
	s.Dial(t, xmpptest.TCP, "alice", "")
	c := s.Open(t, xmpptest.WebSocket)
	c.Open()
	for range 2 {
		c.Send("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>AGFsaWNlAHdyb25n</auth>")
	}
	for c.Next().Kind != xmpptest.Gone {
	}
	resp, err := http.Get("http://" + s.Addr("admin") + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`parley_authentications_total{mechanism="PLAIN",result="success"} 1`,
		`parley_authentications_total{mechanism="PLAIN",result="failure"} 1`,
		`parley_authentications_total{mechanism="PLAIN",result="refused"} 1`,
		`parley_limit_hits_total{limit="auth_failures_per_address"} 1`,
		`parley_stream_errors_total{condition="policy-violation"} 1`,
	} {
		if !strings.Contains(string(text), want+"\n") {
			t.Errorf("no %s", want)
		}
	}
}

// TestAuditOperator: what a running server is told of is in its trail, if it has
// no file.
func TestAuditOperator(t *testing.T) {
	t.Parallel()
	var log strings.Builder
	s := xmpptest.Start(t, xmpptest.Options{Log: &log, Change: func(c *config.Config) { c.Admin.Addr = "127.0.0.1:0" }})
	s.AddUser(t, "alice")
	if err := admin.Notify(t.Context(), s.Config.DataDir, admin.Change{JID: "alice@localhost", What: admin.PasswordChanged}); err != nil {
		t.Fatal(err)
	}
	s.Stop(t) // nothing is logged any more
	if !strings.Contains(log.String(), "msg=password-changed module=audit account=alice@localhost by=operator") {
		t.Errorf("got %s", log.String())
	}
}
