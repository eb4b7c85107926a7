package webclient

import (
	"net/http"
	"strconv"
	"strings"
)

// Handler serves the page for this configuration. It answers GET and HEAD;
// requests for upgrades and other paths belong to handlers before it.
func Handler(cfg Config) http.Handler {
	cfg = cfg.withDefaults()
	assets, err := load(files())
	if err != nil {
		panic(err) // The files are in the binary: unreadable means unbuildable.
	}
	config := newAsset("config.json", cfg.json())
	config.cacheControl = "no-store"
	assets["/config.json"] = config
	return &handler{cfg: cfg, assets: assets}
}

// handler is read-only after construction.
type handler struct {
	cfg    Config
	assets map[string]*asset
}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.confine(w.Header(), r)
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		return
	}
	a := h.assets[r.URL.Path]
	switch {
	case a != nil:
		a.serve(w, r)
	case h.assets[r.URL.Path+"/"] != nil:
		redirectToFolder(w, r)
	default:
		http.Error(w, "not found", http.StatusNotFound)
	}
}

// redirectToFolder adds the slash; relative, so that a proxy's prefix stays.
func redirectToFolder(w http.ResponseWriter, r *http.Request) {
	name := r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]
	w.Header().Set("Location", "./"+name+"/")
	w.WriteHeader(http.StatusMovedPermanently)
}

func (a *asset) serve(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Cache-Control", a.cacheControl)
	h.Set("ETag", a.etag)
	h.Add("Vary", "Accept-Encoding")
	if matches(r.Header.Get("If-None-Match"), a.etag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	body := a.plain
	if a.zipped != nil && acceptsGzip(r.Header.Values("Accept-Encoding")) {
		h.Set("Content-Encoding", "gzip")
		body = a.zipped
	}
	h.Set("Content-Type", a.contentType)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if r.Method == http.MethodHead {
		return
	}
	// The reader may be gone; there is nobody left to tell.
	_, _ = w.Write(body)
}

// matches compares weakly (RFC 9110 §13.1.2).
func matches(header, etag string) bool {
	for candidate := range strings.SplitSeq(header, ",") {
		candidate = strings.TrimPrefix(strings.TrimSpace(candidate), "W/")
		if candidate == etag || candidate == "*" {
			return true
		}
	}
	return false
}

// acceptsGzip reads Accept-Encoding (RFC 9110 §12.5.3): gzip or * without q=0.
func acceptsGzip(values []string) bool {
	wildcard := false
	for item := range strings.SplitSeq(strings.Join(values, ","), ",") {
		coding, params, _ := strings.Cut(item, ";")
		switch strings.ToLower(strings.TrimSpace(coding)) {
		case "gzip", "x-gzip":
			return !refused(params)
		case "*":
			wildcard = !refused(params)
		}
	}
	return wildcard
}

func refused(params string) bool {
	q, found := strings.CutPrefix(strings.ToLower(strings.TrimSpace(params)), "q=")
	if !found {
		return false
	}
	weight, err := strconv.ParseFloat(strings.TrimSpace(q), 64)
	return err != nil || weight <= 0
}
