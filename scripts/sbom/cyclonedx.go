package main

import (
	"runtime/debug"
	"strings"
)

// bom is a CycloneDX document, as far as it is used here.
type bom struct {
	Format       string       `json:"bomFormat"`
	SpecVersion  string       `json:"specVersion"`
	Version      int          `json:"version"`
	Metadata     metadata     `json:"metadata"`
	Components   []component  `json:"components"`
	Dependencies []dependency `json:"dependencies"`
}

type metadata struct {
	Component component `json:"component"`
}

type component struct {
	Type       string     `json:"type"`
	Ref        string     `json:"bom-ref"`
	Name       string     `json:"name"`
	Version    string     `json:"version,omitempty"`
	Hashes     []hash     `json:"hashes,omitempty"`
	Licenses   []license  `json:"licenses,omitempty"`
	PURL       string     `json:"purl,omitempty"`
	Properties []property `json:"properties,omitempty"`
}

type hash struct {
	Algorithm string `json:"alg"`
	Content   string `json:"content"`
}

type license struct {
	Expression string `json:"expression"`
}

type property struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// dependency: what the server is made of; who of them needs whom is not told.
type dependency struct {
	Ref       string   `json:"ref"`
	DependsOn []string `json:"dependsOn"`
}

func describe(info *debug.BuildInfo, packages []component) bom {
	root := component{Type: "application", Ref: "parley", Name: info.Main.Path, Version: info.Main.Version}
	parts := append(modules(info), packages...)
	all := dependency{Ref: root.Ref}
	for _, p := range parts {
		all.DependsOn = append(all.DependsOn, p.Ref)
	}
	return bom{
		Format: "CycloneDX", SpecVersion: "1.6", Version: 1,
		Metadata: metadata{root}, Components: parts, Dependencies: []dependency{all},
	}
}

// modules are those whose code was linked, and the standard library.
func modules(info *debug.BuildInfo) []component {
	out := []component{module("std", strings.TrimPrefix(info.GoVersion, "go"), "")}
	for _, m := range info.Deps {
		if m.Replace != nil {
			m = m.Replace
		}
		out = append(out, module(m.Path, m.Version, m.Sum))
	}
	return out
}

func module(path, version, sum string) component {
	purl := "pkg:golang/" + strings.ToLower(path) + "@" + version
	c := component{Type: "library", Ref: purl, Name: path, Version: version, PURL: purl}
	if sum != "" { // of a tree of files, as in go.sum: no hash of CycloneDX's
		c.Properties = []property{{"golang:h1", sum}}
	}
	return c
}
