// Package tls tests the encrypted ports of a whole server from outside: with
// OpenSSL, and with somebody in the middle whom the client believes.
package tls_test

import (
	"crypto/tls"
	"os"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"

	"parley/internal/config"
	"parley/internal/tlscert"
	"parley/internal/xmpptest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// start runs a server with an HTTPS listener and alice.
func start(t *testing.T, change ...func(*config.Config)) *xmpptest.Server {
	t.Helper()
	s := xmpptest.Start(t, xmpptest.Options{Change: func(c *config.Config) {
		c.RequireTLS, c.HTTP.TLSAddr = true, "127.0.0.1:0"
		for _, f := range change {
			f(c)
		}
	}})
	s.AddUser(t, "alice")
	return s
}

// ownCertificate makes another certificate for localhost: what somebody in the
// middle shows who has got a certificate authority to sign it.
func ownCertificate(t *testing.T) *tls.Config {
	t.Helper()
	source, err := tlscert.Open(tlscert.Options{Dir: t.TempDir(), Domain: "localhost"})
	if err != nil {
		t.Fatal(err)
	}
	return source.TLSConfig()
}

// stolenCertificate is the server's own, with its key.
func stolenCertificate(t *testing.T, s *xmpptest.Server) *tls.Config {
	t.Helper()
	dir := filepath.Join(s.Config.DataDir, "tls")
	pair, err := tls.LoadX509KeyPair(filepath.Join(dir, "self-signed.crt"), filepath.Join(dir, "self-signed.key"))
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{pair}}
}

func rename(t *testing.T, from, to string) {
	t.Helper()
	if err := os.Rename(from, to); err != nil {
		t.Fatal(err)
	}
}
