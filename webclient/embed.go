// Package webclient serves the chat page: the built TypeScript sources of this
// folder, embedded in the binary.
//
// Handler answers
//
//	/             the chat page
//	/classic/     the page in the manner of 2013
//	/assets/…     their scripts and sheets, named by content and cached for ever
//	/config.json  what the page must know of this server
//
// and sends the headers that confine the page: its own scripts only, its own
// origin only. Everything is compressed once, when the handler is made. The
// package knows nothing of the rest of the server.
package webclient

import (
	"embed"
	"io/fs"
)

// Built by `npm run build` in this folder and committed, so that the server
// builds with Go alone.
//
//go:embed all:dist
var built embed.FS

// files is what is served, with the paths of the URLs.
func files() fs.FS {
	sub, err := fs.Sub(built, "dist")
	if err != nil {
		panic("webclient: dist is embedded under a constant name: " + err.Error())
	}
	return sub
}
