package httpd

import (
	"net/http"
	"strconv"
	"time"
)

// hstsAge is how long browsers shall remember; each visit starts it anew.
const hstsAge = 180 * 24 * time.Hour

// StrictTransport makes browsers come back by HTTPS only (RFC 6797 §6.1). It is
// for an HTTPS listener that the host is reached by as port 443: what browsers
// remember holds for the host and all its ports. Sub-domains are not included,
// they may be somebody else's.
func StrictTransport(h http.Handler) http.Handler {
	value := "max-age=" + strconv.Itoa(int(hstsAge.Seconds()))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Strict-Transport-Security", value)
		h.ServeHTTP(w, r)
	})
}
