package deploy_test

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/jackc/pgx/v5"

	"parley/internal/pgtest"
)

// The addresses of the compose file's network.
const (
	hostIP     = "172.31.253.1" // the gateway: whence published ports are reached
	parleyIP   = "172.31.253.2"
	postgresIP = "172.31.253.3"
	strangerIP = "172.31.253.9"
)

// The image alone, as `docker run` starts it: SQLite in the volume.
func TestImage(t *testing.T) {
	t.Parallel()
	if c := inside(t); c != nil {
		runImage(t, c)
		return
	}
	newContainer(t, imageFiles(t)).enter(t)
}

func runImage(t *testing.T, c *container) {
	t.Helper()
	c.mounts(t)
	addAddresses(t, hostIP, parleyIP)
	s := c.start(t)
	c.exec(t, "", "health")
	c.exec(t, "open sesame\n", "user", "add", "alice@localhost", "--password-file", "-")
	d := tls.Dialer{NetDialer: from(hostIP), Config: &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"xmpp-client"}}} //nolint:gosec // self-signed
	conn, err := d.DialContext(t.Context(), "tcp", parleyIP+":5223")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	const header = "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='localhost' version='1.0'>"
	w := &wire{write: func(text string) error { _, err := io.WriteString(conn, text); return err },
		read: func() (string, error) {
			b := make([]byte, 4096)
			n, err := conn.Read(b)
			return string(b[:n]), err
		}}
	w.login(t, header, "alice", "open sesame")
	s.stop(t)
	want := []string{"parley.db", "tls/self-signed.crt", "tls/self-signed.key"}
	if got := c.files(t, "/data"); !slices.Equal(got, want) {
		t.Errorf("in /data are %q, want %q", got, want)
	}
}

// The compose file's services: Postgres, its address from a file, the host on
// the network's gateway.
func TestComposeServices(t *testing.T) {
	t.Parallel()
	if c := inside(t); c != nil {
		runServices(t, c)
		return
	}
	parley := compose(t).Services["parley"]
	c := newContainer(t, imageFiles(t))
	c.Env = append(c.Env, parley.env()...)
	c.Hosts = postgresIP + " postgres\n"
	var err error
	if c.StopTimeout, err = time.ParseDuration(parley.StopGracePeriod); err != nil {
		t.Fatal(err)
	}
	for _, v := range parley.Volumes {
		if c.Volumes[v.Target] == "" {
			c.Volumes[v.Target] = c.volume(t, filepath.Base(v.Target))
		}
	}
	makeSecrets(t, c)
	c.Volumes[""] = makeDatabase(t, readFile(t, c.Volumes["/secrets"], "database-url"))
	c.enter(t)
}

// makeSecrets runs the script of the service that makes the passwords, twice:
// the second time must change nothing.
func makeSecrets(t *testing.T, c *container) {
	t.Helper()
	s := compose(t).Services["secrets"]
	dir := c.Volumes["/secrets"]
	script := strings.ReplaceAll(strings.ReplaceAll(s.Command[0], "$$", "$"), "/secrets", dir)
	var made []string
	for range 2 {
		cmd := exec.Command("bash", s.Entrypoint[1], script)
		if os.Geteuid() != 0 {
			cmd.Args[2] = "chown() { :; }\n" + script // everything is the one user's
			cmd.SysProcAttr = &syscall.SysProcAttr{}
			asUser(cmd.SysProcAttr, 0)
		}
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s\n%s\n%s", err, out, script, advice)
		}
		made = append(made, readFile(t, dir, "database-url"))
	}
	if made[0] != made[1] {
		t.Errorf("the password changes with every start: %q", made)
	}
	info, err := os.Stat(filepath.Join(dir, "database-url"))
	if err != nil || info.Mode().Perm() != 0o400 {
		t.Errorf("database-url: %v, %v", info, err)
	}
	if err := os.Chmod(dir, 0o755); err != nil { //nolint:gosec // as a new volume is
		t.Fatal(err)
	}
}

// makeDatabase makes the database and the user that the address names, on a
// private Postgres, and returns its socket's path.
func makeDatabase(t *testing.T, address string) (socket string) {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	if u.Host != "postgres:5432" || u.User.Username() != "parley" || u.Path != "/parley" {
		t.Errorf("the address is %s", u.Redacted())
	}
	admin := pgtest.New(t).URL("postgres") // whose superuser is parley
	conn, err := pgx.Connect(t.Context(), admin)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if _, err := conn.Exec(t.Context(), "CREATE DATABASE parley ENCODING 'UTF8' TEMPLATE template0"); err != nil {
		t.Fatal(err)
	}
	a, err := url.Parse(admin)
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(a.Query().Get("host"), ".s.PGSQL."+a.Query().Get("port"))
}

