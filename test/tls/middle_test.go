package tls_test

import (
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/xdg-go/scram"

	"parley/internal/xmpptest"
)

// stream is a client's, over TLS whose certificate it believes.
type stream struct {
	*tls.Conn
	t   *testing.T
	got bytes.Buffer
}

// dial goes as far as the features.
func dial(t *testing.T, addr string, version uint16) (s *stream, features string) {
	t.Helper()
	conn, err := tls.DialWithDialer(&net.Dialer{Timeout: xmpptest.Patience}, "tcp", addr, &tls.Config{
		InsecureSkipVerify: true, ServerName: "localhost", MinVersion: version, MaxVersion: version, //nolint:gosec // a client that was fooled
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	s = &stream{Conn: conn, t: t}
	s.send("<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='localhost' version='1.0'>")
	return s, s.until("</stream:features>")
}

func (s *stream) send(text string) {
	s.t.Helper()
	if _, err := io.WriteString(s, text); err != nil {
		s.t.Fatal(err)
	}
}

func (s *stream) until(marks ...string) string {
	s.t.Helper()
	_ = s.SetReadDeadline(time.Now().Add(xmpptest.Patience))
	for b := make([]byte, 4096); ; {
		for _, mark := range marks {
			if before, _, ok := strings.Cut(s.got.String(), mark); ok {
				return string(s.got.Next(len(before) + len(mark)))
			}
		}
		n, err := s.Read(b)
		s.got.Write(b[:n])
		if err != nil {
			s.t.Fatalf("got %q and %v, want %q", s.got.String(), err, marks)
		}
	}
}

// login returns the server's last word.
func (s *stream) login(mechanism string, conv *scram.ClientConversation) string {
	s.t.Helper()
	s.send(fmt.Sprintf("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='%s'>%s</auth>", mechanism, s.step(conv, "")))
	answer := s.until("</challenge>", "</failure>")
	if !strings.Contains(answer, "<challenge") {
		return answer
	}
	_, challenge, _ := strings.Cut(strings.TrimSuffix(answer, "</challenge>"), ">")
	s.send("<response xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>" + s.step(conv, challenge) + "</response>")
	return s.until("</success>", "</failure>")
}

func (s *stream) step(conv *scram.ClientConversation, challenge string) string {
	s.t.Helper()
	text, err := base64.StdEncoding.DecodeString(challenge)
	if err != nil {
		s.t.Fatal(err)
	}
	answer, err := conv.Step(string(text))
	if err != nil {
		s.t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString([]byte(answer))
}

func exporter(t *testing.T, cs tls.ConnectionState) scram.ChannelBinding {
	t.Helper()
	cb, err := scram.NewTLSExporterBinding(&cs)
	if err != nil {
		t.Fatal(err)
	}
	return cb
}

func endPoint(_ *testing.T, cs tls.ConnectionState) scram.ChannelBinding {
	sum := sha256.Sum256(cs.PeerCertificates[0].Raw)
	return scram.ChannelBinding{Type: scram.ChannelBindingTLSServerEndpoint, Data: sum[:]}
}

// TestManInTheMiddle: RFC 9266 §4, RFC 5929 §4: who logs in bound to the channel
// cannot log in through somebody who ends the TLS, whatever certificate is
// shown; with the server's own key only tls-exporter notices.
func TestManInTheMiddle(t *testing.T) {
	t.Parallel()
	s := start(t)
	direct := s.Addr("c2s-tls")
	passing := middle(t, direct, nil, nil).Addr().String()
	fake := middle(t, direct, ownCertificate(t), nil).Addr().String()
	thief := middle(t, direct, stolenCertificate(t, s), nil).Addr().String()
	const in, out = "<success", "<not-authorized/>"
	for name, c := range map[string]struct {
		addr    string
		binding func(*testing.T, tls.ConnectionState) scram.ChannelBinding
		want    string
	}{
		"nobody between, exporter":          {direct, exporter, in},
		"nobody between, end point":         {direct, endPoint, in},
		"encrypted bytes passed, exporter":  {passing, exporter, in},
		"encrypted bytes passed, end point": {passing, endPoint, in},
		"another certificate, exporter":     {fake, exporter, out},
		"another certificate, end point":    {fake, endPoint, out},
		"stolen key, exporter":              {thief, exporter, out},
		"stolen key, end point":             {thief, endPoint, in},
	} {
		for versionName, version := range map[string]uint16{"1.2": tls.VersionTLS12, "1.3": tls.VersionTLS13} {
			t.Run(name+", "+versionName, func(t *testing.T) {
				t.Parallel()
				stream, features := dial(t, c.addr, version)
				if !strings.Contains(features, "SCRAM-SHA-256-PLUS") {
					t.Fatalf("not offered: %s", features)
				}
				client, err := scram.SHA256.NewClient("alice", xmpptest.Password, "")
				if err != nil {
					t.Fatal(err)
				}
				got := stream.login("SCRAM-SHA-256-PLUS", client.NewConversationWithChannelBinding(c.binding(t, stream.ConnectionState())))
				if !strings.Contains(got, c.want) {
					t.Errorf("got %s, want %s", got, c.want)
				}
			})
		}
	}
}

// TestManInTheMiddleHidesBinding: RFC 5802 §6: who takes the -PLUS mechanisms out
// of the list makes the client say that it could have bound ("y"), signed.
func TestManInTheMiddleHidesBinding(t *testing.T) {
	t.Parallel()
	s := start(t)
	fake := middle(t, s.Addr("c2s-tls"), ownCertificate(t), withoutPlus).Addr().String()
	for name, c := range map[string]struct{ header, want string }{
		"client that can bind":    {"y,,", "<not-authorized/>"},
		"client that never binds": {"n,,", "<challenge"}, // nothing protects it
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			stream, features := dial(t, fake, tls.VersionTLS13)
			if strings.Contains(features, "-PLUS") || !strings.Contains(features, "SCRAM-SHA-256<") {
				t.Fatalf("not what this test is about: %s", features)
			}
			first := base64.StdEncoding.EncodeToString([]byte(c.header + "n=alice,r=abcdefghijkl"))
			stream.send("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='SCRAM-SHA-256'>" + first + "</auth>")
			if got := stream.until("</challenge>", "</failure>"); !strings.Contains(got, c.want) {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}
