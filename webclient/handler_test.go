package webclient_test

import (
	"compress/gzip"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"parley/webclient"
)

func serve(t *testing.T, cfg webclient.Config, method, target string, edit ...func(*http.Request)) *http.Response {
	t.Helper()
	r := httptest.NewRequest(method, target, nil)
	r.Host = "chat.example.org"
	for _, f := range edit {
		f(r)
	}
	w := httptest.NewRecorder()
	webclient.Handler(cfg).ServeHTTP(w, r)
	return w.Result()
}

func body(t *testing.T, res *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func header(key, value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set(key, value) }
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		method, target string
		status         int
		contentType    string
		cache          string
	}{
		"page":            {"GET", "/", 200, "text/html; charset=utf-8", "no-cache"},
		"page, HEAD":      {"HEAD", "/", 200, "text/html; charset=utf-8", "no-cache"},
		"classic":         {"GET", "/classic/", 200, "text/html; charset=utf-8", "no-cache"},
		"classic folder":  {"GET", "/classic", 301, "", ""},
		"icon":            {"GET", "/icon.svg", 200, "image/svg+xml", "no-cache"},
		"config":          {"GET", "/config.json", 200, "application/json", "no-store"},
		"no listing":      {"GET", "/assets/", 404, "text/plain; charset=utf-8", ""},
		"no folder":       {"GET", "/assets", 404, "text/plain; charset=utf-8", ""},
		"unknown":         {"GET", "/nowhere", 404, "text/plain; charset=utf-8", ""},
		"index by name":   {"GET", "/index.html", 404, "text/plain; charset=utf-8", ""},
		"climbing":        {"GET", "/../embed.go", 404, "text/plain; charset=utf-8", ""},
		"climbing, coded": {"GET", "/%2e%2e/embed.go", 404, "text/plain; charset=utf-8", ""},
		"POST":            {"POST", "/", 405, "text/plain; charset=utf-8", ""},
		"OPTIONS":         {"OPTIONS", "/config.json", 405, "text/plain; charset=utf-8", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			res := serve(t, webclient.Config{Domain: "example.org"}, tt.method, tt.target)
			if res.StatusCode != tt.status {
				t.Errorf("status: got %d, want %d", res.StatusCode, tt.status)
			}
			if got := res.Header.Get("Content-Type"); got != tt.contentType {
				t.Errorf("content type: got %q, want %q", got, tt.contentType)
			}
			if got := res.Header.Get("Cache-Control"); got != tt.cache {
				t.Errorf("cache control: got %q, want %q", got, tt.cache)
			}
			if got := res.Header.Get("X-Content-Type-Options"); got != "nosniff" {
				t.Errorf("nosniff: got %q", got)
			}
			if tt.method == "HEAD" && body(t, res) != "" {
				t.Error("HEAD: got a body")
			}
			if tt.status == 405 && res.Header.Get("Allow") != "GET, HEAD" {
				t.Errorf("allow: got %q", res.Header.Get("Allow"))
			}
		})
	}
}

func TestFolderRedirectIsRelative(t *testing.T) {
	t.Parallel()
	res := serve(t, webclient.Config{}, "GET", "/classic")
	if got, want := res.Header.Get("Location"), "./classic/"; got != want {
		t.Errorf("location: got %q, want %q", got, want)
	}
}

var reference = regexp.MustCompile(`(?:src|href)="([^"]+)"`)

func TestEveryReferencedFileIsServed(t *testing.T) {
	t.Parallel()
	for page, base := range map[string]string{"/": "/", "/classic/": "/classic/"} {
		found := 0
		for _, m := range reference.FindAllStringSubmatch(body(t, serve(t, webclient.Config{}, "GET", page)), -1) {
			target := resolve(base, m[1])
			res := serve(t, webclient.Config{}, "GET", target)
			if res.StatusCode != 200 {
				t.Errorf("%s refers to %s: got %d", page, target, res.StatusCode)
			}
			if !strings.HasPrefix(target, "/assets/") {
				continue
			}
			found++
			if got, want := res.Header.Get("Cache-Control"), "public, max-age=31536000, immutable"; got != want {
				t.Errorf("%s: cache control: got %q, want %q", target, got, want)
			}
		}
		if found < 2 {
			t.Errorf("%s refers to %d hashed files, want a script and a sheet at least", page, found)
		}
	}
}

func resolve(base, ref string) string {
	if strings.HasPrefix(ref, "../") {
		return "/" + strings.TrimPrefix(ref, "../")
	}
	return base + strings.TrimPrefix(ref, "./")
}

func TestPagesNeedNothingInline(t *testing.T) {
	t.Parallel()
	inline := regexp.MustCompile(`(?i)<script(?:[^>]*)>[^<]|<style|\son[a-z]+=|\sstyle=|https?://`)
	for _, page := range []string{"/", "/classic/"} {
		if m := inline.FindString(body(t, serve(t, webclient.Config{}, "GET", page))); m != "" {
			t.Errorf("%s: %q would break its policy", page, m)
		}
	}
}

