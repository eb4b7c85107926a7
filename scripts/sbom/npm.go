package main

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
)

// locked is a package in package-lock.json, version 3.
type locked struct {
	Version, Integrity, License string
	Dev, DevOptional            bool
}

// readLock returns the packages that go into the page: no tools, and nothing
// that is there for the tools' sake.
func readLock(path string) ([]component, error) {
	text, err := os.ReadFile(path) // #nosec G304 -- whoever runs it names the file
	if err != nil {
		return nil, err
	}
	var lock struct{ Packages map[string]locked }
	if err := json.Unmarshal(text, &lock); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	var out []component
	for _, folder := range slices.Sorted(maps.Keys(lock.Packages)) {
		p := lock.Packages[folder]
		if folder == "" || p.Dev || p.DevOptional {
			continue
		}
		c, err := p.component(folder[strings.LastIndex(folder, "node_modules/")+len("node_modules/"):])
		if err != nil {
			return nil, fmt.Errorf("%s: %s: %w", path, folder, err)
		}
		out = append(out, c)
	}
	return out, nil
}

func (p locked) component(name string) (component, error) {
	purl := "pkg:npm/" + strings.Replace(name, "@", "%40", 1) + "@" + p.Version
	c := component{Type: "library", Ref: purl, Name: name, Version: p.Version, PURL: purl}
	if p.License != "" {
		c.Licenses = []license{{p.License}}
	}
	sum, ok := strings.CutPrefix(p.Integrity, "sha512-")
	if !ok {
		return c, fmt.Errorf("integrity %q is not SHA-512", p.Integrity)
	}
	b, err := base64.StdEncoding.DecodeString(sum)
	c.Hashes = []hash{{"SHA-512", hex.EncodeToString(b)}}
	return c, err
}
