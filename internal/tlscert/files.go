package tlscert

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"sync"
	"time"
)

// files is a certificate in two PEM files.
type files struct {
	cert, key string
	log       *slog.Logger

	mu     sync.Mutex
	loaded *tls.Certificate // guarded by mu
	seen   stamp            // of the files when they were last read; guarded by mu
}

// stamp tells whether the files are others than before.
type stamp struct {
	cert, key         time.Time
	certSize, keySize int64
}

// current returns the certificate, read again if the files have changed. A new
// certificate without its key (the tool that renews is halfway) is tried again
// when the files change again.
func (f *files) current() *tls.Certificate {
	f.mu.Lock()
	defer f.mu.Unlock()
	now, err := f.stat()
	if err != nil || now == f.seen {
		return f.loaded
	}
	f.seen = now
	if cert, err := f.read(); err != nil {
		f.log.Warn("the new certificate is not used", "op", "reload certificate", "err", err)
	} else {
		f.loaded = cert
		f.log.Info("certificate read again", "file", f.cert, "until", cert.Leaf.NotAfter)
	}
	return f.loaded
}

func (f *files) load() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	seen, err := f.stat()
	if err != nil {
		return err
	}
	cert, err := f.read()
	if err != nil {
		return err
	}
	f.seen, f.loaded = seen, cert
	return nil
}

func (f *files) stat() (stamp, error) {
	c, err := os.Stat(f.cert)
	if err != nil {
		return stamp{}, explain("tls.cert_file", err)
	}
	k, err := os.Stat(f.key)
	if err != nil {
		return stamp{}, explain("tls.key_file", err)
	}
	return stamp{c.ModTime(), k.ModTime(), c.Size(), k.Size()}, nil
}

func (f *files) read() (*tls.Certificate, error) {
	certPEM, err := os.ReadFile(f.cert)
	if err != nil {
		return nil, explain("tls.cert_file", err)
	}
	keyPEM, err := os.ReadFile(f.key)
	if err != nil {
		return nil, explain("tls.key_file", err)
	}
	cert, err := tls.X509KeyPair(certPEM, keyPEM)
	if err != nil {
		return nil, fmt.Errorf("%s and %s: %w; give a PEM certificate and its own key", f.cert, f.key, err)
	}
	if cert.Leaf == nil { // depends on a GODEBUG setting
		if cert.Leaf, err = x509.ParseCertificate(cert.Certificate[0]); err != nil {
			return nil, fmt.Errorf("%s: %w", f.cert, err)
		}
	}
	return &cert, nil
}

func explain(key string, err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%w; set %s to an existing file", err, key)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%w; let the server's user read it", err)
	}
	return err
}
