// Package archtest keeps the arrows between packages pointing down, as
// ARCHITECTURE.md draws them, and asks every package for one package comment.
package archtest

import (
	"encoding/json"
	"errors"
	"go/parser"
	"go/token"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const moduleName = "parley/"

// arrows says what of ours a package may import; a name ending in "/..." stands
// for the packages below it, "*" for all. The longest key that fits counts.
var arrows = map[string][]string{
	"stanza":                {},
	"internal/jid":          {},
	"internal/config":       {},
	"internal/tlscert":      {},
	"internal/failpoint":    {},
	"internal/stanzaid":     {},
	"internal/sparing":      {},
	"internal/audit":        {},
	"internal/httpd":        {"internal/sparing"},
	"internal/memory":       {},
	"webclient":             {},
	"migrations":            {},
	"storage":               {},
	"storage/sqlstore":      {"storage", "migrations", "internal/failpoint"},
	"storage/postgres":      {"storage", "storage/sqlstore"},
	"storage/sqlite":        {"storage", "storage/sqlstore"},
	"storage/storagetest":   {"storage", "storage/sqlstore", "migrations"},
	"internal/pgtest":       {},
	"internal/sasl":         {"internal/jid", "storage"},
	"internal/module":       {"internal/jid", "storage", "stanza"},
	"internal/router":       {"internal/module", "internal/jid", "stanza"},
	"internal/session":      {"internal/router", "internal/module", "internal/failpoint", "internal/jid", "stanza"},
	"c2s":                   {"internal/session", "internal/failpoint", "internal/router", "internal/module", "internal/sasl", "internal/sparing", "internal/tlscert", "internal/jid", "storage", "stanza"},
	"roster":                featureMayImport,
	"presence":              featureMayImport,
	"internal/xep/...":      featureMayImport,
	"internal/xep/muc":      append([]string{"internal/xep/muc/..."}, featureMayImport...),
	"internal/admin":        {"internal/module", "internal/sasl", "internal/jid", "storage"},
	"internal/server":       {"*"},
	"internal/xmpptest":     {"*"},
	"internal/archtest":     {},
	"cmd/...":               {"internal/server", "internal/admin", "internal/audit", "internal/config", "storage/..."},
	"bench/...":             {"*"},
	"scripts/...":           {},
	"test/...":              {"*"},
	"internal/xmpptest/...": {"*"},
}

// featureMayImport: a feature never imports another one, c2s, session or router.
var featureMayImport = []string{"internal/module", "internal/jid", "storage", "stanza"}

type pkg struct {
	ImportPath, Dir string
	GoFiles         []string
	TestGoFiles     []string
	Imports         []string
}

func (p pkg) name() string { return strings.TrimPrefix(p.ImportPath, moduleName) }

func packages(t *testing.T) []pkg {
	t.Helper()
	out, err := exec.Command("go", "list", "-json=ImportPath,Dir,GoFiles,TestGoFiles,Imports", moduleName+"...").Output()
	if err != nil {
		t.Fatal(err)
	}
	var all []pkg
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

func TestArrowsPointDown(t *testing.T) {
	t.Parallel()
	all := packages(t)
	if len(all) < 20 {
		t.Fatalf("only %d packages were found", len(all))
	}
	for _, p := range all {
		allowed, known := rule(p.name())
		if !known {
			t.Errorf("%s: say in archtest what it may import", p.name())
			continue
		}
		for _, imported := range p.Imports {
			if name, ours := strings.CutPrefix(imported, moduleName); ours && !matches(allowed, name) {
				t.Errorf("%s must not import %s", p.name(), name)
			}
		}
	}
}

// rule returns the entry of the longest key that fits.
func rule(name string) ([]string, bool) {
	if a, ok := arrows[name]; ok {
		return a, true
	}
	for dir := name; dir != "."; dir = filepath.Dir(dir) {
		if a, ok := arrows[dir+"/..."]; ok {
			return a, true
		}
	}
	return nil, false
}

func matches(allowed []string, name string) bool {
	return slices.ContainsFunc(allowed, func(a string) bool {
		below, tree := strings.CutSuffix(a, "/...")
		return a == "*" || a == name || tree && (name == below || strings.HasPrefix(name, below+"/"))
	})
}

func TestOnePackageComment(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		files := p.GoFiles
		if len(files) == 0 {
			files = p.TestGoFiles
		}
		n := 0
		for _, f := range files {
			parsed, err := parser.ParseFile(token.NewFileSet(), filepath.Join(p.Dir, f), nil, parser.ParseComments|parser.PackageClauseOnly)
			if err != nil {
				t.Fatal(err)
			}
			if parsed.Doc != nil {
				n++
			}
		}
		if n != 1 && len(files) > 0 {
			t.Errorf("%s has %d package comments, want 1", p.name(), n)
		}
	}
}
