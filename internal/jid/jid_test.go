package jid_test

import (
	"strings"
	"testing"

	xmppjid "mellium.im/xmpp/jid"

	"parley/internal/jid"
)

var cases = map[string]struct {
	in   string
	want string // empty: refused
}{
	"bare":                 {"juliet@example.org", "juliet@example.org"},
	"full":                 {"juliet@example.org/balcony", "juliet@example.org/balcony"},
	"domain":               {"example.org", "example.org"},
	"domain with resource": {"example.org/x", "example.org/x"},
	"case":                 {"Juliet@Example.ORG/Balcony", "juliet@example.org/Balcony"},
	"unicode":              {"Ŝárka@EXÄMPLE.org/Büro", "ŝárka@exämple.org/Büro"},
	"punycode":             {"a@xn--exmple-cua.org", "a@exämple.org"},
	"resource is opaque":   {"a@b/c@d/e", "a@b/c@d/e"},
	"IPv4":                 {"a@127.0.0.1", "a@127.0.0.1"},
	"IPv6":                 {"a@[::1]", "a@[::1]"},
	"dot at the end":       {"a@b.", "a@b"},
	"dots at the end":      {"a@b..", ""},
	"empty":                {"", ""},
	"no domain":            {"a@", ""},
	"no local":             {"@b", ""},
	"empty resource":       {"a@b/", ""},
	"space in local":       {"a b@c", ""},
	"quote in local":       {`a"@b`, ""},
	"ampersand in local":   {"a&@b", ""},
	"slash in local":       {"a/b@c", "a/b@c"}, // a domain with a resource
	"two at signs":         {"a@b@c", ""},
	"control in resource":  {"a@b/\x00", ""},
	"not UTF-8":            {"a@b/\xff", ""},
	"local too long":       {strings.Repeat("a", 1024) + "@b", ""},
	"local just fits":      {strings.Repeat("a", 1023) + "@b", strings.Repeat("a", 1023) + "@b"},
	"resource too long":    {"a@b/" + strings.Repeat("a", 1024), ""},
	"resource just fits":   {"a@b/" + strings.Repeat("a", 1023), "a@b/" + strings.Repeat("a", 1023)},
	"domain too long":      {"a@" + strings.Repeat("a.", 511) + "aa", ""},
}

func TestParse(t *testing.T) {
	t.Parallel()
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j, err := jid.Parse(c.in)
			if (err == nil) != (c.want != "") || j.String() != c.want {
				t.Errorf("got %q, %v; want %q", j, err, c.want)
			}
			if err != nil && len(err.Error()) > 300 {
				t.Errorf("long error: %v", err)
			}
		})
	}
}

func TestParts(t *testing.T) {
	t.Parallel()
	j := jid.MustParse("a@b.c/d/e@f")
	if j.Local() != "a" || j.Domain() != "b.c" || j.Resource() != "d/e@f" {
		t.Errorf("parts %q %q %q", j.Local(), j.Domain(), j.Resource())
	}
	if bare := j.Bare(); bare.String() != "a@b.c" || !bare.IsBare() || bare.Resource() != "" || bare != jid.MustParse("A@B.c") {
		t.Errorf("bare %q", bare)
	}
	if d := jid.MustParse("b.c/x"); d.Local() != "" || d.Domain() != "b.c" || d.Resource() != "x" || d.Bare() != jid.MustParse("b.c") {
		t.Errorf("domain with resource: %q %q %q", d.Local(), d.Domain(), d.Resource())
	}
	full, err := j.Bare().WithResource("Å b")
	if err != nil || full.Resource() != "Å b" {
		t.Errorf("WithResource: %q, %v", full, err)
	}
	var zero jid.JID
	if !zero.IsZero() || zero.String() != "" || zero.Local() != "" || zero.Domain() != "" || zero.Bare() != zero {
		t.Error("the zero JID is not empty")
	}
}

