// Command sbom writes the bill of materials of a built server as CycloneDX 1.6
// in JSON (ECMA-424): the Go modules as the binary itself names them, and the
// packages that are in the web client, which the binary contains. Two runs over
// the same files write the same text: there is no time and no serial number.
//
// It says what is there, not under which licence a Go module is: the build does
// not know that.
package main

import (
	"debug/buildinfo"
	"encoding/json"
	"fmt"
	"io"
	"os"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: sbom BINARY PACKAGE-LOCK")
		os.Exit(2)
	}
	if err := write(os.Stdout, os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "sbom:", err)
		os.Exit(1)
	}
}

func write(w io.Writer, binary, lock string) error {
	info, err := buildinfo.ReadFile(binary)
	if err != nil {
		return err
	}
	packages, err := readLock(lock)
	if err != nil {
		return err
	}
	out := json.NewEncoder(w)
	out.SetIndent("", "  ")
	out.SetEscapeHTML(false)
	return out.Encode(describe(info, packages))
}
