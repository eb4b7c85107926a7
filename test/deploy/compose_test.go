package deploy_test

import (
	"encoding/json"
	"errors"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/internal/config"
)

// composeReader is the library of Docker Compose itself, with its checks: the
// schema of the specification, interpolation, and references.
const composeReader = "github.com/compose-spec/compose-go/v2/cmd@v2.16.2"

// project is the compose file as an engine sees it.
type project struct {
	Services map[string]service
	Networks map[string]struct {
		Internal bool
		IPAM     struct {
			Config []struct{ Subnet, Gateway string }
		}
	}
	Volumes map[string]any
}

type service struct {
	Image, User, Restart string
	Build                *struct{ Context, Dockerfile string }
	Entrypoint, Command  []string
	Environment          map[string]*string
	ReadOnly             bool     `json:"read_only"`
	CapDrop              []string `json:"cap_drop"`
	SecurityOpt          []string `json:"security_opt"`
	StopGracePeriod      string   `json:"stop_grace_period"`
	Networks             map[string]any
	Ports                []struct {
		HostIP    string `json:"host_ip"`
		Published string
		Target    int
	}
	Volumes []struct {
		Type, Source, Target string
		ReadOnly             bool `json:"read_only"`
	}
	DependsOn   map[string]struct{ Condition string } `json:"depends_on"`
	Healthcheck *struct{ Test []string }
}

// env is the environment, with all variables that have a value.
func (s service) env() (out []string) {
	for name, value := range s.Environment {
		if value != nil {
			out = append(out, name+"="+*value)
		}
	}
	slices.Sort(out)
	return out
}

// compose reads the compose file with these variables (NAME=value).
func compose(t *testing.T, variables ...string) project {
	t.Helper()
	dir, text := t.TempDir(), readFile(t, root, "docker-compose.yml")
	for _, v := range variables { // the library's command looks at no environment
		name, value, _ := strings.Cut(v, "=")
		text = regexp.MustCompile(`\$\{`+name+`:?-[^}]*\}`).ReplaceAllLiteralString(text, value)
	}
	writeFile(t, text, dir, "docker-compose.yml")
	cmd := exec.Command("go", "run", composeReader, "-format", "json", "docker-compose.yml")
	cmd.Dir = dir
	out, err := cmd.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		t.Fatalf("docker-compose.yml, or fetching %s: %s", composeReader, exit.Stderr)
	}
	if err != nil {
		t.Fatal(err)
	}
	var p project
	if err := json.Unmarshal(out, &p); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	return p
}

func TestCompose(t *testing.T) {
	t.Parallel()
	p := compose(t)
	parley := p.Services["parley"]
	if len(parley.Ports) == 0 {
		t.Error("nothing is published")
	}
	for _, port := range parley.Ports {
		if port.HostIP != "127.0.0.1" {
			t.Errorf("port %s is published on %q", port.Published, port.HostIP)
		}
	}
	if !parley.ReadOnly || !slices.Equal(parley.CapDrop, []string{"ALL"}) {
		t.Errorf("rights: %v, %v", parley.ReadOnly, parley.CapDrop)
	}
	if got := parley.DependsOn["postgres"].Condition; got != "service_healthy" || p.Services["postgres"].Healthcheck == nil {
		t.Errorf("parley starts when postgres is %q", got)
	}
	for _, name := range []string{"parley", "postgres"} {
		s := p.Services[name]
		if !slices.Contains(s.SecurityOpt, "no-new-privileges:true") {
			t.Errorf("%s: its programs may gain rights: %v", name, s.SecurityOpt)
		}
		if s.Restart != "unless-stopped" {
			t.Errorf("%s: restart %q", name, s.Restart)
		}
		for _, e := range s.env() {
			if regexp.MustCompile(`(?i)password=|://\S+:\S+@`).MatchString(e) {
				t.Errorf("%s: there is a password in its environment: %s", name, e)
			}
		}
	}
	if db := p.Services["postgres"]; len(db.Ports) > 0 || len(db.Networks) != 1 || !p.Networks["inside"].Internal {
		t.Errorf("others can reach postgres: %v, %v", db.Ports, db.Networks)
	}
	checkAgainstImage(t, p)
}

