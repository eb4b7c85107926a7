package tlscert_test

import (
	"crypto/tls"
	"io"
	"net"
	"testing"
	"time"

	"parley/internal/tlscert"
)

// client is one that keeps tickets, at a time of the test's.
func client(now *time.Time) *tls.Config {
	return &tls.Config{
		InsecureSkipVerify: true, ServerName: "localhost", MinVersion: tls.VersionTLS12, //nolint:gosec // a test
		ClientSessionCache: tls.NewLRUClientSessionCache(1), Time: func() time.Time { return *now },
	}
}

// resumed makes a connection, takes the ticket in, and tells whether the ticket
// of the one before was good.
func resumed(t *testing.T, server, client *tls.Config) bool {
	t.Helper()
	a, b := net.Pipe()
	defer a.Close()
	defer b.Close()
	done := make(chan error, 1)
	go func() {
		conn := tls.Server(a, server)
		_, err := conn.Write([]byte("x")) // the ticket of TLS 1.3 comes before it
		done <- err
	}()
	conn := tls.Client(b, client)
	if _, err := io.ReadFull(conn, make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	return conn.ConnectionState().DidResume
}

// TestTickets: RFC 9325 §3.4: HTTPS sessions resume, and the keys of the tickets
// do not last: they change each day and are forgotten after a week.
func TestTickets(t *testing.T) {
	t.Parallel()
	for name, version := range map[string]uint16{"1.2": tls.VersionTLS12, "1.3": tls.VersionTLS13} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			now := time.Now()
			server := open(t, tlscert.Options{Dir: t.TempDir(), Domain: "localhost"}).TLSConfig("http/1.1")
			server.Time = func() time.Time { return now }
			c := client(&now)
			c.MaxVersion = version
			if resumed(t, server, c) {
				t.Error("a first connection resumed something")
			}
			start := now
			now = start.Add(25 * time.Hour) // with the key of yesterday
			if !resumed(t, server, c) {
				t.Error("not resumed after a day")
			}
			now = start.Add(10 * 24 * time.Hour)
			resumed(t, server, client(&now)) // of somebody else: the old keys go
			// The ticket is young enough again; only the lack of its key stops it.
			now = start.Add(26 * time.Hour)
			if resumed(t, server, c) {
				t.Error("the key of the old ticket was still there")
			}
		})
	}
}

// TestNoTicketsForXMPP: a resumed session shows no certificate, to which
// tls-server-end-point could be bound; so there is none.
func TestNoTicketsForXMPP(t *testing.T) {
	t.Parallel()
	now := time.Now()
	cfg := open(t, tlscert.Options{Dir: t.TempDir(), Domain: "localhost"}).TLSConfig("xmpp-client")
	c := client(&now)
	for range 2 {
		one, _ := tlscert.Capture(cfg)
		if resumed(t, one, c) {
			t.Error("resumed")
		}
	}
}
