package webclient

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"mime"
	"path"
	"strings"
)

// An asset is one file, ready to be sent.
type asset struct {
	contentType  string
	cacheControl string
	etag         string
	plain        []byte
	// zipped is nil where compression does not pay.
	zipped []byte
}

const (
	// Names under assets/ contain a hash of the content.
	forever    = "public, max-age=31536000, immutable"
	revalidate = "no-cache"
)

// load reads every file once. Keys are URL paths; a folder's index.html is
// found under the folder.
func load(fsys fs.FS) (map[string]*asset, error) {
	assets := make(map[string]*asset)
	err := fs.WalkDir(fsys, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := fs.ReadFile(fsys, name)
		if err != nil {
			return err
		}
		assets[urlPath(name)] = newAsset(name, content)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("webclient: read the built page: %w", err)
	}
	return assets, nil
}

func urlPath(name string) string {
	return "/" + strings.TrimSuffix(name, "index.html")
}

func newAsset(name string, content []byte) *asset {
	sum := sha256.Sum256(content)
	a := &asset{
		contentType:  contentType(name),
		cacheControl: revalidate,
		etag:         `"` + hex.EncodeToString(sum[:12]) + `"`,
		plain:        content,
		zipped:       zip(content),
	}
	if strings.HasPrefix(name, "assets/") {
		a.cacheControl = forever
	}
	return a
}

// contentType is fixed for what the build makes: the system's tables differ
// from machine to machine.
func contentType(name string) string {
	switch ext := path.Ext(name); ext {
	case ".html":
		return "text/html; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".json":
		return "application/json"
	case ".webmanifest":
		return "application/manifest+json"
	default:
		if t := mime.TypeByExtension(ext); t != "" {
			return t
		}
		return "application/octet-stream"
	}
}

// zip compresses, or returns nil when the result is hardly smaller.
func zip(content []byte) []byte {
	var buf bytes.Buffer
	w, err := gzip.NewWriterLevel(&buf, gzip.BestCompression)
	if err != nil {
		panic("webclient: gzip knows its own level: " + err.Error())
	}
	// Writing to memory does not fail.
	_, _ = w.Write(content)
	_ = w.Close()
	if buf.Len() > len(content)*9/10 {
		return nil
	}
	return buf.Bytes()
}
