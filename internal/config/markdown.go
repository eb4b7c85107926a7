package config

import (
	"fmt"
	"io"
	"strings"
)

const markdownHead = `# Configuration

Parley needs none: without a file it serves ` + "`localhost`" + ` on loopback and keeps its
data in ` + "`./data`" + `. A YAML file is named with ` + "`--config`" + ` or ` + "`PARLEY_CONFIG`" + `; an
environment variable wins over the file. ` + "`parley config print`" + ` prints the
configuration in force as such a file, with every key explained;
` + "`parley config check`" + ` says where it is wrong. An unknown key, a variable that is like one of these, or a
bad value, stops the start.

Sizes are numbers with a unit: 1 kB is 1000 bytes, 1 KiB is 1024. Durations look
like ` + "`30s`" + `, ` + "`10m`" + ` or ` + "`1h30m`" + `. In a variable the items of a list stand between
commas.

This page is made from the program: ` + "`go test ./internal/config -update`" + `.
`

// Markdown writes docs/configuration.md.
func Markdown(w io.Writer) error {
	var b strings.Builder
	b.WriteString(markdownHead)
	section, defaults := "-", Default()
	for _, k := range keys {
		parent, _ := splitName(k.name)
		if parent != section {
			markdownSection(&b, parent)
			section = parent
		}
		v := k.at(defaults)
		fmt.Fprintf(&b, "| `%s` | `%s` | `%s` | %s Accepts: %s. |\n", k.name, k.Env(), v.yaml(), cell(k.doc), cell(v.accepts()))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func markdownSection(b *strings.Builder, name string) {
	title, text := name, sections[name]
	if name == "" {
		title, text = "The server", "Keys at the top of the file."
	}
	fmt.Fprintf(b, "\n## %s\n\n%s\n\n| key | variable | default | meaning |\n| --- | --- | --- | --- |\n", title, text)
}

func cell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }
