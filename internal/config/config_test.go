package config_test

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"parley/internal/config"
)

var update = flag.Bool("update", false, "rewrite docs/configuration.md")

// load reads text as the file parley.yaml.
func load(t testing.TB, text string, environ ...string) (*config.Config, error) {
	t.Helper()
	path := ""
	if text != "" {
		path = filepath.Join(t.TempDir(), "parley.yaml")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return config.Load(environ, path)
}

func mustLoad(t testing.TB, text string, environ ...string) *config.Config {
	t.Helper()
	c, err := load(t, text, environ...)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestDefault(t *testing.T) {
	t.Parallel()
	c := mustLoad(t, "", "HOME=/root", "PARLEY_TEST_POSTGRES=postgres:///x", "PARLEY_ALICE_PASSWORD=x")
	if len(c.Ignored) != 1 || c.Ignored[0] != "PARLEY_ALICE_PASSWORD" {
		t.Errorf("ignored: %q", c.Ignored)
	}
	c.Ignored = nil
	if !reflect.DeepEqual(c, config.Default()) {
		t.Error("nothing configured is not the default")
	}
	if c.Domain != "localhost" || c.HTTP.Addr != "127.0.0.1:5280" || c.C2S.Addr != "127.0.0.1:5222" || c.C2S.TLSAddr != "127.0.0.1:5223" {
		t.Errorf("got %+v", c)
	}
	if c.Registration != config.RegistrationOpen || !c.RequireTLS || !c.LoopbackOnly() || !c.LocalDomain() {
		t.Errorf("got %+v", c)
	}
	if l := c.Limits; l.StanzaSize != 262144 || l.AuthTimeout != 30*time.Second || l.RosterItems != 2000 || l.RateBytes != 20000 {
		t.Errorf("limits %+v", l)
	}
	if c.SQLitePath() != filepath.Join("data", "parley.db") {
		t.Errorf("database %s", c.SQLitePath())
	}
}

// The names that scripts rely on.
func TestEnvironment(t *testing.T) {
	t.Parallel()
	c := mustLoad(t, "domain: example.org\nlog: {level: warn}\n",
		"PARLEY_DATA_DIR=/srv/parley", "PARLEY_DOMAIN=chat.example.org", "PARLEY_HTTP_ADDR=127.0.0.1:0",
		"PARLEY_C2S_ADDR=[::1]:5222", "PARLEY_C2S_TLS_ADDR=", "PARLEY_DATABASE_URL=postgres:///parley",
		"PARLEY_REGISTRATION=invite", "PARLEY_REQUIRE_TLS=false", "PARLEY_LIMITS=off", "PARLEY_LOG_LEVEL=debug",
		"PARLEY_TRUSTED_PROXIES=10.0.0.0/8, ::1", "PARLEY_TLS_ACME_EMAIL=a@example.org",
		"PARLEY_LIMITS_ROSTER_ITEMS=5", "PARLEY_HTTP_ORIGINS=https://a.example,https://b.example:8443")
	got := []any{c.DataDir, c.Domain, c.HTTP.Addr, c.C2S.Addr, c.C2S.TLSAddr, c.Database.URL, c.Registration,
		c.RequireTLS, c.Log.Level, len(c.TrustedProxies), c.TLS.ACME.Email, c.Limits.RosterItems, len(c.HTTP.Origins)}
	want := []any{"/srv/parley", "chat.example.org", "127.0.0.1:0", "[::1]:5222", "", "postgres:///parley",
		config.RegistrationInvite, false, "debug", 2, "a@example.org", 5, 2}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	if c.Limits.RateBytes != 0 || c.Limits.ConnectionsPerAddress != 0 || c.Limits.StanzaSize == 0 {
		t.Errorf("limits off: %+v", c.Limits)
	}
}

func TestPathFromEnvironment(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a.yaml")
	if err := os.WriteFile(path, []byte("domain: a.example\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := config.Load([]string{"PARLEY_CONFIG=" + path}, "")
	if err != nil || c.Domain != "a.example" {
		t.Errorf("got %v, %v", c, err)
	}
	if _, err := config.Load([]string{"PARLEY_CONFIG=" + path}, path+".no"); err == nil {
		t.Error("--config does not win")
	}
}

func TestRegistrationFollowsTheListeners(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		env  []string
		want config.Registration
	}{
		"loopback":         {nil, config.RegistrationOpen},
		"localhost":        {[]string{"PARLEY_HTTP_ADDR=localhost:80"}, config.RegistrationOpen},
		"any address":      {[]string{"PARLEY_HTTP_ADDR=:80"}, config.RegistrationClosed},
		"TCP only, public": {[]string{"PARLEY_C2S_TLS_ADDR=0.0.0.0:5223"}, config.RegistrationClosed},
		"a name":           {[]string{"PARLEY_C2S_ADDR=chat.example.org:5222"}, config.RegistrationClosed},
		"mapped loopback":  {[]string{"PARLEY_C2S_ADDR=[::ffff:127.0.0.1]:5222"}, config.RegistrationOpen},
		"public, open":     {[]string{"PARLEY_HTTP_ADDR=:80", "PARLEY_REGISTRATION=open"}, config.RegistrationOpen},
	}
	for name, tt := range tests {
		if c := mustLoad(t, "", tt.env...); c.Registration != tt.want {
			t.Errorf("%s: got %s, want %s", name, c.Registration, tt.want)
		}
	}
}

// Printed and read back, the configuration is the same, whichever keys are set.
func TestPrintRoundTrip(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"default": "{}",
		"much": `
domain: chat.example.org
data_dir: "/srv/with \"quotes\" and \\ and ü"
public_url: https://chat.example.org:8443
registration: invite
require_tls: false
trusted_proxies: [10.0.0.0/8, "::1"]
shutdown_grace: 90s
http: {addr: "", tls_addr: ":443", origins: [https://a.example, "http://b.example:81"]}
c2s: {addr: ":5222", tls_addr: ":5223", proxy_protocol: true}
admin: {addr: ""}
tls:
  acme:
    domains:
      - chat.example.org
      - www.example.org
    email: a@example.org
database:
  url: "postgres://u:p%20w@db/parley?sslmode=disable"
sasl: {iterations: 4096}
log: {level: error, format: json}
limits:
  mode: default
  stanza_size: 1MiB
  rate_bytes: 0
  rate_bytes_burst: 0
  rate_stanzas: 7
  ping_interval: 1h
  dead_after: 1h30m5s
  outbound_queue: 3000001B
`,
		"limits off": "limits: {mode: off, roster_items: 7}\nregistration: auto\n",
	}
	for name, text := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := mustLoad(t, text)
			printed := printConfig(t, c, config.PrintOptions{Secrets: true})
			again, err := load(t, printed)
			if err != nil {
				t.Fatalf("%v\n%s", err, printed)
			}
			if !reflect.DeepEqual(c, again) {
				t.Errorf("got  %+v\nwant %+v\n%s", again, c, printed)
			}
		})
	}
}

