package version_test

import (
	"testing"

	"parley/internal/xep/version"
	"parley/internal/xmpptest/modtest"
)

func TestVersion(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		opts version.Options
		want string
	}{
		"defaults": {version.Options{}, `<name>Parley</name><version>unknown</version>`},
		"all": {
			version.Options{Name: "Exodus", Version: "0.7.0.4", OS: "Windows-XP 5.01.2600"},
			`<name>Exodus</name><version>0.7.0.4</version><os>Windows-XP 5.01.2600</os>`,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := modtest.New(t).Add(version.New(tt.opts))
			romeo := b.Bind(t, "romeo@localhost/orchard")
			romeo.Ask(`<iq type='get' id='version_1' to='localhost'><query xmlns='jabber:iq:version'/></iq>`,
				`<iq type='result' id='version_1' from='localhost' to='romeo@localhost/orchard'>`+
					`<query xmlns='jabber:iq:version'>`+tt.want+`</query></iq>`)
		})
	}
}
