// Package config holds Parley's configuration: one struct, read once at the
// start from a YAML file and PARLEY_* environment variables, checked as a
// whole, and printed back with the meaning of every key.
//
// All keys stand in one table (keys.go): name, meaning, what is accepted and
// where the value lives. Reading, the environment, `parley config print` and
// docs/configuration.md are made from it, so they cannot disagree. Nothing is
// global: the environment and the path are handed in, and a Config is only
// read after Load.
//
// An unknown key or a bad value is an *Error that says where it stands and what
// to write instead.
package config
