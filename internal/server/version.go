package server

import "runtime/debug"

// release is set at release: -ldflags "-X parley/internal/server.release=1.2.3".
var release = ""

// Version names the build: the release, or the commit it was built from.
func Version() string {
	if release != "" {
		return release
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "development"
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && len(s.Value) >= 12 {
			return "development " + s.Value[:12]
		}
	}
	return "development"
}
