package admin_test

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"parley/internal/admin"
	"parley/storage"
	"parley/storage/sqlstore"
)

const carol = "carol@localhost"

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// newTokenAdmin has carol, whose phone has two tokens, the laptop one, and a
// tablet one that has expired; and a stream of hers.
func newTokenAdmin(t *testing.T) (*admin.Admin, *sqlstore.Store, *[]admin.Change) {
	t.Helper()
	ctx := context.Background()
	a, store, changes := newAdmin(t)
	if _, err := a.AddUser(ctx, "carol", "x"); err != nil {
		t.Fatal(err)
	}
	for _, row := range []storage.Token{
		{Client: "phone", Salt: []byte("1"), Created: noon.Add(-48 * time.Hour), Expires: noon.Add(time.Hour), Used: noon.Add(-time.Hour), Address: "192.0.2.1", Software: "Old"},
		{Client: "phone", Salt: []byte("2"), New: true, Created: noon.Add(-time.Hour), Expires: noon.Add(48 * time.Hour), Software: "New", Device: "Phone"},
		{Client: "laptop", Salt: []byte("3"), New: true, Created: noon, Expires: noon.Add(time.Second)},
		{Client: "tablet", Salt: []byte("4"), New: true, Created: noon, Expires: noon},
	} {
		row.Account, row.Mechanism = carol, "HT-SHA-256-NONE"
		if err := store.PutToken(ctx, row); err != nil {
			t.Fatal(err)
		}
	}
	if err := storage.Wait(ctx, store.SaveStream(storage.Stream{ID: "s", Account: carol, Seen: noon})); err != nil {
		t.Fatal(err)
	}
	return a, store, changes
}

// left returns how many tokens carol has.
func left(t *testing.T, store *sqlstore.Store) int {
	t.Helper()
	rows, err := store.Tokens(context.Background(), carol, "")
	if err != nil {
		t.Fatal(err)
	}
	return len(rows)
}

func TestListTokens(t *testing.T) {
	t.Parallel()
	a, _, _ := newTokenAdmin(t)
	account, got, err := a.ListTokens(context.Background(), "Carol", noon)
	want := []admin.TokenClient{
		{ID: "laptop", Since: noon, Expires: noon.Add(time.Second)},
		{ID: "phone", Software: "New", Device: "Phone", Since: noon.Add(-time.Hour), Expires: noon.Add(48 * time.Hour), Used: noon.Add(-time.Hour), Address: "192.0.2.1"},
	}
	if err != nil || account != carol || !reflect.DeepEqual(got, want) {
		t.Errorf("%s: got %+v, %v\nwant %+v", account, got, err, want)
	}
	if _, _, err := a.ListTokens(context.Background(), "nobody", noon); err == nil || !strings.Contains(err.Error(), "there is no account nobody@localhost") {
		t.Errorf("got %v", err)
	}
}

func TestRevokeTokens(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		address, client string
		n, left         int
		want            string
	}{
		"one client":      {"carol", "phone", 1, 2, ""},
		"all":             {"carol", "", 3, 0, ""},
		"unknown client":  {"carol", "watch", 0, 4, "no token of a client watch; `parley token list carol@localhost`"},
		"unknown account": {"nobody", "", 0, 4, "there is no account"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, store, changes := newTokenAdmin(t)
			account, n, err := a.RevokeTokens(context.Background(), tt.address, tt.client)
			if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("got %v, want %q", err, tt.want)
			}
			if got := left(t, store); n != tt.n || got != tt.left {
				t.Errorf("%d revoked, %d left", n, got)
			}
			if told := []admin.Change{{JID: account, What: admin.TokensRevoked, Client: tt.client}}; err == nil && !reflect.DeepEqual(*changes, told) || err != nil && len(*changes) != 0 {
				t.Errorf("told of %v", *changes)
			}
		})
	}
}

// What ends the sessions of an account ends what its clients come back with.
func TestLoginsAreForgotten(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	for name, tt := range map[string]struct {
		act    func(*admin.Admin) (string, error)
		tokens int
	}{
		"passwd":  {func(a *admin.Admin) (string, error) { return a.SetPassword(ctx, carol, "y") }, 0},
		"disable": {func(a *admin.Admin) (string, error) { return a.DisableUser(ctx, carol) }, 0},
		"remove":  {func(a *admin.Admin) (string, error) { return a.RemoveUser(ctx, carol) }, 0},
		"enable":  {func(a *admin.Admin) (string, error) { return a.EnableUser(ctx, carol) }, 4},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, store, _ := newTokenAdmin(t)
			if _, err := tt.act(a); err != nil {
				t.Fatal(err)
			}
			_, err := store.Stream(ctx, "s")
			if got := left(t, store); got != tt.tokens || errors.Is(err, storage.ErrNotFound) != (tt.tokens == 0) {
				t.Errorf("%d tokens left, stream: %v", got, err)
			}
		})
	}
}
