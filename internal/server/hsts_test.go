package server_test

import (
	"crypto/tls"
	"io"
	"net/http"
	"path/filepath"
	"testing"

	"parley/internal/config"
	"parley/internal/tlscert"
)

// TestHSTS: RFC 6797 §7.1, §7.2: told over HTTPS that browsers come to by port
// 443, and never over plain HTTP.
func TestHSTS(t *testing.T) {
	t.Parallel()
	// A certificate from files: that it signs itself is not seen in them.
	dir := t.TempDir()
	if _, err := tlscert.Open(tlscert.Options{Dir: dir, Domain: "localhost"}); err != nil {
		t.Fatal(err)
	}
	files := config.TLS{CertFile: filepath.Join(dir, "self-signed.crt"), KeyFile: filepath.Join(dir, "self-signed.key")}
	for name, c := range map[string]struct {
		public string
		tls    config.TLS
		want   string
	}{
		"forwarded from 443": {"https://localhost", files, "max-age=15552000"},
		"port named":         {"https://localhost:443", files, "max-age=15552000"},
		"another port":       {"https://localhost:5443", files, ""},
		"not told":           {"", files, ""},
		"plain":              {"http://localhost", files, ""},
		"self-signed":        {"https://localhost", config.TLS{}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, io.Discard, func(cfg *config.Config) {
				cfg.HTTP.TLSAddr, cfg.PublicURL, cfg.TLS = "127.0.0.1:0", c.public, c.tls
			})
			if got := strictTransport(t, "https://"+s.Addr("https").String()+"/healthz"); got != c.want {
				t.Errorf("over HTTPS: %q, want %q", got, c.want)
			}
			if got := strictTransport(t, "http://"+s.Addr("http").String()+"/healthz"); got != "" {
				t.Errorf("over plain HTTP: %q", got)
			}
		})
	}
}

func strictTransport(t *testing.T, url string) string {
	t.Helper()
	transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
	defer transport.CloseIdleConnections()
	resp, err := (&http.Client{Transport: transport}).Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	return resp.Header.Get("Strict-Transport-Security")
}
