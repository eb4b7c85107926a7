package websocket

import (
	"strings"
	"testing"
)

// goodText is valid UTF-8 that XML allows.
var goodText = map[string]string{
	"6.2.1":       "Hello-µ@ßöäüàá-UTF-8!!",
	"6.5.1":       "κόσμε",
	"6.6 Chinese": "你好世界",
	"6.7 lowest":  "\u0080\u0800\U00010000",
	"6.9 highest": "\u007f\u07ff\ud7ff\ue000\ufffd\U0010ffff",
	"6.11.5":      "\U0010fffd",
	"6.22 others": "\U0001fffe\U0001ffff\U0010fffe\ufdd0\ufdef",
}

// badBytes is not UTF-8.
var badBytes = map[string]string{
	"6.3.1":                         "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed\xa0\x80edited",
	"6.4 beyond Unicode":            "\xce\xba\xf4\x90\x80\x80edited",
	"6.8.1 five bytes":              "\xf8\x88\x80\x80\x80",
	"6.8.2 six bytes":               "\xfc\x84\x80\x80\x80\x80",
	"6.10.1":                        "\xf7\xbf\xbf\xbf",
	"6.10.2":                        "\xfb\xbf\xbf\xbf\xbf",
	"6.10.3":                        "\xfd\xbf\xbf\xbf\xbf\xbf",
	"6.12.1 continuation alone":     "\x80",
	"6.12.2":                        "\xbf",
	"6.12.8":                        "\x80\xbf\x80\xbf\x80\xbf\xbe",
	"6.13 beginnings alone":         "\xc0 \xc1 \xc2 \xdf ",
	"6.13.2":                        "\xe0 \xe1 \xef ",
	"6.13.3":                        "\xf0 \xf1 \xf7 ",
	"6.14.1 last byte missing":      "\xc0",
	"6.14.2":                        "\xe0\x80",
	"6.14.3":                        "\xf0\x80\x80",
	"6.14.6":                        "\xdf",
	"6.14.7":                        "\xef\xbf",
	"6.14.8":                        "\xf7\xbf\xbf",
	"6.15.1 many of them":           "\xc0\xe0\x80\xf0\x80\x80\xf8\x80\x80\x80\xfc\x80\x80\x80\x80\xdf\xef\xbf\xf7\xbf\xbf\xfb\xbf\xbf\xbf\xfd\xbf\xbf\xbf\xbf",
	"6.16.1 impossible":             "\xfe",
	"6.16.2":                        "\xff",
	"6.16.3":                        "\xfe\xfe\xff\xff",
	"6.17.1 overlong":               "\xc0\xaf",
	"6.17.2":                        "\xe0\x80\xaf",
	"6.17.3":                        "\xf0\x80\x80\xaf",
	"6.17.4":                        "\xf8\x80\x80\x80\xaf",
	"6.17.5":                        "\xfc\x80\x80\x80\x80\xaf",
	"6.18.1 overlong at the border": "\xc1\xbf",
	"6.18.2":                        "\xe0\x9f\xbf",
	"6.18.3":                        "\xf0\x8f\xbf\xbf",
	"6.19.1 overlong NUL":           "\xc0\x80",
	"6.19.2":                        "\xe0\x80\x80",
	"6.20.1 surrogates":             "\xed\xa0\x80",
	"6.20.4":                        "\xed\xaf\xbf",
	"6.20.7":                        "\xed\xbf\xbf",
	"6.21.1 pairs of surrogates":    "\xed\xa0\x80\xed\xb0\x80",
	"6.21.8":                        "\xed\xaf\xbf\xed\xbf\xbf",
}

// TestUTF8 is group 6: text is UTF-8, wherever it is cut into fragments (RFC 6455
// §5.6); what is not ends the stream and the WebSocket (§8.1).
func TestUTF8(t *testing.T) {
	t.Parallel()
	s := start(t, manyFragments)
	cases := map[string]func(*testing.T, *socket){
		"6.1.2 empty fragments": func(_ *testing.T, c *socket) {
			e := c.envelope("x")
			frames := append(encode(text, ""), encode(continuation, "")...)
			frames = append(frames, encode(continuation, e)...)
			c.Send(string(append(frames, encode(fin|continuation, "")...)))
			c.echoed(e)
		},
	}
	for name, good := range goodText {
		cases[name+" valid"] = func(_ *testing.T, c *socket) {
			e := c.envelope(good)
			for n := range 4 { // cut within characters
				c.Send(string(fragments(e, n+1)))
				c.echoed(e)
			}
			c.frame(fin|text, e)
			c.echoed(e)
		}
	}
	for name, bad := range badBytes {
		cases[name] = func(_ *testing.T, c *socket) {
			c.frame(fin|text, c.envelope(bad))
			c.expectNotUTF8()
		}
		cases[name+" in fragments"] = func(_ *testing.T, c *socket) {
			c.Send(string(fragments(c.envelope(bad), 1)))
			c.expectNotUTF8()
		}
	}
	runAll(t, s, cases)
	t.Run("6.22 what XML does not allow", func(t *testing.T) {
		t.Parallel()
		c := bound(t, s)
		c.frame(fin|text, c.envelope("\ufffe"))
		if m := strings.Join(c.expectClose(1000), ""); !strings.Contains(m, "<not-well-formed ") {
			t.Errorf("got %q", m)
		}
	})
}

func (c *socket) expectNotUTF8() {
	c.t.Helper()
	if m := strings.Join(c.expectClose(1007), ""); m != "" && !strings.Contains(m, "<not-well-formed ") {
		c.t.Errorf("got %q", m)
	}
}
