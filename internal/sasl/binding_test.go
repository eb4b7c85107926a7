package sasl_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"net"
	"slices"
	"testing"
	"time"

	"parley/internal/sasl"
)

// certificate returns a self-signed one with the given signature.
func certificate(t testing.TB, alg x509.SignatureAlgorithm, key crypto.Signer) tls.Certificate {
	t.Helper()
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{"localhost"}, SignatureAlgorithm: alg,
		NotBefore: time.Unix(0, 0), NotAfter: time.Unix(1<<33, 0),
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
}

func ecdsaKey(t testing.TB) crypto.Signer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// handshake returns both ends' view of one connection.
func handshake(t testing.TB, cert tls.Certificate, version uint16) (server, client tls.ConnectionState) {
	t.Helper()
	a, b := net.Pipe()
	defer a.Close()
	defer b.Close()
	srv := tls.Server(a, &tls.Config{Certificates: []tls.Certificate{cert}, SessionTicketsDisabled: true, MinVersion: version, MaxVersion: version})
	cli := tls.Client(b, &tls.Config{InsecureSkipVerify: true, MinVersion: version, MaxVersion: version}) //nolint:gosec // a test
	done := make(chan error, 1)
	go func() { done <- srv.Handshake() }()
	if err := cli.Handshake(); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	return srv.ConnectionState(), cli.ConnectionState()
}

func TestTLSBindingsAreTheClients(t *testing.T) {
	t.Parallel()
	cert := certificate(t, x509.ECDSAWithSHA256, ecdsaKey(t))
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		server, client := handshake(t, cert, version)
		got := sasl.TLSBindings(server, cert.Leaf)
		if names := sasl.BindingTypes(got); !slices.Equal(names, []string{"tls-exporter", "tls-server-end-point"}) {
			t.Fatalf("%x: got %v", version, names)
		}
		want, err := client.ExportKeyingMaterial("EXPORTER-Channel-Binding", nil, 32)
		if err != nil || !bytes.Equal(got[0].Data, want) {
			t.Errorf("%x: exporter differs from the client's (%v)", version, err)
		}
		sum := sha256.Sum256(client.PeerCertificates[0].Raw)
		if !bytes.Equal(got[1].Data, sum[:]) {
			t.Errorf("%x: end point differs from the client's", version)
		}
		if again, _ := handshake(t, cert, version); bytes.Equal(sasl.TLSBindings(again, nil)[0].Data, want) {
			t.Errorf("%x: two connections with one exporter value", version)
		}
	}
	if got := sasl.TLSBindings(tls.ConnectionState{}, cert.Leaf); got != nil {
		t.Errorf("before the handshake: %v", got)
	}
}

// RFC 5929 §4.1.
func TestEndPointHash(t *testing.T) {
	t.Parallel()
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	tests := map[x509.SignatureAlgorithm]crypto.Signer{
		x509.ECDSAWithSHA256: ecdsaKey(t), x509.ECDSAWithSHA384: ecdsaKey(t), x509.ECDSAWithSHA512: ecdsaKey(t),
		x509.SHA256WithRSA: rsaKey, x509.SHA384WithRSAPSS: rsaKey, x509.SHA512WithRSA: rsaKey,
	}
	for alg, key := range tests {
		cert := certificate(t, alg, key)
		server, _ := handshake(t, cert, tls.VersionTLS13)
		got := sasl.TLSBindings(server, cert.Leaf)
		if want := sumFor(alg, cert.Leaf.Raw); len(got) != 2 || !bytes.Equal(got[1].Data, want) {
			t.Errorf("%v: got %v, want %x", alg, got, want)
		}
	}
	// A signature by an outdated hash counts as SHA-256; one without a hash has no binding.
	cert := certificate(t, x509.ECDSAWithSHA256, ecdsaKey(t))
	server, _ := handshake(t, cert, tls.VersionTLS13)
	old, none := *cert.Leaf, *cert.Leaf
	old.SignatureAlgorithm, none.SignatureAlgorithm = x509.SHA1WithRSA, x509.PureEd25519
	sum := sha256.Sum256(cert.Leaf.Raw)
	if got := sasl.TLSBindings(server, &old); len(got) != 2 || !bytes.Equal(got[1].Data, sum[:]) {
		t.Errorf("SHA-1: got %v", got)
	}
	if got := sasl.TLSBindings(server, &none); len(got) != 1 {
		t.Errorf("Ed25519: got %v", got)
	}
}

func sumFor(alg x509.SignatureAlgorithm, raw []byte) []byte {
	switch alg {
	case x509.ECDSAWithSHA384, x509.SHA384WithRSAPSS:
		s := sha512.Sum384(raw)
		return s[:]
	case x509.ECDSAWithSHA512, x509.SHA512WithRSA:
		s := sha512.Sum512(raw)
		return s[:]
	}
	s := sha256.Sum256(raw)
	return s[:]
}

// The whole of it: a real handshake, then SCRAM bound to it.
func TestScramOverRealTLS(t *testing.T) {
	t.Parallel()
	s, _ := newServer(t)
	cert := certificate(t, x509.ECDSAWithSHA256, ecdsaKey(t))
	server, client := handshake(t, cert, tls.VersionTLS13)
	state := sasl.State{TLS: true, Bindings: sasl.TLSBindings(server, cert.Leaf)}
	for _, b := range sasl.TLSBindings(client, client.PeerCertificates[0]) {
		l := login{mechanism: "SCRAM-SHA-256-PLUS", user: "alice", password: "wonderland", state: state, binding: &b}
		if x, trusted, err := l.run(t, s); err != nil || !trusted || x.Username() != "alice" {
			t.Errorf("%s: %v, %v", b.Type, trusted, err)
		}
	}
	// Somebody between them has two connections of the same certificate.
	_, relayed := handshake(t, cert, tls.VersionTLS13)
	b := sasl.TLSBindings(relayed, nil)[0]
	l := login{mechanism: "SCRAM-SHA-256-PLUS", user: "alice", password: "wonderland", state: state, binding: &b}
	if _, _, err := l.run(t, s); condition(t, err) != sasl.NotAuthorized {
		t.Errorf("relayed: %v", err)
	}
}
