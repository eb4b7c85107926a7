//go:build !linux

package c2s

// watch is not there: on other systems readers go on waiting themselves.
type watch struct{}

func (*watch) close()         {}
func (*watch) add(*rest) bool { return false }
func (*watch) remove(*rest)   {}
