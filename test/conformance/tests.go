package conformance

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// tests is what there is to show a rule with, by package folder.
type tests struct {
	functions   map[string]map[string]bool
	cases       map[string]map[string]bool // strings and files of testdata, which cases are named after
	transcripts map[string]bool
}

// findTests reads all tests below root.
func findTests(root string) (*tests, error) {
	found := &tests{
		functions: map[string]map[string]bool{}, cases: map[string]map[string]bool{}, transcripts: map[string]bool{},
	}
	err := filepath.WalkDir(root, func(file string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (entry.Name() == "node_modules" || strings.HasPrefix(entry.Name(), ".") && file != root):
			return filepath.SkipDir
		case strings.HasSuffix(file, "_test.go"):
			return found.readFile(root, file)
		case strings.Contains(file, "/testdata/") && !entry.IsDir():
			dir, _, _ := strings.Cut(file, "/testdata/")
			return found.addCase(root, dir, entry.Name())
		case strings.HasSuffix(file, ".txtar"):
			found.transcripts[strings.TrimSuffix(entry.Name(), ".txtar")] = true
		}
		return nil
	})
	return found, err
}

// dir returns a folder as rows write it, and makes room for its tests.
func (ts *tests) dir(root, name string) (string, error) {
	rel, err := filepath.Rel(root, name)
	rel = filepath.ToSlash(rel)
	if ts.functions[rel] == nil {
		ts.functions[rel], ts.cases[rel] = map[string]bool{}, map[string]bool{}
	}
	return rel, err
}

func (ts *tests) addCase(root, folder, name string) error {
	dir, err := ts.dir(root, folder)
	ts.cases[dir][name] = true
	return err
}

var testName = regexp.MustCompile(`^(Test|Fuzz)[A-Z0-9]`)

func (ts *tests) readFile(root, file string) error {
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	dir, err := ts.dir(root, filepath.Dir(file))
	if err != nil {
		return err
	}
	ast.Inspect(parsed, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncDecl:
			if n.Recv == nil && testName.MatchString(n.Name.Name) {
				ts.functions[dir][n.Name.Name] = true
			}
		case *ast.BasicLit:
			if s, err := strconv.Unquote(n.Value); err == nil && n.Kind == token.STRING {
				ts.cases[dir][s] = true
			}
		}
		return true
	})
	return nil
}

// lacks says what is missing of a proof, or "".
func (ts *tests) lacks(proof string) string {
	if name, ok := strings.CutPrefix(proof, "transcript "); ok {
		if !ts.transcripts[name] {
			return "no such transcript: " + name
		}
		return ""
	}
	parts := goTest.FindStringSubmatch(proof)
	if parts == nil {
		return "no such test: " + proof
	}
	dir, name, c := parts[1], parts[2], parts[3]
	if ts.functions[dir] == nil {
		dir = path.Join("test", dir)
	}
	switch {
	case !ts.functions[dir][name]:
		return "no such test: " + proof
	case c != "" && !ts.cases[dir][c]:
		return "no such case: " + proof
	}
	return ""
}

// goTest is a package folder, a test and perhaps a case.
var goTest = regexp.MustCompile(`^([a-z0-9/]+)\.((?:Test|Fuzz)[A-Za-z0-9_]+)(?:/(.+))?$`)