// checkAgainstImage compares what the file says with what the image has.
func checkAgainstImage(t *testing.T, p project) {
	t.Helper()
	parley := p.Services["parley"]
	cfg := load(t, parley)
	outside := p.Networks["outside"].IPAM.Config
	if len(outside) != 1 || len(cfg.LocalNetworks) != 1 || cfg.LocalNetworks[0].String() != outside[0].Gateway+"/32" {
		t.Errorf("local networks %v, the host is %v", cfg.LocalNetworks, outside)
	}
	if grace, err := time.ParseDuration(parley.StopGracePeriod); err != nil || grace <= cfg.ShutdownGrace {
		t.Errorf("the engine waits %s for the server to stop, which takes up to %s", grace, cfg.ShutdownGrace)
	}
	var targets []string
	for _, v := range parley.Volumes {
		targets = append(targets, v.Target)
		if v.Type == "volume" {
			if _, ok := p.Volumes[v.Source]; !ok {
				t.Errorf("there is no volume %s", v.Source)
			}
		}
		if v.ReadOnly == (v.Target == cfg.DataDir) {
			t.Errorf("%s: read-only is %v", v.Target, v.ReadOnly)
		}
	}
	if !slices.Contains(targets, cfg.DataDir) {
		t.Errorf("no volume for %s: %q", cfg.DataDir, targets)
	}
	for _, port := range parley.Ports {
		if !slices.Contains(cfg.Listeners(), "0.0.0.0:"+portNumber(port.Target)) {
			t.Errorf("nothing listens on published port %d: %q", port.Target, cfg.Listeners())
		}
	}
}

func portNumber(n int) string { b, _ := json.Marshal(n); return string(b) }

// load is the server's configuration in that service.
func load(t *testing.T, s service) *config.Config {
	t.Helper()
	// The file is there when the server starts.
	url := filepath.Join(t.TempDir(), "database-url")
	writeFile(t, "postgres://parley:secret@postgres:5432/parley?sslmode=disable", url)
	cfg, err := config.Load(append(append(imageEnv(t), s.env()...), "PARLEY_DATABASE_URL_FILE="+url), "")
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

// dotEnv is the example in README.md.
func dotEnv(t *testing.T) []string {
	t.Helper()
	block := regexp.MustCompile("(?s)```\n(PARLEY_DOMAIN=.*?)```").FindStringSubmatch(readFile(t, root, "README.md"))
	if block == nil {
		t.Fatal("README.md has no example of .env")
	}
	return strings.Fields(block[1])
}

// What README.md says about a service on the Internet.
func TestComposeForTheInternet(t *testing.T) {
	t.Parallel()
	p := compose(t, dotEnv(t)...)
	s := p.Services["parley"]
	cfg := load(t, s)
	if cfg.Domain != "example.org" || cfg.PublicURL != "https://example.org" || cfg.TLS.ACME.Domains[0] != "example.org" {
		t.Errorf("got %s, %s, %v", cfg.Domain, cfg.PublicURL, cfg.TLS.ACME)
	}
	if len(cfg.LocalNetworks) > 0 {
		t.Errorf("everybody counts as local: %v", cfg.LocalNetworks)
	}
	published := map[string]bool{}
	for _, port := range s.Ports {
		published[port.HostIP+":"+port.Published] = true
	}
	for _, want := range []string{"0.0.0.0:443", "0.0.0.0:5222", "0.0.0.0:5223"} {
		if !published[want] {
			t.Errorf("%s is not published: %v", want, published)
		}
	}
}

// Every variable of the file can be left out, and none is unknown to the server;
// README.md speaks of no others.
func TestComposeVariables(t *testing.T) {
	t.Parallel()
	text := readFile(t, root, "docker-compose.yml")
	for _, name := range regexp.MustCompile(`\$\{(\w+)\}`).FindAllStringSubmatch(text, -1) {
		t.Errorf("%s has no default", name[1])
	}
	known := []string{"PARLEY_PUBLISH", "PARLEY_HTTPS_PORT", "PARLEY_CERTS"} // of the file itself
	for _, m := range regexp.MustCompile(`(?m)^\s+(\w+): \$\{(\w+)`).FindAllStringSubmatch(text, -1) {
		if m[1] != m[2] {
			t.Errorf("%s is set from %s", m[1], m[2])
		}
		known = append(known, m[1])
	}
	for _, m := range regexp.MustCompile(`\$\{(\w+)`).FindAllStringSubmatch(text, -1) {
		if !slices.Contains(known, m[1]) {
			t.Errorf("%s is nowhere used", m[1])
		}
	}
	for _, line := range dotEnv(t) {
		if name, _, _ := strings.Cut(line, "="); !slices.Contains(known, name) {
			t.Errorf("docker-compose.yml does not know %s, which README.md sets", name)
		}
	}
}
