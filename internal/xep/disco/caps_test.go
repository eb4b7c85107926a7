package disco

import (
	"testing"

	"parley/internal/module"
)

// XEP-0115 §5.2 and §5.3.
func TestVer(t *testing.T) {
	t.Parallel()
	features := []string{ // in an order that has to be undone
		"http://jabber.org/protocol/muc",
		"http://jabber.org/protocol/disco#items",
		"http://jabber.org/protocol/caps",
		"http://jabber.org/protocol/disco#info",
	}
	psi := func(lang, name string) identity {
		return identity{module.Identity{Category: "client", Type: "pc", Name: name}, lang}
	}
	tests := map[string]struct {
		in   info
		want string
	}{
		"simple": {
			info{identities: []identity{psi("", "Exodus 0.9.1")}, features: features},
			"QgayPKawpkPSDYmwT/WM94uAlu0=",
		},
		"complex": {
			info{
				identities: []identity{psi("en", "Psi 0.11"), psi("el", "Ψ 0.11")},
				features:   features,
				forms: []form{{"urn:xmpp:dataforms:softwareinfo", []field{
					{"software_version", []string{"0.11"}},
					{"ip_version", []string{"ipv6", "ipv4"}},
					{"os", []string{"Mac"}},
					{"software", []string{"Psi"}},
					{"os_version", []string{"10.5.1"}},
				}}},
			},
			"q07IKJEyjvHSyhy//CH0CxmKi8w=",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := tt.in.ver(); got != tt.want {
				t.Errorf("ver() = %q of %q, want %q", got, tt.in.input(), tt.want)
			}
		})
	}
}
