//go:build unix && !linux

package main

// inOwnMounts needs Linux.
func inOwnMounts() (code int, done bool) { return 0, false }