func TestGzip(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		accept string
		zipped bool
	}{
		"absent":        {"", false},
		"browser":       {"gzip, deflate, br, zstd", true},
		"weighted":      {"br;q=1.0, gzip;q=0.5", true},
		"any":           {"*", true},
		"refused":       {"gzip;q=0", false},
		"any but gzip":  {"*, gzip;q=0", false},
		"all refused":   {"*;q=0", false},
		"other":         {"br", false},
		"broken weight": {"gzip;q=x", false},
	}
	want := body(t, serve(t, webclient.Config{}, "GET", "/classic/"))
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			res := serve(t, webclient.Config{}, "GET", "/classic/", header("Accept-Encoding", tt.accept))
			if got := res.Header.Get("Content-Encoding") == "gzip"; got != tt.zipped {
				t.Fatalf("gzip: got %v, want %v", got, tt.zipped)
			}
			if got := res.Header.Get("Vary"); got != "Accept-Encoding" {
				t.Errorf("vary: got %q", got)
			}
			if tt.zipped {
				z, err := gzip.NewReader(res.Body)
				if err != nil {
					t.Fatal(err)
				}
				res.Body = io.NopCloser(z)
			}
			if body(t, res) != want {
				t.Error("the content differs")
			}
		})
	}
}

func TestNotModified(t *testing.T) {
	t.Parallel()
	etag := serve(t, webclient.Config{}, "GET", "/").Header.Get("ETag")
	for _, sent := range []string{etag, "W/" + etag, `"other", ` + etag, "*"} {
		res := serve(t, webclient.Config{}, "GET", "/", header("If-None-Match", sent))
		if res.StatusCode != http.StatusNotModified || body(t, res) != "" {
			t.Errorf("If-None-Match %s: got %d", sent, res.StatusCode)
		}
	}
	if res := serve(t, webclient.Config{}, "GET", "/", header("If-None-Match", `"other"`)); res.StatusCode != 200 {
		t.Errorf("another tag: got %d, want 200", res.StatusCode)
	}
}

func TestConfig(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		cfg  webclient.Config
		want map[string]any
	}{
		"defaults": {
			webclient.Config{Domain: "localhost"},
			map[string]any{
				"domain": "localhost", "websocketPath": "/xmpp-websocket",
				"registration": "closed", "version": "", "demo": false,
			},
		},
		"all": {
			webclient.Config{Domain: "ex.org", WebSocketPath: "/ws", Registration: webclient.RegistrationOpen, Version: "1.2", Demo: true},
			map[string]any{
				"domain": "ex.org", "websocketPath": "/ws",
				"registration": "open", "version": "1.2", "demo": true,
			},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got map[string]any
			if err := json.Unmarshal([]byte(body(t, serve(t, tt.cfg, "GET", "/config.json"))), &got); err != nil {
				t.Fatal(err)
			}
			if len(got) != len(tt.want) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
			for k, v := range tt.want {
				if got[k] != v {
					t.Errorf("%s: got %v, want %v", k, got[k], v)
				}
			}
		})
	}
}

func TestPolicy(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		host    string
		connect string
	}{
		"name":        {"chat.example.org", "'self' ws://chat.example.org wss://chat.example.org"},
		"port":        {"127.0.0.1:5280", "'self' ws://127.0.0.1:5280 wss://127.0.0.1:5280"},
		"IPv6":        {"[::1]:5280", "'self' ws://[::1]:5280 wss://[::1]:5280"},
		"IPv6 alone":  {"[::1]", "'self' ws://[::1] wss://[::1]"},
		"directive":   {"x; script-src *", "'self'"},
		"second word": {"x *", "'self'"},
		"quote":       {"x'unsafe-inline'", "'self'"},
		"comma":       {"x,y", "'self'"},
		"bad port":    {"x:port", "'self'"},
		"port range":  {"x:65536", "'self'"},
		"line break":  {"x\r\ny: z", "'self'"},
		"no host":     {"", "'self'"},
		"bare IPv6":   {"::1", "'self'"},
		"wildcard":    {"*.example.org", "'self'"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			res := serve(t, webclient.Config{}, "GET", "/", func(r *http.Request) { r.Host = tt.host })
			directives := strings.Split(res.Header.Get("Content-Security-Policy"), "; ")
			if got := strings.TrimPrefix(directives[5], "connect-src "); got != tt.connect {
				t.Errorf("connect-src: got %q, want %q", got, tt.connect)
			}
			if got, want := len(directives), 11; got != want {
				t.Errorf("directives: got %d, want %d", got, want)
			}
		})
	}
}

func TestFrameAncestors(t *testing.T) {
	t.Parallel()
	cfg := webclient.Config{FrameAncestors: []string{"https://shop.example"}}
	policy := serve(t, cfg, "GET", "/").Header.Get("Content-Security-Policy")
	if want := "frame-ancestors https://shop.example"; !strings.HasSuffix(policy, want) {
		t.Errorf("got %q, want it to end in %q", policy, want)
	}
}
