package admin

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// What happened to an account.
type What string

// The kinds of change that a running server must know of.
const (
	// Removing asks a running server to remove the account, because it can tell
	// the contacts' clients.
	Removing        What = "removing"
	Removed         What = "removed"
	Disabled        What = "disabled"
	Enabled         What = "enabled"
	PasswordChanged What = "password"
	TokensRevoked   What = "tokens"
)

// Change is news about one account.
type Change struct {
	JID  string `json:"jid"`
	What What   `json:"what"`
	// Client is whose tokens were revoked; empty for those of all.
	Client string `json:"client,omitempty"`
}

// EndsSessions reports whether whoever is logged in must go.
func (c Change) EndsSessions() bool {
	return c.What == Removed || c.What == Disabled || c.What == PasswordChanged
}

func (c Change) valid() bool {
	switch c.What {
	case Removing, Removed, Disabled, Enabled, PasswordChanged, TokensRevoked:
		return c.JID != ""
	}
	return false
}

// ChangedPath is where Handler expects changes.
const ChangedPath = "/v1/accounts/changed"

const (
	announcement  = "admin.json"
	maxBody       = 8 << 10
	notifyTimeout = 5 * time.Second
)

// announced is the content of admin.json.
type announced struct {
	Address string `json:"address"`
	Token   string `json:"token"`
}

// Announce writes admin.json, readable by the server's user alone, and returns
// the token that Handler must ask for. remove takes the file away again unless
// another server has written its own meanwhile.
func Announce(dataDir string, addr net.Addr) (token string, remove func() error, err error) {
	a := announced{Address: reachable(addr.String()), Token: rand.Text()}
	text, err := json.Marshal(a)
	if err != nil {
		return "", nil, err
	}
	path := filepath.Join(dataDir, announcement)
	if err := writeFile(path, append(text, '\n')); err != nil {
		return "", nil, fmt.Errorf("admin: %w", err)
	}
	remove = func() error {
		if now, err := readAnnouncement(dataDir); err != nil || now != a {
			return ignoreMissing(err)
		}
		return ignoreMissing(os.Remove(path))
	}
	return a.Token, remove, nil
}

// reachable names this machine where the listener takes every address.
func reachable(addr string) string {
	ap, err := netip.ParseAddrPort(addr)
	if err != nil || !ap.Addr().IsUnspecified() {
		return addr
	}
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), ap.Port()).String()
}

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

func readAnnouncement(dataDir string) (a announced, err error) {
	text, err := os.ReadFile(filepath.Join(dataDir, announcement))
	if err != nil {
		return a, err
	}
	return a, json.Unmarshal(text, &a)
}

// Notify tells the server that runs on dataDir, if one does, about c. It
// returns when the server has acted on it.
func Notify(ctx context.Context, dataDir string, c Change) error {
	a, err := readAnnouncement(dataDir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("admin: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, notifyTimeout)
	defer cancel()
	err = a.post(ctx, c)
	if errors.Is(err, syscall.ECONNREFUSED) {
		return nil // it was killed and left the file
	}
	return err
}

func (a announced) post(ctx context.Context, c Change) error {
	body, err := json.Marshal(c)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+a.Address+ChangedPath, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+a.Token)
	req.Header.Set("Content-Type", "application/json")
	// No proxy and no redirect: the token is for this server only.
	client := http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, maxBody))
	if resp.StatusCode != http.StatusNoContent {
		return fmt.Errorf("admin: %s answered %s", a.Address, resp.Status)
	}
	return nil
}

// Handler takes changes at ChangedPath from who knows token and hands them to
// onChanged before it answers.
func Handler(token string, onChanged func(ctx context.Context, c Change) error) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+ChangedPath, func(w http.ResponseWriter, r *http.Request) {
		if token == "" || subtle.ConstantTimeCompare([]byte(r.Header.Get("Authorization")), []byte("Bearer "+token)) != 1 {
			http.Error(w, "wrong token", http.StatusUnauthorized)
			return
		}
		var c Change
		d := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody))
		d.DisallowUnknownFields()
		if err := d.Decode(&c); err != nil || !c.valid() {
			http.Error(w, "not a change", http.StatusBadRequest)
			return
		}
		if err := onChanged(r.Context(), c); err != nil {
			http.Error(w, "the change could not be followed; see the server's log", http.StatusInternalServerError)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	})
	return mux
}

// writeFile writes a whole file of mode 0600 or none.
func writeFile(path string, text []byte) error {
	f, err := os.OpenFile(path+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}