func runServices(t *testing.T, c *container) {
	t.Helper()
	socket := c.Volumes[""]
	delete(c.Volumes, "")
	c.mounts(t)
	addAddresses(t, hostIP, parleyIP, postgresIP, strangerIP)
	relay(t, postgresIP+":5432", socket)
	s := c.start(t)
	c.exec(t, "", "health")
	c.exec(t, "open sesame\n", "user", "add", "alice@localhost", "--password-file", "-")
	w := dialWebSocket(t, hostIP)
	w.login(t, open, "alice", "open sesame")
	checkStranger(t, strangerIP)
	checkPage(t)
	s.stop(t)

	// The volumes are all that is left; and now the host has a reverse proxy.
	c.Env = append(c.Env, "PARLEY_LOCAL_NETWORKS=", "PARLEY_TRUSTED_PROXIES="+hostIP)
	s = c.start(t)
	w = dialWebSocket(t, hostIP, "X-Forwarded-For", "192.0.2.1", "X-Forwarded-Proto", "https")
	w.login(t, open, "alice", "open sesame")
	checkStranger(t, hostIP)
	checkStranger(t, hostIP, "X-Forwarded-For", "192.0.2.1")
	checkStranger(t, strangerIP, "X-Forwarded-For", "192.0.2.1", "X-Forwarded-Proto", "https")
	s.stop(t)
	want := []string{"tls/self-signed.crt", "tls/self-signed.key"}
	if got := c.files(t, "/data"); !slices.Equal(got, want) {
		t.Errorf("in /data are %q, want %q", got, want)
	}
}

// checkPage fetches the page as the host's browser does.
func checkPage(t *testing.T) {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DialContext: from(hostIP).DialContext, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}} //nolint:gosec // self-signed
	defer client.CloseIdleConnections()
	for _, address := range []string{"http://" + parleyIP + ":5280/", "https://" + parleyIP + ":5443/"} {
		resp, err := client.Get(address)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || !strings.Contains(string(body), "<title>Parley</title>") {
			t.Errorf("%s: %s, %v", address, body, err)
		}
	}
}

// from dials from one of our addresses.
func from(ip string) *net.Dialer {
	return &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(ip)}, Timeout: patience}
}

// wire writes and reads a stream's text.
type wire struct {
	write func(string) error
	read  func() (string, error)
}

const open = "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='localhost' version='1.0'/>"

// dialWebSocket connects from ip; header has names and values in turn.
func dialWebSocket(t *testing.T, ip string, header ...string) *wire {
	t.Helper()
	fields := http.Header{}
	for pair := range slices.Chunk(header, 2) {
		fields.Set(pair[0], pair[1])
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*patience)
	transport := &http.Transport{DialContext: from(ip).DialContext}
	conn, _, err := websocket.Dial(ctx, "ws://"+parleyIP+":5280/xmpp-websocket", &websocket.DialOptions{
		Subprotocols: []string{"xmpp"}, HTTPClient: &http.Client{Transport: transport}, HTTPHeader: fields,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = conn.CloseNow()
		cancel()
	})
	return &wire{
		write: func(text string) error { return conn.Write(ctx, websocket.MessageText, []byte(text)) },
		read: func() (string, error) {
			_, text, err := conn.Read(ctx)
			return string(text), err
		},
	}
}

func (w *wire) send(t *testing.T, text string) {
	t.Helper()
	if err := w.write(text); err != nil {
		t.Fatal(err)
	}
}

// tell writes and reads up to one of want, and returns what it read.
func (w *wire) tell(t *testing.T, text string, want ...string) string {
	t.Helper()
	w.send(t, text)
	var seen strings.Builder
	for {
		text, err := w.read()
		seen.WriteString(text)
		if slices.ContainsFunc(want, func(s string) bool { return strings.Contains(seen.String(), s) }) {
			return seen.String()
		}
		if err != nil {
			t.Fatalf("%v before %q, after\n%s", err, want, seen.String())
		}
	}
}

func plain(user, password string) string {
	return "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>" +
		base64.StdEncoding.EncodeToString([]byte("\x00"+user+"\x00"+password)) + "</auth>"
}

func (w *wire) login(t *testing.T, header, user, password string) {
	t.Helper()
	w.tell(t, header, "features>")
	w.tell(t, plain(user, password), "<success")
	w.tell(t, header, "features>")
	w.tell(t, "<iq xmlns='jabber:client' type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>", "<jid>")
	w.tell(t, "<iq xmlns='jabber:client' type='get' id='p'><ping xmlns='urn:xmpp:ping'/></iq>", "result")
}

// checkStranger: who is neither this machine nor behind a trusted proxy that
// has seen TLS may not log in without.
func checkStranger(t *testing.T, ip string, header ...string) {
	t.Helper()
	w := dialWebSocket(t, ip, header...)
	if features := w.tell(t, open, "features"); strings.Contains(features, "mechanism") {
		t.Errorf("a stranger without TLS is offered %s", features)
	}
	if answer := w.tell(t, plain("alice", "open sesame"), "<failure", "<success"); !strings.Contains(answer, "<encryption-required") {
		t.Errorf("a stranger without TLS gets %s", answer)
	}
}
