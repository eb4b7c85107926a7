// Package tlscert is where the listeners get their certificates: from files
// that are read again when they change, from an ACME server (RFC 8555), or from
// a self-signed certificate that is made once and kept.
//
// A Source is made at the start and handed to the listeners, which take a
// tls.Config from it. Capture tells which certificate one connection saw, for
// the channel binding tls-server-end-point (RFC 5929 §4).
package tlscert

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"

	"golang.org/x/crypto/acme"
	"golang.org/x/crypto/acme/autocert"
)

// Options say where certificates come from; the first that is set counts:
// ACME, files, self-signed.
type Options struct {
	ACME              ACME
	CertFile, KeyFile string // PEM
	// HostsDir has a folder with fullchain.pem and privkey.pem for each further
	// certificate; "": there are none. Not used with ACME, which knows its names.
	HostsDir string
	// Dir keeps what is made here: the self-signed certificate, ACME's account
	// and certificates.
	Dir    string
	Domain string // of the self-signed certificate
	Logger *slog.Logger
}

// ACME asks for certificates. The TLS listener must be reachable as port 443.
type ACME struct {
	Domains   []string // empty: off
	Email     string
	Directory string // "": Let's Encrypt
}

// Source gives certificates to any number of listeners.
type Source struct {
	acme  *autocert.Manager // nil: files
	files *files
	hosts hosts
	self  bool
}

// Open makes a Source. Its errors say what to do.
func Open(o Options) (*Source, error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if len(o.ACME.Domains) > 0 {
		return &Source{acme: manager(o)}, nil
	}
	s := &Source{self: o.CertFile == ""}
	if s.self {
		var err error
		if o.CertFile, o.KeyFile, err = ensureSelfSigned(o.Dir, o.Domain, o.Logger); err != nil {
			return nil, fmt.Errorf("tlscert: self-signed certificate: %w", err)
		}
	}
	s.files = &files{cert: o.CertFile, key: o.KeyFile, log: o.Logger}
	s.hosts = hosts{dir: o.HostsDir, log: o.Logger}
	if err := s.Reload(); err != nil {
		return nil, err
	}
	return s, nil
}

func manager(o Options) *autocert.Manager {
	m := &autocert.Manager{
		Prompt:     autocert.AcceptTOS,
		Cache:      autocert.DirCache(filepath.Join(o.Dir, "acme")),
		HostPolicy: autocert.HostWhitelist(o.ACME.Domains...),
		Email:      o.ACME.Email,
	}
	if o.ACME.Directory != "" {
		m.Client = &acme.Client{DirectoryURL: o.ACME.Directory}
	}
	return m
}

// SelfSigned reports whether clients will ask whether to trust the certificate.
func (s *Source) SelfSigned() bool { return s.self }

// GetCertificate is for tls.Config. A name that is nobody's gets the first
// certificate: many clients send none or another, and judge for themselves.
func (s *Source) GetCertificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	if s.acme != nil {
		return s.acme.GetCertificate(hello)
	}
	first := s.files.current()
	if hello.ServerName == "" || first.Leaf.VerifyHostname(hello.ServerName) == nil {
		return first, nil
	}
	if c := s.hosts.find(hello.ServerName); c != nil {
		return c, nil
	}
	return first, nil
}

// Reload reads the files again now (SIGHUP); on an error the old certificate
// stays in use.
func (s *Source) Reload() error {
	if s.files == nil {
		return nil
	}
	if err := errors.Join(s.files.load(), s.hosts.load()); err != nil {
		return fmt.Errorf("tlscert: %w", err)
	}
	return nil
}

// TLSConfig returns a server's configuration that speaks the given protocols
// (ALPN): TLS 1.2 with forward secrecy and authenticated ciphers, or 1.3
// (RFC 7590 §3, RFC 9325).
func (s *Source) TLSConfig(nextProtos ...string) *tls.Config {
	if s.acme != nil && !slices.Contains(nextProtos, acme.ALPNProto) && slices.Contains(nextProtos, "http/1.1") {
		nextProtos = append(slices.Clone(nextProtos), acme.ALPNProto) // RFC 8737: the challenge comes to the HTTPS port
	}
	return &tls.Config{
		GetCertificate: s.GetCertificate,
		NextProtos:     nextProtos,
		MinVersion:     tls.VersionTLS12,
		CipherSuites: []uint16{ // of TLS 1.2; those of 1.3 are all right
			tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
			tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
			tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
		},
	}
}

// Capture returns a configuration for one connection, and a function that
// returns the certificate it showed: nil before the handshake.
func Capture(cfg *tls.Config) (*tls.Config, func() *x509.Certificate) {
	var leaf *x509.Certificate // written by the handshake, read after it
	one := cfg.Clone()
	// A resumed session shows no certificate, so there would be none to bind to.
	one.SessionTicketsDisabled = true
	get := cfg.GetCertificate
	one.GetCertificate = func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
		cert, err := get(hello)
		if err == nil && cert != nil {
			leaf = cert.Leaf
		}
		return cert, err
	}
	return one, func() *x509.Certificate { return leaf }
}