func printConfig(t testing.TB, c *config.Config, o config.PrintOptions) string {
	t.Helper()
	var b bytes.Buffer
	if err := c.Print(&b, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestPrintExplainsEveryKey(t *testing.T) {
	t.Parallel()
	printed := printConfig(t, config.Default(), config.PrintOptions{})
	names, envs := config.Keys()
	for i, name := range names {
		last := name[strings.LastIndexByte(name, '.')+1:]
		if !strings.Contains(printed, last+": ") || !strings.Contains(printed, envs[i]) {
			t.Errorf("%s (%s) is not printed", name, envs[i])
		}
	}
	for line := range strings.Lines(printed) {
		if len(strings.TrimSuffix(line, "\n")) > 100 {
			t.Errorf("long line: %s", line)
		}
	}
}

func TestSecretsAreNotPrinted(t *testing.T) {
	t.Parallel()
	c := mustLoad(t, "", "PARLEY_DATABASE_URL=postgres://u:hunter2@db/parley")
	if s := printConfig(t, c, config.PrintOptions{}); strings.Contains(s, "hunter2") {
		t.Error("the password is printed")
	}
	file := filepath.Join(t.TempDir(), "url")
	if err := os.WriteFile(file, []byte("postgres://u:hunter2@db/parley\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c = mustLoad(t, "database: {url: 'postgres:///other'}", "PARLEY_DATABASE_URL_FILE="+file)
	if c.Database.URL != "postgres://u:hunter2@db/parley" {
		t.Errorf("got %q", c.Database.URL)
	}
	printed := printConfig(t, c, config.PrintOptions{Secrets: true})
	if again := mustLoad(t, printed); strings.Contains(printed, "hunter2") || !reflect.DeepEqual(c, again) {
		t.Error("a secret in a file of its own must stay there and be read from there")
	}
	c = mustLoad(t, "database: {url_file: "+file+"}", "PARLEY_DATABASE_URL=postgres:///mine")
	if c.Database.URL != "postgres:///mine" {
		t.Errorf("the variable does not win: %q", c.Database.URL)
	}
}

// Every mistake says where it stands and what to do.
func TestErrors(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		text string
		env  string
		want string // of the message, after the folder
	}{
		"unknown key":        {"domain: a.example\nreqiure_tls: true\n", "", "parley.yaml:2:1: there is no reqiure_tls; did you mean require_tls?"},
		"unknown in section": {"limits:\n  rooster_items: 5\n", "", "parley.yaml:2:3: there is no limits.rooster_items; did you mean limits.roster_items?"},
		"nothing like it":    {"wibble: 1\n", "", "parley.yaml:1:1: there is no wibble; see `parley config print` for all of them"},
		"unknown variable":   {"", "PARLEY_DATABSE_URL=x", "PARLEY_DATABSE_URL: there is no variable PARLEY_DATABSE_URL; did you mean PARLEY_DATABASE_URL?"},
		"number":             {"limits:\n  roster_items: many\n", "", `parley.yaml:2:17: limits.roster_items: "many" is not a whole number; write a whole number, 1 to 1000000`},
		"too small":          {"sasl: {iterations: 4095}", "", "parley.yaml:1:20: sasl.iterations: 4095 is too small; write a whole number, 4096 to 1000000"},
		"too large":          {"limits: {stanza_size: 1GiB}", "", "limits.stanza_size: 1GiB is too large; write a size such as 64KiB, 10kB to 64MiB"},
		"size":               {"limits: {stanza_size: 5 apples}", "", `"5 apples" is not a size`},
		"size overflow":      {"limits: {stanza_size: 99999999999GiB}", "", `"99999999999GiB" is not a size`},
		"duration":           {"", "PARLEY_SHUTDOWN_GRACE=10", `PARLEY_SHUTDOWN_GRACE: "10" is not a duration; write a duration such as 1m30s, 0s to 10m`},
		"bool":               {"require_tls: yes\n", "", `parley.yaml:1:14: require_tls: "yes" is neither true nor false; write true, false`},
		"choice":             {"", "PARLEY_REGISTRATION=opne", `PARLEY_REGISTRATION: "opne" is not one of its values; write auto, open, invite, closed`},
		"address":            {"", "PARLEY_HTTP_ADDR=5280", `PARLEY_HTTP_ADDR: "5280" is not host:port; write host:port, or empty: off`},
		"port":               {"", "PARLEY_HTTP_ADDR=localhost:65536", "has no port number"},
		"domain":             {"domain: a@b\n", "", `parley.yaml:1:9: domain: "a@b" is not a domain name in lower case`},
		"no domain":          {"domain: ''\n", "", "domain: is empty"},
		"network":            {"trusted_proxies: [10.0.0.0/33]", "", `"10.0.0.0/33" is neither an address nor a network`},
		"origin":             {"http: {origins: ['*']}", "", `"*" is not an origin`},
		"origin with path":   {"http: {origins: [https://a.example/x]}", "", "is not an origin"},
		"public url":         {"public_url: chat.example.org", "", "is not of the form https://host"},
		"list for scalar":    {"domain: [a, b]", "", "parley.yaml:1:9: domain: this is a list"},
		"scalar for list":    {"trusted_proxies: 10.0.0.1", "", "trusted_proxies: this is not a list"},
		"map for scalar":     {"domain: {a: b}", "", "domain: this is not a plain value"},
		"scalar for section": {"limits: off", "", "parley.yaml:1:9: limits: this is a section, not a value"},
		"no value":           {"domain:\n", "", "domain: has no value"},
		"twice":              {"domain: a.example\ndomain: b.example\n", "", "parley.yaml:2:1: "},
		"alias":              {"domain: &a a.example\ndata_dir: *a\n", "", "is not a plain value"},
		"not a mapping":      {"- a\n- b\n", "", "this is not a list of keys"},
		"two documents":      {"domain: a.example\n---\ndomain: b.example\n", "", "there is a second YAML document"},
		"no YAML":            {"domain: [a\nx", "", "parley.yaml:"},
		"database":           {"", "PARLEY_DATABASE_URL=mysql://u:hunter2@h/d", "PARLEY_DATABASE_URL: does not start with postgres://"},
		"database file":      {"", "PARLEY_DATABASE_URL_FILE=/nonexistent", "PARLEY_DATABASE_URL_FILE: /nonexistent: no such file or directory; name a file"},
		"both urls":          {"database: {url: 'postgres:///a', url_file: /dev/null}", "", "database.url is set, too"},
		"certificate":        {"tls: {cert_file: a.pem}", "", "parley.yaml:1:18: tls.cert_file: there is no tls.key_file; set both or none"},
		"key":                {"tls: {key_file: a.pem}", "", "there is no tls.cert_file"},
		"acme and file":      {"http: {tls_addr: ':443'}\ntls: {cert_file: a, key_file: b, acme: {domains: [a.example]}}", "", "tls.cert_file is set, too"},
		"acme without https": {"tls: {acme: {domains: [a.example]}}", "", "http.tls_addr is off"},
		"limits off":         {"http: {addr: ':80'}\nlimits: {mode: off}", "", "parley.yaml:2:16: limits.mode: limits can be off only while every listener is on loopback"},
		"limits off, env":    {"http: {addr: ':80'}", "PARLEY_LIMITS=off", "PARLEY_LIMITS: limits can be off only"},
		"one port":           {"http: {addr: ':80'}\nc2s: {addr: ':80'}", "", "c2s.addr: is the same address as http.addr"},
		"all off":            {"http: {addr: ''}\nc2s: {addr: '', tls_addr: ''}", "", "every listener is off"},
		"proxy untrusted":    {"c2s: {proxy_protocol: true}", "", "no proxy is trusted"},
		"dead before ping":   {"limits: {ping_interval: 2m}", "", "is not longer than limits.ping_interval"},
		"stanza sizes":       {"limits: {stanza_size: 10kB, stanza_size_unauthenticated: 20kB}", "", "is less than"},
		"queue":              {"limits: {outbound_queue: 64KiB}", "", "does not fit"},
		"rooms among users":  {"domain: example.org\nmuc: {host: example.org}", "", "is the domain of the accounts"},
		"rooms nowhere":      {"muc: {host: 'not a domain'}", "", "not a domain name"},
		"crowd too large":    {"muc: {occupants: 2049}", "", "does not fit"},
		"creator":            {"muc: {creators: [alice]}", "", "not an address"},
		"half a rate":        {"limits: {rate_bytes: 0}", "", "set both or none to 0"},
		"half a stanza rate": {"limits: {rate_stanzas: 0}", "", "set both or none to 0"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := load(t, tt.text, tt.env)
			var ce *config.Error
			if !errors.As(err, &ce) {
				t.Fatalf("got %v (%T), want an *Error", err, err)
			}
			got := err.Error()
			if !strings.Contains(got, tt.want) || strings.Contains(got, "\n") || strings.Contains(got, "hunter2") {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
			if tt.text != "" && tt.env == "" && ce.Line == 0 {
				t.Errorf("no line in %q", got)
			}
		})
	}
	if _, err := config.Load(nil, "/nonexistent/parley.yaml"); err == nil || !strings.Contains(err.Error(), "/nonexistent/parley.yaml: no such file") {
		t.Errorf("missing file: %v", err)
	}
}

func TestEmptyFile(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"# nothing\n", "---\n", "limits:\n", "{}", "limits: {}\n"} {
		if c := mustLoad(t, text); !reflect.DeepEqual(c, config.Default()) {
			t.Errorf("%q is not the default", text)
		}
	}
}

func TestDocumentation(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	if err := config.Markdown(&b); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join("..", "..", "docs", "configuration.md")
	if *update {
		if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil { //nolint:gosec // documentation
			t.Fatal(err)
		}
	}
	committed, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(committed, b.Bytes()) {
		t.Errorf("docs/configuration.md is not what the program says (%v): go test ./internal/config -update", err)
	}
}

// FuzzLoad: no file makes Load panic, and what it accepts it can print and read again.
func FuzzLoad(f *testing.F) {
	var b bytes.Buffer
	if err := config.Default().Print(&b, config.PrintOptions{}); err != nil {
		f.Fatal(err)
	}
	for _, s := range []string{b.String(), "limits:\n  mode: off\n", "a: &b [*b]\n", "? x\n: y\n", "<<: {domain: a}\n", "{", "!!int domain: a", "\"\\x\": 1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if text == "" {
			return
		}
		c, err := load(t, text)
		if err != nil {
			return
		}
		printed := printConfig(t, c, config.PrintOptions{Secrets: true})
		again, err := load(t, printed)
		if err != nil || !reflect.DeepEqual(c, again) {
			t.Errorf("%v\n%s\n%s", err, text, printed)
		}
	})
}
