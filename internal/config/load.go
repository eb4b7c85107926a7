package config

import (
	"errors"
	"io/fs"
	"os"
	"slices"
	"sort"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// EnvFile names the configuration file if no path is given.
const EnvFile = "PARLEY_CONFIG"

// envTests begins the names of variables that only the tests read.
const envTests = "PARLEY_TEST_"

// Load reads the file at path, or the one that PARLEY_CONFIG names, or none;
// then the PARLEY_* variables of environ ("name=value", as os.Environ returns
// them), which win; then checks the whole. Every error is an *Error.
func Load(environ []string, path string) (*Config, error) {
	env := parleyEnv(environ)
	if path == "" {
		path = env[EnvFile]
	}
	l := &loader{config: Default(), origins: map[string]origin{}}
	if path != "" {
		if err := l.file(path); err != nil {
			return nil, err
		}
	}
	if err := l.env(env); err != nil {
		return nil, err
	}
	if err := l.databaseURL(); err != nil {
		return nil, err
	}
	l.config.derive()
	if err := l.check(); err != nil {
		return nil, err
	}
	return l.config, nil
}

func parleyEnv(environ []string) map[string]string {
	out := map[string]string{}
	for _, e := range environ {
		name, v, _ := strings.Cut(e, "=")
		if strings.HasPrefix(name, "PARLEY_") && !strings.HasPrefix(name, envTests) {
			out[name] = v
		}
	}
	return out
}

// loader remembers where each value came from.
type loader struct {
	config  *Config
	origins map[string]origin // by key
}

func (l *loader) file(path string) error {
	text, err := os.ReadFile(path) //nolint:gosec // the operator names it
	if err != nil {
		return &Error{File: path, Problem: cause(err), Advice: "name an existing file with --config or " + EnvFile}
	}
	return l.text(path, text)
}

// cause is the plain reason of a file error, without the path.
func cause(err error) string {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err.Error()
	}
	return err.Error()
}

func (l *loader) text(path string, text []byte) error {
	doc, err := parser.ParseBytes(text, 0)
	if err != nil {
		return syntaxError(path, err)
	}
	for i, d := range doc.Docs {
		switch {
		case d.Body == nil:
		case i > 0:
			return at(path, d.Body).error("", "there is a second YAML document", "keep everything in one")
		default:
			if err := l.mapping(path, "", d.Body); err != nil {
				return err
			}
		}
	}
	return nil
}

func syntaxError(path string, err error) error {
	var ye yaml.Error
	if errors.As(err, &ye) && ye.GetToken() != nil {
		p := ye.GetToken().Position
		return &Error{File: path, Line: p.Line, Column: p.Column, Problem: ye.GetMessage(), Advice: "mend the YAML there"}
	}
	return &Error{File: path, Problem: "is not YAML", Advice: "compare it with `parley config print`"}
}

func at(path string, n ast.Node) origin {
	p := n.GetToken().Position
	return origin{file: path, line: p.Line, column: p.Column}
}

// mapping sets the keys below prefix.
func (l *loader) mapping(path, prefix string, n ast.Node) error {
	switch n := n.(type) {
	case *ast.MappingNode:
		for _, v := range n.Values {
			if err := l.entry(path, prefix, v); err != nil {
				return err
			}
		}
		return nil
	case *ast.MappingValueNode:
		return l.entry(path, prefix, n)
	case *ast.NullNode: // a section with nothing below it
		return nil
	case *ast.CommentGroupNode:
		return nil
	}
	if prefix == "" {
		return at(path, n).error("", "this is not a list of keys", "write lines of the form `key: value`, see `parley config print`")
	}
	return at(path, n).error(prefix, "this is a section, not a value", "indent its keys below it, see `parley config print`")
}

func (l *loader) entry(path, prefix string, n *ast.MappingValueNode) error {
	name := n.Key.GetToken().Value
	if prefix != "" {
		name = prefix + "." + name
	}
	where := at(path, n.Key)
	if isSection(name) {
		return l.mapping(path, name, n.Value)
	}
	k, ok := findKey(name)
	if !ok {
		return unknown(where, name, keyNames(), "")
	}
	if old, twice := l.origins[name]; twice && old.file != "" {
		return where.error(name, "stands here a second time", "keep one of the two")
	}
	where = at(path, n.Value)
	l.origins[name] = where
	return l.node(k, where, n.Value)
}

func (l *loader) node(k key, where origin, n ast.Node) error {
	v := k.at(l.config)
	switch n := n.(type) {
	case *ast.SequenceNode:
		lv, ok := v.(list)
		if !ok {
			return where.error(k.name, "this is a list", "write "+v.accepts())
		}
		items := make([]string, 0, len(n.Values))
		for _, it := range n.Values {
			s, ok := scalar(it)
			if !ok {
				return at(where.file, it).error(k.name, "this is not a plain value", "write "+v.accepts()+", in quotes if need be")
			}
			items = append(items, s)
		}
		return explain(where, k, v, lv.setList(items))
	case *ast.NullNode:
		return where.error(k.name, "has no value", "write "+v.accepts()+`, or "" for empty`)
	}
	s, ok := scalar(n)
	if !ok {
		return where.error(k.name, "this is not a plain value", "write "+v.accepts()+", in quotes if need be")
	}
	if _, isList := v.(list); isList {
		return where.error(k.name, "this is not a list", "write "+v.accepts()+" as [one, two]")
	}
	return explain(where, k, v, v.set(s))
}

// scalar returns the text of a plain value; anchors, aliases and tags are none.
func scalar(n ast.Node) (string, bool) {
	switch n := n.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.LiteralNode:
		return n.Value.Value, true
	case *ast.BoolNode, *ast.IntegerNode, *ast.FloatNode:
		return n.GetToken().Value, true
	}
	return "", false
}

func explain(where origin, k key, v value, err error) error {
	if err == nil {
		return nil
	}
	return where.error(k.name, err.Error(), "write "+v.accepts())
}

// unknown is the error for a name that does not exist.
func unknown(where origin, name string, names []string, what string) error {
	advice := "see `parley config print` for all of them"
	if c := closest(name, names); c != "" {
		advice = "did you mean " + c + "?"
	}
	return where.error("", "there is no "+what+name, advice)
}

// isSlip reports whether a variable is one of the known ones but for a slip of
// the pen.
func isSlip(name string, known []string) bool {
	return slices.ContainsFunc(known, func(k string) bool { return len(name) > len("PARLEY_")+5 && distance(name, k) <= 2 })
}

// env sets what the variables say, in a fixed order so that the first error is
// always the same.
func (l *loader) env(env map[string]string) error {
	byEnv := map[string]key{}
	known := []string{EnvFile}
	for _, k := range keys {
		byEnv[k.Env()] = k
		known = append(known, k.Env())
	}
	names := make([]string, 0, len(env))
	for n := range env {
		names = append(names, n)
	}
	sort.Strings(names)
	for _, n := range names {
		k, ok := byEnv[n]
		switch {
		case n == EnvFile:
			continue
		case !ok && isSlip(n, known):
			return unknown(origin{env: n}, n, known, "variable ")
		case !ok: // somebody else's, such as a script's around the server
			l.config.Ignored = append(l.config.Ignored, n)
			continue
		}
		where := origin{env: n}
		l.origins[k.name] = where
		v := k.at(l.config)
		if err := explain(where, k, v, v.set(env[n])); err != nil {
			return err
		}
	}
	return nil
}
