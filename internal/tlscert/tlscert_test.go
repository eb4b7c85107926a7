package tlscert_test

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"net"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"parley/internal/tlscert"
)

func open(t testing.TB, o tlscert.Options) *tlscert.Source {
	t.Helper()
	s, err := tlscert.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func leaf(t testing.TB, s *tlscert.Source) *x509.Certificate {
	t.Helper()
	c, err := s.GetCertificate(&tls.ClientHelloInfo{})
	if err != nil {
		t.Fatal(err)
	}
	return c.Leaf
}

// connect makes a connection whose client trusts only trusted.
func connect(t testing.TB, cfg *tls.Config, trusted *x509.Certificate, name string) (client *tls.Conn) {
	t.Helper()
	a, b := net.Pipe()
	t.Cleanup(func() { a.Close(); b.Close() })
	done := make(chan error, 1)
	go func() { done <- tls.Server(a, cfg).Handshake() }()
	pool := x509.NewCertPool()
	pool.AddCert(trusted)
	client = tls.Client(b, &tls.Config{RootCAs: pool, ServerName: name, NextProtos: []string{"xmpp-client"}, MinVersion: tls.VersionTLS12})
	if err := client.Handshake(); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	return client
}

func TestSelfSignedIsMadeOnceAndTrustedByName(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "tls")
	opts := tlscert.Options{Dir: dir, Domain: "chat.example.org"}
	s := open(t, opts)
	if !s.SelfSigned() {
		t.Error("not called self-signed")
	}
	cert := leaf(t, s)
	for _, name := range []string{"chat.example.org", "localhost", "127.0.0.1", "::1"} {
		connect(t, s.TLSConfig("xmpp-client"), cert, name)
	}
	if cert.VerifyHostname("conference.chat.example.org") == nil {
		t.Error("it is good for sub-domains")
	}
	if years := time.Until(cert.NotAfter).Hours() / 24 / 365; years < 9.9 {
		t.Errorf("it lasts %v years", years)
	}
	info, err := os.Stat(filepath.Join(dir, "self-signed.key"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("key: %v, %v", info.Mode(), err)
	}
	if again := leaf(t, open(t, opts)); !again.Equal(cert) {
		t.Error("made again at the second start")
	}
	opts.Domain = "other.example.org"
	if other := leaf(t, open(t, opts)); other.VerifyHostname("other.example.org") != nil {
		t.Error("not made again for another domain")
	}
}

func TestSelfSignedForAnAddress(t *testing.T) {
	t.Parallel()
	s := open(t, tlscert.Options{Dir: t.TempDir(), Domain: "192.0.2.7"})
	if err := leaf(t, s).VerifyHostname("192.0.2.7"); err != nil {
		t.Error(err)
	}
}

// A crash after the key and before the certificate must not stop the next start.
func TestSelfSignedAfterACrash(t *testing.T) {
	t.Parallel()
	opts := tlscert.Options{Dir: t.TempDir(), Domain: "localhost"}
	first := leaf(t, open(t, opts))
	if err := os.Remove(filepath.Join(opts.Dir, "self-signed.crt")); err != nil {
		t.Fatal(err)
	}
	if again := leaf(t, open(t, opts)); again.Equal(first) {
		t.Error("not made again")
	}
}

// pair makes certificate files as another tool would leave them.
func pair(t testing.TB, domain string) (certPEM, keyPEM []byte) {
	t.Helper()
	dir := t.TempDir()
	open(t, tlscert.Options{Dir: dir, Domain: domain})
	return read(t, filepath.Join(dir, "self-signed.crt")), read(t, filepath.Join(dir, "self-signed.key"))
}

func read(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// write gives each version of a file a time of its own.
func write(t testing.TB, path string, text []byte, version int) {
	t.Helper()
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	at := time.Unix(1_700_000_000+int64(version), 0)
	if err := os.Chtimes(path, at, at); err != nil {
		t.Fatal(err)
	}
}

func TestFilesAreReadAgain(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	opts := tlscert.Options{CertFile: filepath.Join(dir, "a.crt"), KeyFile: filepath.Join(dir, "a.key")}
	oldCert, oldKey := pair(t, "old.example")
	newCert, newKey := pair(t, "new.example")
	write(t, opts.CertFile, oldCert, 1)
	write(t, opts.KeyFile, oldKey, 1)
	s := open(t, opts)
	if s.SelfSigned() || leaf(t, s).VerifyHostname("old.example") != nil {
		t.Fatal("not the certificate of the files")
	}
	write(t, opts.CertFile, newCert, 2) // half-way: the key is still the old one
	if leaf(t, s).VerifyHostname("old.example") != nil {
		t.Error("the old certificate is gone before the new one is whole")
	}
	if s.Reload() == nil {
		t.Error("Reload does not tell that key and certificate differ")
	}
	write(t, opts.KeyFile, newKey, 2)
	if leaf(t, s).VerifyHostname("new.example") != nil {
		t.Error("the new certificate is not used")
	}
	if err := os.Remove(opts.KeyFile); err != nil {
		t.Fatal(err)
	}
	if leaf(t, s).VerifyHostname("new.example") != nil || s.Reload() == nil {
		t.Error("a removed file must not take the certificate away, and Reload must tell")
	}
	write(t, opts.CertFile, oldCert, 3)
	write(t, opts.KeyFile, oldKey, 3)
	if err := s.Reload(); err != nil || leaf(t, s).VerifyHostname("old.example") != nil {
		t.Errorf("Reload: %v", err)
	}
}

func TestOpenErrors(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	certPEM, _ := pair(t, "a.example")
	_, otherKey := pair(t, "a.example")
	cert, key := filepath.Join(dir, "a.crt"), filepath.Join(dir, "a.key")
	if _, err := tlscert.Open(tlscert.Options{CertFile: cert, KeyFile: key}); err == nil {
		t.Error("missing files: no error")
	}
	write(t, cert, certPEM, 1)
	write(t, key, otherKey, 1)
	if _, err := tlscert.Open(tlscert.Options{CertFile: cert, KeyFile: key}); err == nil {
		t.Error("another's key: no error")
	}
	blocked := filepath.Join(dir, "a.crt", "tls") // below a file
	if _, err := tlscert.Open(tlscert.Options{Dir: blocked, Domain: "a.example"}); err == nil {
		t.Error("no folder: no error")
	}
}

func TestTLSConfig(t *testing.T) {
	t.Parallel()
	s := open(t, tlscert.Options{Dir: t.TempDir(), Domain: "localhost"})
	cfg := s.TLSConfig("xmpp-client")
	conn := connect(t, cfg, leaf(t, s), "localhost")
	if got := conn.ConnectionState(); got.NegotiatedProtocol != "xmpp-client" || got.Version != tls.VersionTLS13 {
		t.Errorf("got %q, %x", got.NegotiatedProtocol, got.Version)
	}
	a, b := net.Pipe()
	defer a.Close()
	defer b.Close()
	go func() { _ = tls.Server(a, cfg).Handshake() }()
	old := tls.Client(b, &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}) //nolint:gosec // a test
	if old.Handshake() == nil {
		t.Error("TLS 1.1 is accepted")
	}
}

func TestCapture(t *testing.T) {
	t.Parallel()
	s := open(t, tlscert.Options{Dir: t.TempDir(), Domain: "localhost"})
	cfg, shown := tlscert.Capture(s.TLSConfig("xmpp-client"))
	if shown() != nil {
		t.Error("a certificate before the handshake")
	}
	conn := connect(t, cfg, leaf(t, s), "localhost")
	if got := shown(); got == nil || !bytes.Equal(got.Raw, conn.ConnectionState().PeerCertificates[0].Raw) {
		t.Error("not the certificate that the client saw")
	}
	if !cfg.SessionTicketsDisabled {
		t.Error("sessions can be resumed, without a certificate")
	}
}

func TestACME(t *testing.T) {
	t.Parallel()
	s := open(t, tlscert.Options{Dir: t.TempDir(), ACME: tlscert.ACME{Domains: []string{"chat.example.org"}, Directory: "https://127.0.0.1:1/"}})
	if s.SelfSigned() || s.Reload() != nil {
		t.Error("self-signed, or nothing to reload is an error")
	}
	if got := s.TLSConfig("http/1.1").NextProtos; !slices.Equal(got, []string{"http/1.1", "acme-tls/1"}) {
		t.Errorf("HTTPS must answer the challenge: %v", got)
	}
	if got := s.TLSConfig("xmpp-client").NextProtos; !slices.Equal(got, []string{"xmpp-client"}) {
		t.Errorf("got %v", got)
	}
	if _, err := s.GetCertificate(&tls.ClientHelloInfo{ServerName: "evil.example.org"}); err == nil {
		t.Error("a certificate for a name that is not ours")
	}
}