func TestNewRefusesSeparators(t *testing.T) {
	t.Parallel()
	for _, parts := range [][3]string{{"a@b", "c", ""}, {"a/b", "c", ""}, {"", "a@b", ""}, {"", "a/b", ""}, {"a", "b/c", ""}, {"a", "b@c", "d"}, {"a", "", ""}, {"", "", "x"}, {"", "", ""}} {
		if j, err := jid.New(parts[0], parts[1], parts[2]); err == nil {
			t.Errorf("New(%q) = %q", parts, j)
		}
	}
}

// stable reports whether mellium accepts and keeps what it has prepared.
func stable(m xmppjid.JID) bool {
	again, err := xmppjid.Parse(m.String())
	return err == nil && again.Equal(m)
}

// FuzzParse compares with mellium: the same addresses are accepted, with the
// same parts, and what is printed is its own prepared form.
func FuzzParse(f *testing.F) {
	for _, c := range cases {
		f.Add(c.in)
	}
	for _, s := range []string{
		strings.Repeat("a", 64) + ".b", "a-b.c", "-a.b", "a--b.c", "ab--c.d", "a_b.c", "1.2.3.4", "a@1", "256.1.1.1", "a.b.", "a@b/ ", "a@b/\u200d",
		"ﬃ@b", "a@b/①", "\u0130@b", "ß@ß", "a@[::1", "a@[1.2.3.4]", "0x7f.1", "a@xn--a", "xn--zca.b", "a@b。c", "a@٠.b",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		j, err := jid.Parse(s)
		m, merr := xmppjid.Parse(s)
		if (err == nil) != (merr == nil) && stable(m) {
			t.Fatalf("%q: we say %v, mellium %v", s, err, merr)
		}
		if err != nil {
			return
		}
		if j.String() != m.String() || j.Local() != m.Localpart() || j.Domain() != m.Domainpart() || j.Resource() != m.Resourcepart() {
			t.Fatalf("%q: we say %q, mellium %q", s, j, m)
		}
		if again, err := jid.Parse(j.String()); err != nil || again != j {
			t.Fatalf("%q is prepared as %q, then as %q (%v)", s, j, again, err)
		}
		if n, err := jid.New(j.Local(), j.Domain(), j.Resource()); err != nil || n != j {
			t.Fatalf("%q from its parts: %q (%v)", j, n, err)
		}
	})
}

// BenchmarkParse: the usual address costs no PRECIS.
func BenchmarkParse(b *testing.B) {
	for name, s := range map[string]string{"simple": "juliet@example.org/balcony-1", "unicode": "ŝárka@exämple.org/Büro"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := jid.Parse(s); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// New prepares parts just as the library does.
func TestNew(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a", jid.MaxPart)
	locals := []string{"", "juliet", "Juliet", "a.b-c_d", "a@b", "a/b", "ŝ", "a b", long, long + "a"}
	domains := []string{"", "example.org", "Example.ORG", "a..b", "xn--exmple-cua.org", "-a", "a@b", "a/b", long + "a"}
	resources := []string{"", "Balcony", "a/b", "a@b", " ", "\x00", "Büro", long, long + "a"}
	for _, local := range locals {
		for _, domain := range domains {
			for _, resource := range resources {
				want, wantErr := xmppjid.New(local, domain, resource)
				got, err := jid.New(local, domain, resource)
				if wantErr == nil && !stable(want) {
					continue
				}
				if (err == nil) != (wantErr == nil) || got.String() != want.String() {
					t.Errorf("New(%.20q, %.20q, %.20q) = %.40q, %v; want %.40q, %v", local, domain, resource, got, err, want, wantErr)
				}
				if err == nil && (got.Local() != want.Localpart() || got.Domain() != want.Domainpart() || got.Resource() != want.Resourcepart()) {
					t.Errorf("New(%.20q, %.20q, %.20q) has the parts %.20q, %.20q, %.20q", local, domain, resource, got.Local(), got.Domain(), got.Resource())
				}
			}
		}
	}
}
