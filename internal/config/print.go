package config

import (
	"fmt"
	"io"
	"strings"
)

// PrintOptions say how a Config is printed.
type PrintOptions struct {
	Secrets bool // print what may hold a password, too
}

// Print writes c as YAML with the meaning of every key. Read back, it gives
// the same configuration; without PrintOptions.Secrets, only if no secret is set.
func (c *Config) Print(w io.Writer, o PrintOptions) error {
	var b strings.Builder
	b.WriteString("# Parley's configuration. Every key may be left out; an environment variable\n# wins over this file.\n")
	section, defaults := "", Default()
	for _, k := range keys {
		parent, name := splitName(k.name)
		if parent != section {
			printSection(&b, parent)
			section = parent
		}
		indent := strings.Repeat("  ", depth(k.name))
		v := k.at(c)
		b.WriteString("\n")
		comment(&b, indent, k.doc)
		comment(&b, indent, fmt.Sprintf("%s (%s). Default: %s", k.Env(), v.accepts(), k.at(defaults).yaml()))
		b.WriteString(indent + name + ": " + printed(k, v, c, o) + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// printed leaves secrets out, saying so.
func printed(k key, v value, c *Config, o PrintOptions) string {
	hidden := k.name == "database.url" && c.Database.URLFile != "" // it stands in that file
	switch {
	case hidden:
		return `""`
	case k.secret && !o.Secrets && v.yaml() != `""`:
		return `"" # set, not printed; see --secrets`
	}
	return v.yaml()
}

func printSection(b *strings.Builder, name string) {
	_, last := splitName(name)
	indent := strings.Repeat("  ", depth(name))
	b.WriteString("\n")
	comment(b, indent, sections[name])
	b.WriteString(indent + last + ":\n")
}

func splitName(name string) (parent, last string) {
	if i := strings.LastIndexByte(name, '.'); i >= 0 {
		return name[:i], name[i+1:]
	}
	return "", name
}

func depth(name string) int { return strings.Count(name, ".") }

// comment writes text as lines of at most 80 columns.
func comment(b *strings.Builder, indent, text string) {
	line := indent + "#"
	for word := range strings.FieldsSeq(text) {
		if len(line)+1+len(word) > 80 {
			b.WriteString(line + "\n")
			line = indent + "#"
		}
		line += " " + word
	}
	b.WriteString(line + "\n")
}
