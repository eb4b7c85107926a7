package httpd

import (
	"encoding/json"
	"encoding/xml"
	"net/http"
)

const (
	relWebSocket = "urn:xmpp:alt-connections:websocket" // XEP-0156 §3

)

type link struct {
	Rel  string `xml:"rel,attr" json:"rel"`
	Href string `xml:"href,attr" json:"href"`
}

// hostMeta: XEP-0156 §3.2. It is for pages of other sites too, so any may read it.
func (h *handler) hostMeta(w http.ResponseWriter, r *http.Request) {
	if !hostMetaHeaders(w, r, "application/xrd+xml; charset=utf-8") {
		return
	}
	doc := struct {
		XMLName xml.Name `xml:"http://docs.oasis-open.org/ns/xri/xrd-1.0 XRD"`
		Links   []link   `xml:"Link"`
	}{Links: h.links(r)}
	_, _ = w.Write([]byte(xml.Header))
	_ = xml.NewEncoder(w).Encode(doc) // the client may be gone
}

// hostMetaJSON: XEP-0156 §3.3, RFC 6415 §3.
func (h *handler) hostMetaJSON(w http.ResponseWriter, r *http.Request) {
	if !hostMetaHeaders(w, r, "application/json") {
		return
	}
	_ = json.NewEncoder(w).Encode(map[string][]link{"links": h.links(r)}) // the client may be gone
}

func hostMetaHeaders(w http.ResponseWriter, r *http.Request, contentType string) bool {
	w.Header().Set("Access-Control-Allow-Origin", "*") // XEP-0156 §3.2
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		w.Header().Set("Content-Type", contentType)
		w.Header().Set("X-Content-Type-Options", "nosniff")
		return true
	case http.MethodOptions:
		w.Header().Set("Access-Control-Allow-Methods", "GET, HEAD, OPTIONS")
		w.WriteHeader(http.StatusNoContent)
		return false
	}
	w.Header().Set("Allow", "GET, HEAD, OPTIONS")
	http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
	return false
}

func (h *handler) links(r *http.Request) []link {
	url := h.WebSocketURL
	if url == "" {
		scheme := "ws://"
		if h.clients.client(r).Secure {
			scheme = "wss://"
		}
		url = scheme + r.Host + WebSocketPath
	}
	return []link{{Rel: relWebSocket, Href: url}}
}
