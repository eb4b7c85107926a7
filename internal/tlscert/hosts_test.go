package tlscert_test

import (
	"crypto/tls"
	"crypto/x509"
	"os"
	"path/filepath"
	"testing"

	"parley/internal/tlscert"
)

// host adds a folder as certbot makes it.
func host(t testing.TB, dir, name string, version int) *x509.Certificate {
	t.Helper()
	if err := os.MkdirAll(filepath.Join(dir, name), 0o700); err != nil {
		t.Fatal(err)
	}
	certPEM, keyPEM := pair(t, name)
	write(t, filepath.Join(dir, name, "fullchain.pem"), certPEM, version)
	write(t, filepath.Join(dir, name, "privkey.pem"), keyPEM, version)
	pool := open(t, tlscert.Options{CertFile: filepath.Join(dir, name, "fullchain.pem"), KeyFile: filepath.Join(dir, name, "privkey.pem")})
	return leaf(t, pool)
}

// TestHosts: RFC 6066 §3: each name gets its own certificate, over real handshakes.
func TestHosts(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	rooms := host(t, dir, "conference.example.org", 1)
	if err := os.WriteFile(filepath.Join(dir, "README"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	s := open(t, tlscert.Options{Dir: t.TempDir(), Domain: "example.org", HostsDir: dir})
	first := leaf(t, s)
	cfg := s.TLSConfig("xmpp-client")
	connect(t, cfg, first, "example.org")
	connect(t, cfg, rooms, "conference.example.org")
	connect(t, cfg, first, "localhost") // in both: the first counts
	if c, err := s.GetCertificate(&tls.ClientHelloInfo{ServerName: "stranger.example"}); err != nil || !c.Leaf.Equal(first) {
		t.Errorf("a name that is nobody's: %v", err)
	}
	renewed := host(t, dir, "conference.example.org", 2) // noticed by itself
	connect(t, cfg, renewed, "conference.example.org")
	upload := host(t, dir, "upload.example.org", 1) // by SIGHUP
	if err := s.Reload(); err != nil {
		t.Fatal(err)
	}
	connect(t, cfg, upload, "upload.example.org")
	checkBadHost(t, s, dir, upload)
}

// One that is no good is told of and changes nothing.
func checkBadHost(t *testing.T, s *tlscert.Source, dir string, upload *x509.Certificate) {
	t.Helper()
	write(t, filepath.Join(dir, "upload.example.org", "privkey.pem"), []byte("no key"), 3)
	if s.Reload() == nil {
		t.Error("Reload does not tell of a broken key")
	}
	connect(t, s.TLSConfig("xmpp-client"), upload, "upload.example.org")
	if _, err := tlscert.Open(tlscert.Options{Dir: t.TempDir(), Domain: "example.org", HostsDir: dir}); err == nil {
		t.Error("a start with a broken key: no error")
	}
	if _, err := tlscert.Open(tlscert.Options{Dir: t.TempDir(), Domain: "example.org", HostsDir: filepath.Join(dir, "none")}); err == nil {
		t.Error("no folder: no error")
	}
}
