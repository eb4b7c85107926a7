package ping_test

import (
	"testing"

	"parley/internal/module"
	"parley/internal/xep/ping"
	"parley/internal/xmpptest/modtest"
)

var _ module.Module = (*ping.Module)(nil)

const unserved = `<error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>`

func TestPing(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ attrs, want string }{
		"server":  {`to='localhost'`, `<iq type='result' id='1' from='localhost' to='romeo@localhost/orchard'/>`},
		"no to":   {``, `<iq type='result' id='1' from='romeo@localhost' to='romeo@localhost/orchard'/>`},
		"own":     {`to='romeo@localhost'`, `<iq type='result' id='1' from='romeo@localhost' to='romeo@localhost/orchard'/>`},
		"other":   {`to='juliet@localhost'`, `<iq type='error' id='1' from='juliet@localhost' to='romeo@localhost/orchard'>` + unserved + `</iq>`},
		"unknown": {`to='nobody@localhost'`, `<iq type='error' id='1' from='nobody@localhost' to='romeo@localhost/orchard'>` + unserved + `</iq>`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := modtest.New(t).Add(ping.New())
			b.AddAccount("romeo@localhost", "juliet@localhost")
			romeo := b.Bind(t, "romeo@localhost/orchard")
			romeo.Ask(`<iq type='get' id='1' `+tt.attrs+`><ping xmlns='urn:xmpp:ping'/></iq>`, tt.want)
		})
	}
}
