package admin_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"parley/internal/admin"
	"parley/internal/sasl"
	"parley/storage"
	"parley/storage/sqlite"
	"parley/storage/sqlstore"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const iterations = sasl.MinIterations

func openStore(t testing.TB) *sqlstore.Store {
	t.Helper()
	ctx := context.Background()
	s, err := sqlite.Open(ctx, filepath.Join(t.TempDir(), "parley.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	if _, err := s.Migrate(ctx); err != nil {
		t.Fatal(err)
	}
	return s
}

// newAdmin remembers the changes that it was told of.
func newAdmin(t testing.TB) (a *admin.Admin, store *sqlstore.Store, changes *[]admin.Change) {
	t.Helper()
	store, changes = openStore(t), new([]admin.Change)
	return admin.New(store, admin.Options{Domain: "localhost", Iterations: iterations, Changed: func(_ context.Context, c admin.Change) error {
		*changes = append(*changes, c)
		return nil
	}}), store, changes
}

func checkPassword(t testing.TB, store *sqlstore.Store, jid, password string) {
	t.Helper()
	_, creds, err := store.Credentials(context.Background(), jid)
	if err != nil || !sasl.Verify(password, creds) {
		t.Errorf("%s cannot log in with %q (%v)", jid, password, err)
	}
}

func TestLifeOfAnAccount(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	a, store, changes := newAdmin(t)
	jid, err := a.AddUser(ctx, "Carol@LocalHost", "first")
	if err != nil || jid != "carol@localhost" {
		t.Fatal(jid, err)
	}
	checkPassword(t, store, jid, "first")
	if _, err := a.AddUser(ctx, "carol", "x"); err == nil || !strings.Contains(err.Error(), "exists already") {
		t.Errorf("twice: %v", err)
	}
	if _, err := a.SetPassword(ctx, "carol", "second"); err != nil {
		t.Error(err)
	}
	checkPassword(t, store, jid, "second")
	if _, err := a.DisableUser(ctx, jid); err != nil {
		t.Error(err)
	}
	if acc, err := store.Account(ctx, jid); err != nil || !acc.Disabled {
		t.Errorf("%+v, %v", acc, err)
	}
	if _, err := a.EnableUser(ctx, jid); err != nil {
		t.Error(err)
	}
	if _, err := a.RemoveUser(ctx, jid); err != nil {
		t.Error(err)
	}
	if _, err := store.Account(ctx, jid); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("removed: %v", err)
	}
	want := []admin.Change{
		{JID: jid, What: admin.PasswordChanged}, {JID: jid, What: admin.Disabled}, {JID: jid, What: admin.Enabled},
		{JID: jid, What: admin.Removing}, {JID: jid, What: admin.Removed},
	}
	if !reflect.DeepEqual(*changes, want) {
		t.Errorf("told %v, want %v", *changes, want)
	}
}

