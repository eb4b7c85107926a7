package tls_test

import (
	"net"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"parley/internal/config"
	"parley/internal/tlscert"
	"parley/internal/xmpptest"
)

// sClient is OpenSSL's client, which shakes hands and leaves. It is told to
// offer what is refused nowadays, too.
func sClient(t *testing.T, addr string, args ...string) (text string, ok bool) {
	t.Helper()
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "openssl", append([]string{"s_client", "-connect", "127.0.0.1:" + port}, args...)...)
	cmd.Stdin = strings.NewReader("Q\n")
	out, err := cmd.CombinedOutput()
	if _, exited := err.(*exec.ExitError); err != nil && !exited {
		t.Fatal(err)
	}
	return string(out), err == nil && !strings.Contains(string(out), "Cipher is (NONE)")
}

// doors are the three ways in, with OpenSSL's arguments.
func doors(s *xmpptest.Server) map[string][]string {
	return map[string][]string{
		"c2s":     {"-starttls", "xmpp", "-xmpphost", "localhost"},
		"c2s-tls": {"-alpn", "xmpp-client"},
		"https":   {"-alpn", "http/1.1"},
	}
}

// TestVersionsAndSuites: RFC 7590 §3, RFC 9325 §3.1, §4.2: TLS 1.2 with forward
// secrecy and authenticated encryption, or 1.3; nothing else, at each port.
func TestVersionsAndSuites(t *testing.T) {
	t.Parallel()
	s := start(t)
	anything := []string{"-cipher", "ALL:COMPLEMENTOFALL:@SECLEVEL=0"}
	for door, how := range doors(s) {
		for name, c := range map[string]struct {
			args []string
			want string // "": refused
		}{
			"1.3":                  {[]string{"-tls1_3"}, "TLSv1.3"},
			"1.2":                  {[]string{"-tls1_2"}, "TLSv1.2"},
			"1.1":                  {append([]string{"-tls1_1"}, anything...), ""},
			"1.0":                  {append([]string{"-tls1"}, anything...), ""},
			"AES-GCM":              {[]string{"-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-GCM-SHA256"}, "TLSv1.2"},
			"ChaCha20":             {[]string{"-tls1_2", "-cipher", "ECDHE-ECDSA-CHACHA20-POLY1305"}, "TLSv1.2"},
			"CBC":                  {[]string{"-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA:ECDHE-ECDSA-AES256-SHA384:@SECLEVEL=0"}, ""},
			"no forward secrecy":   {[]string{"-tls1_2", "-cipher", "AES128-GCM-SHA256:AES256-SHA:@SECLEVEL=0"}, ""},
			"anonymous or nothing": {[]string{"-tls1_2", "-cipher", "aNULL:eNULL:@SECLEVEL=0"}, ""},
		} {
			t.Run(door+"/"+name, func(t *testing.T) {
				t.Parallel()
				out, ok := sClient(t, s.Addr(door), append(c.args, how...)...)
				said := "New, " + c.want
				if c.want == "" {
					said = " alert " // of the server's: OpenSSL itself was willing
				}
				if ok != (c.want != "") || !strings.Contains(out, said) {
					t.Errorf("accepted: %v, want %q\n%s", ok, c.want, out)
				}
			})
		}
	}
}

// TestALPN: XEP-0368 §4, RFC 7301: each port agrees to its own protocol.
func TestALPN(t *testing.T) {
	t.Parallel()
	s := start(t)
	for door, want := range map[string]string{"c2s-tls": "xmpp-client", "https": "http/1.1"} {
		if out, ok := sClient(t, s.Addr(door), "-alpn", "h2,"+want); !ok || !strings.Contains(out, "ALPN protocol: "+want+"\n") {
			t.Errorf("%s: %s", door, out)
		}
	}
	if out, ok := sClient(t, s.Addr("c2s-tls"), "-alpn", "http/1.1"); ok {
		t.Errorf("a handshake for HTTP on XMPP's port (ALPACA): %s", out)
	}
}

// TestServerNames: RFC 6066 §3, RFC 7590 §3.2: the name that the client asks for
// chooses the certificate, at each port.
func TestServerNames(t *testing.T) {
	t.Parallel()
	hosts := t.TempDir()
	other := filepath.Join(hosts, "other.example")
	if _, err := tlscert.Open(tlscert.Options{Dir: other, Domain: "other.example"}); err != nil {
		t.Fatal(err)
	}
	for from, to := range map[string]string{"self-signed.crt": "fullchain.pem", "self-signed.key": "privkey.pem"} {
		rename(t, filepath.Join(other, from), filepath.Join(other, to))
	}
	s := start(t, func(c *config.Config) { c.Domain, c.TLS.HostsDir = "chat.example", hosts })
	for door, how := range doors(s) {
		if door == "c2s" {
			how = []string{"-starttls", "xmpp", "-xmpphost", "chat.example"}
		}
		for asked, want := range map[string]string{"other.example": "other.example", "chat.example": "chat.example", "stranger.example": "chat.example"} {
			out, _ := sClient(t, s.Addr(door), append([]string{"-servername", asked}, how...)...)
			if !regexp.MustCompile(`(?m)^subject=CN ?= ?` + regexp.QuoteMeta(want) + `$`).MatchString(out) {
				t.Errorf("%s: asked for %s, want %s\n%s", door, asked, want, out)
			}
		}
	}
}
