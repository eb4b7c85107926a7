package tlscert

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

const (
	lifetime = 10 * 365 * 24 * time.Hour
	// renewal is how long before its end a certificate is made anew.
	renewal = 30 * 24 * time.Hour
)

// ensureSelfSigned returns the files of the self-signed certificate for domain
// and makes them if there are none, or if they are for another domain or end soon.
func ensureSelfSigned(dir, domain string, log *slog.Logger) (certFile, keyFile string, err error) {
	certFile, keyFile = filepath.Join(dir, "self-signed.crt"), filepath.Join(dir, "self-signed.key")
	f := files{cert: certFile, key: keyFile, log: log}
	old, err := f.read()
	switch {
	case err == nil && fits(old.Leaf, domain):
		return certFile, keyFile, nil
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		// Never write over what cannot be understood.
		return "", "", fmt.Errorf("%w; or remove both files to have new ones made", err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", "", err
	}
	certPEM, keyPEM, err := generate(domain, time.Now())
	if err != nil {
		return "", "", err
	}
	// A crash between the two leaves a certificate without its key, which counts
	// as none.
	if err := os.Remove(certFile); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", "", err
	}
	if err := writeFile(keyFile, keyPEM, 0o600); err != nil {
		return "", "", err
	}
	if err := writeFile(certFile, certPEM, 0o644); err != nil {
		return "", "", err
	}
	log.Info("made a self-signed certificate", "file", certFile, "domain", domain)
	return certFile, keyFile, nil
}

func fits(leaf *x509.Certificate, domain string) bool {
	return leaf.VerifyHostname(domain) == nil && time.Until(leaf.NotAfter) > renewal
}

// generate makes a certificate that names domain and this machine.
func generate(domain string, now time.Time) (certPEM, keyPEM []byte, err error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, nil, err
	}
	tmpl := &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: domain},
		NotBefore:    now.Add(-time.Hour), // clocks differ
		NotAfter:     now.Add(lifetime),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames:     []string{"localhost"},
		IPAddresses:  []net.IP{net.IPv4(127, 0, 0, 1).To4(), net.IPv6loopback},

		BasicConstraintsValid: true,
	}
	addName(tmpl, domain)
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, key.Public(), key)
	if err != nil {
		return nil, nil, fmt.Errorf("for %q: %w", domain, err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, nil, err
	}
	certPEM = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	keyPEM = pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER})
	_, err = tls.X509KeyPair(certPEM, keyPEM)
	return certPEM, keyPEM, err
}

func addName(c *x509.Certificate, domain string) {
	switch ip := net.ParseIP(domain); {
	case ip != nil && !ip.IsLoopback():
		c.IPAddresses = append(c.IPAddresses, ip)
	case ip == nil && domain != "localhost":
		c.DNSNames = append([]string{domain}, c.DNSNames...)
	}
}

// writeFile writes a whole file or none.
func writeFile(path string, text []byte, mode os.FileMode) (err error) {
	f, err := os.OpenFile(path+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, mode)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}