func TestMistakes(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	a, _, changes := newAdmin(t)
	for _, address := range []string{"", "@localhost", "a@", "carol@localhost/x", "carol@example.org", "car ol@localhost", "localhost/x"} {
		if _, err := a.AddUser(ctx, address, "secret"); err == nil || !strings.Contains(err.Error(), "address") {
			t.Errorf("%q: %v", address, err)
		}
	}
	if _, err := a.AddUser(ctx, "carol", ""); !errors.Is(err, sasl.ErrEmptyPassword) {
		t.Errorf("empty password: %v", err)
	}
	for name, act := range map[string]func(context.Context, string) (string, error){
		"disable": a.DisableUser, "enable": a.EnableUser, "remove": a.RemoveUser,
		"passwd": func(ctx context.Context, s string) (string, error) { return a.SetPassword(ctx, s, "x") },
	} {
		if _, err := act(ctx, "nobody@localhost"); err == nil || !strings.Contains(err.Error(), "there is no account nobody@localhost") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if len(*changes) != 0 {
		t.Errorf("told of %v, though nothing changed", *changes)
	}
}

func TestNotifyErrorIsToldApart(t *testing.T) {
	t.Parallel()
	ctx, store, down := context.Background(), openStore(t), errors.New("down")
	a := admin.New(store, admin.Options{Domain: "localhost", Iterations: iterations, Changed: func(context.Context, admin.Change) error { return down }})
	if _, err := a.AddUser(ctx, "carol", "x"); err != nil {
		t.Fatal(err)
	}
	_, err := a.DisableUser(ctx, "carol")
	var ne *admin.NotifyError
	if !errors.As(err, &ne) || !errors.Is(err, down) {
		t.Errorf("got %v", err)
	}
	if acc, err := store.Account(ctx, "carol@localhost"); err != nil || !acc.Disabled {
		t.Errorf("the change is not kept: %+v, %v", acc, err)
	}
}

func TestListUsersOverPages(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	a, store, _ := newAdmin(t)
	const n = 1001
	for i := range n {
		if err := store.CreateAccount(ctx, fmt.Sprintf("u%04d@localhost", i), nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := store.CreateAccount(ctx, "other@example.org", nil); err != nil {
		t.Fatal(err)
	}
	var got []string
	err := a.ListUsers(ctx, func(acc storage.Account) error { got = append(got, acc.JID); return nil })
	if err != nil || len(got) != n || got[0] != "u0000@localhost" || got[n-1] != "u1000@localhost" {
		t.Errorf("%d accounts, %v", len(got), err)
	}
	stop := errors.New("stop")
	if err := a.ListUsers(ctx, func(storage.Account) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("got %v", err)
	}
}

func TestInvite(t *testing.T) {
	t.Parallel()
	ctx, now := context.Background(), time.Now()
	a, store, _ := newAdmin(t)
	i, err := a.CreateInvite(ctx, now, time.Hour)
	if err != nil || len(i.Token) < 20 {
		t.Fatal(i, err)
	}
	if _, err := store.UseInvite(ctx, i.Token, now.Add(2*time.Hour)); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("expired: %v", err)
	}
	if _, err := store.UseInvite(ctx, i.Token, now); err != nil {
		t.Error(err)
	}
}

func TestGeneratePassword(t *testing.T) {
	t.Parallel()
	form := regexp.MustCompile(`^([bdfgklmnprstvz][aeiou]){2}(-([bdfgklmnprstvz][aeiou]){2}){4}$`)
	a, b := admin.GeneratePassword(), admin.GeneratePassword()
	if !form.MatchString(a) || a == b {
		t.Errorf("got %q and %q", a, b)
	}
}

func demo(t testing.TB, store *sqlstore.Store, dir string) []admin.DemoUser {
	t.Helper()
	users, err := admin.EnsureDemo(context.Background(), store, admin.DemoOptions{DataDir: dir, Domain: "localhost", Iterations: iterations})
	if err != nil {
		t.Fatal(err)
	}
	return users
}

func TestDemoUsers(t *testing.T) {
	t.Parallel()
	ctx, store, dir := context.Background(), openStore(t), t.TempDir()
	users := demo(t, store, dir)
	if len(users) != 2 || users[0].JID != "alice@localhost" || users[1].JID != "bob@localhost" || users[0].Password == users[1].Password {
		t.Fatalf("got %v", users)
	}
	for i, u := range users {
		checkPassword(t, store, u.JID, u.Password)
		r, err := store.Roster(ctx, u.JID)
		other := users[1-i].JID
		if err != nil || len(r.Items) != 1 || r.Items[0].Contact != other || r.Items[0].Subscription != storage.Both || !r.Items[0].Listed() {
			t.Errorf("roster of %s: %+v, %v", u.JID, r, err)
		}
	}
	info, err := os.Stat(filepath.Join(dir, admin.DemoFile))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("file: %v, %v", info, err)
	}
	if again := demo(t, store, dir); !reflect.DeepEqual(again, users) {
		t.Errorf("second start: got %v, want %v", again, users)
	}
	a := admin.New(store, admin.Options{Domain: "localhost", Iterations: iterations})
	if _, err := a.SetPassword(ctx, "alice", "mine"); err != nil {
		t.Fatal(err)
	}
	if again := demo(t, store, dir); !reflect.DeepEqual(again, users[1:]) {
		t.Errorf("a password that was changed is still told: %v", again)
	}
	if _, err := a.RemoveUser(ctx, "bob"); err != nil {
		t.Fatal(err)
	}
	if again := demo(t, store, dir); len(again) != 0 {
		t.Errorf("a removed user is told, or made again: %v", again)
	}
}

func TestNoDemoUsersBesideOthers(t *testing.T) {
	t.Parallel()
	ctx, store, dir := context.Background(), openStore(t), t.TempDir()
	if err := store.CreateAccount(ctx, "carol@example.org", nil); err != nil {
		t.Fatal(err)
	}
	if users := demo(t, store, dir); len(users) != 0 {
		t.Errorf("got %v", users)
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) != 0 {
		t.Errorf("left %v, %v", files, err)
	}
}

// failing fails at the first roster update, as a crash there would.
type failing struct {
	*sqlstore.Store
	err error
}

func (f failing) UpdateRoster(context.Context, string, string, int, func(*storage.RosterItem, bool) (bool, error)) (before, after storage.RosterItem, version uint64, err error) {
	return before, after, 0, f.err
}

func TestDemoUsersAfterACrash(t *testing.T) {
	t.Parallel()
	ctx, store, dir, crash := context.Background(), openStore(t), t.TempDir(), errors.New("crash")
	o := admin.DemoOptions{DataDir: dir, Domain: "localhost", Iterations: iterations}
	if _, err := admin.EnsureDemo(ctx, failing{store, crash}, o); !errors.Is(err, crash) {
		t.Fatal(err)
	}
	users := demo(t, store, dir)
	if len(users) != 2 {
		t.Fatalf("got %v", users)
	}
	for _, u := range users {
		checkPassword(t, store, u.JID, u.Password)
		if r, err := store.Roster(ctx, u.JID); err != nil || len(r.Items) != 1 {
			t.Errorf("roster of %s: %+v, %v", u.JID, r, err)
		}
	}
}

// listen is a running server's half.
func listen(t testing.TB, dir string, got chan<- admin.Change) (remove func() error) {
	t.Helper()
	srv := httptest.NewUnstartedServer(nil)
	token, remove, err := admin.Announce(dir, srv.Listener.Addr())
	if err != nil {
		t.Fatal(err)
	}
	srv.Config.Handler = admin.Handler(token, func(_ context.Context, c admin.Change) error { got <- c; return nil })
	srv.Start()
	t.Cleanup(srv.Close)
	return remove
}

func TestNotify(t *testing.T) {
	t.Parallel()
	ctx, dir, got := context.Background(), t.TempDir(), make(chan admin.Change, 1)
	want := admin.Change{JID: "carol@localhost", What: admin.Removed}
	if err := admin.Notify(ctx, dir, want); err != nil {
		t.Errorf("no server: %v", err)
	}
	remove := listen(t, dir, got)
	info, err := os.Stat(filepath.Join(dir, "admin.json"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("admin.json: %v, %v", info, err)
	}
	if err := admin.Notify(ctx, dir, want); err != nil {
		t.Fatal(err)
	}
	if c := <-got; c != want || !c.EndsSessions() {
		t.Errorf("got %v, want %v", c, want)
	}
	if err := admin.Notify(ctx, dir, admin.Change{JID: "x", What: "nonsense"}); err == nil {
		t.Error("nonsense is taken")
	}
	// Another server took over: its announcement stays when the first one stops.
	removeSecond := listen(t, dir, got)
	if err := remove(); err != nil {
		t.Error(err)
	}
	if err := admin.Notify(ctx, dir, want); err != nil || len(got) != 1 {
		t.Errorf("the second server is not told: %v", err)
	}
	if err := errors.Join(removeSecond(), removeSecond()); err != nil {
		t.Error(err)
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) != 0 {
		t.Errorf("left %v, %v", files, err)
	}
}

func TestNotifyAKilledServer(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := admin.Announce(dir, l.Addr()); err != nil {
		t.Fatal(err)
	}
	l.Close()
	if err := admin.Notify(context.Background(), dir, admin.Change{JID: "carol@localhost", What: admin.Removed}); err != nil {
		t.Errorf("got %v", err)
	}
}

func TestHandlerAsksForItsToken(t *testing.T) {
	t.Parallel()
	h := admin.Handler("right", func(context.Context, admin.Change) error { t.Error("called"); return nil })
	tests := map[string]struct {
		method, token, body string
		want                int
	}{
		"no token":    {http.MethodPost, "", `{"jid":"a@b","what":"removed"}`, http.StatusUnauthorized},
		"wrong token": {http.MethodPost, "Bearer wrong", `{"jid":"a@b","what":"removed"}`, http.StatusUnauthorized},
		"get":         {http.MethodGet, "Bearer right", "", http.StatusMethodNotAllowed},
		"no JSON":     {http.MethodPost, "Bearer right", "x", http.StatusBadRequest},
		"no account":  {http.MethodPost, "Bearer right", `{"what":"removed"}`, http.StatusBadRequest},
		"unknown":     {http.MethodPost, "Bearer right", `{"jid":"a@b","what":"removed","x":1}`, http.StatusBadRequest},
		"long":        {http.MethodPost, "Bearer right", `{"jid":"` + strings.Repeat("a", 9000) + `","what":"removed"}`, http.StatusBadRequest},
	}
	for name, tt := range tests {
		r := httptest.NewRequest(tt.method, admin.ChangedPath, strings.NewReader(tt.body))
		r.Header.Set("Authorization", tt.token)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != tt.want {
			t.Errorf("%s: got %d, want %d", name, w.Code, tt.want)
		}
	}
	open := admin.Handler("", func(context.Context, admin.Change) error { t.Error("called"); return nil })
	r := httptest.NewRequest(http.MethodPost, admin.ChangedPath, strings.NewReader(`{"jid":"a@b","what":"removed"}`))
	r.Header.Set("Authorization", "Bearer ")
	w := httptest.NewRecorder()
	if open.ServeHTTP(w, r); w.Code != http.StatusUnauthorized {
		t.Errorf("an empty token opens: %d", w.Code)
	}
}

func TestHandlerTellsOfFailure(t *testing.T) {
	t.Parallel()
	h := admin.Handler("right", func(context.Context, admin.Change) error { return errors.New("secret cause") })
	r := httptest.NewRequest(http.MethodPost, admin.ChangedPath, strings.NewReader(`{"jid":"a@b","what":"removed"}`))
	r.Header.Set("Authorization", "Bearer right")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Code != http.StatusInternalServerError || strings.Contains(w.Body.String(), "secret") {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
}

// Who registers a removed name anew must not be taken for the old friend.
func TestRemoveUserCutsTies(t *testing.T) {
	t.Parallel()
	ctx, store, dir := context.Background(), openStore(t), t.TempDir()
	demo(t, store, dir)
	a := admin.New(store, admin.Options{Domain: "localhost", Iterations: iterations})
	if _, err := a.RemoveUser(ctx, "bob"); err != nil {
		t.Fatal(err)
	}
	r, err := store.Roster(ctx, "alice@localhost")
	if err != nil || len(r.Items) != 1 || r.Items[0].Subscription != storage.None || !r.Items[0].Listed() {
		t.Errorf("alice's roster: %+v, %v", r, err)
	}
	if _, err := a.RemoveUser(ctx, "bob"); err == nil || !strings.Contains(err.Error(), "there is no account") {
		t.Errorf("twice: %v", err)
	}
}

// A running server that removes the account itself is not an error.
func TestRemoveUserByTheServer(t *testing.T) {
	t.Parallel()
	ctx, store := context.Background(), openStore(t)
	var told []admin.What
	a := admin.New(store, admin.Options{Domain: "localhost", Iterations: iterations, Changed: func(ctx context.Context, c admin.Change) error {
		told = append(told, c.What)
		if c.What == admin.Removing {
			return store.DeleteAccount(ctx, c.JID)
		}
		return nil
	}})
	if _, err := a.AddUser(ctx, "carol", "x"); err != nil {
		t.Fatal(err)
	}
	if _, err := a.RemoveUser(ctx, "carol"); err != nil || !reflect.DeepEqual(told, []admin.What{admin.Removing, admin.Removed}) {
		t.Errorf("told %v, %v", told, err)
	}
}
