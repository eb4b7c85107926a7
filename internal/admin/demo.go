package admin

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"parley/internal/sasl"
	"parley/storage"
)

// DemoFile is the name of the file with the demo users' passwords, in the data
// folder.
const DemoFile = "demo-users.txt"

// demoUsers of a first local run; each is the other's contact.
var demoUsers = []struct{ local, name string }{{"alice", "Alice"}, {"bob", "Bob"}}

// DemoStore is what EnsureDemo needs of the storage.
type DemoStore interface {
	CreateAccount(ctx context.Context, jid string, creds []storage.Credential) error
	Credentials(ctx context.Context, jid string) (storage.Account, []storage.Credential, error)
	Accounts(ctx context.Context, domain, after string, limit int) ([]storage.Account, error)
	UpdateRoster(ctx context.Context, account, contact string, maxItems int,
		change func(item *storage.RosterItem, exists bool) (keep bool, err error)) (before, after storage.RosterItem, version uint64, err error)
}

// DemoUser is one account with its password.
type DemoUser struct{ JID, Password string }

// DemoOptions of EnsureDemo.
type DemoOptions struct {
	DataDir, Domain string
	Iterations      int
}

// EnsureDemo makes the demo users if the database has no account at all, and
// returns those whose passwords in DemoFile are still theirs. The caller sees
// to it that the server is for this machine only.
//
// The passwords are written first, as DemoFile.begun, which gets its name when
// everything else is done: after a crash in between the next start goes on.
func EnsureDemo(ctx context.Context, store DemoStore, o DemoOptions) ([]DemoUser, error) {
	path := filepath.Join(o.DataDir, DemoFile)
	begun, err := readDemo(path + ".begun")
	if err != nil {
		return nil, fmt.Errorf("admin: demo users: %w", err)
	}
	if begun == nil {
		existing, err := store.Accounts(ctx, "", "", 1)
		if err != nil {
			return nil, fmt.Errorf("admin: demo users: %w", err)
		}
		if len(existing) > 0 {
			return validDemo(ctx, store, path)
		}
		begun = newDemo(o.Domain)
		if err := writeFile(path+".begun", printDemo(begun)); err != nil {
			return nil, fmt.Errorf("admin: demo users: %w", err)
		}
	}
	if err := makeDemo(ctx, store, begun, o.Iterations); err != nil {
		return nil, fmt.Errorf("admin: demo users: %w", err)
	}
	if err := os.Rename(path+".begun", path); err != nil {
		return nil, fmt.Errorf("admin: demo users: %w", err)
	}
	return validDemo(ctx, store, path)
}

func newDemo(domain string) []DemoUser {
	out := make([]DemoUser, len(demoUsers))
	for i, u := range demoUsers {
		out[i] = DemoUser{u.local + "@" + domain, GeneratePassword()}
	}
	return out
}

// makeDemo may be done again.
func makeDemo(ctx context.Context, store DemoStore, users []DemoUser, iterations int) error {
	for _, u := range users {
		creds, err := sasl.NewKeys(u.Password, iterations)
		if err != nil {
			return err
		}
		// One that exists was made, whole, before a crash; or by somebody else,
		// and then it is not ours to change.
		err = store.CreateAccount(ctx, u.JID, creds)
		if err != nil && !errors.Is(err, storage.ErrConflict) {
			return err
		}
	}
	for _, u := range users {
		for _, contact := range users {
			if u == contact {
				continue
			}
			if err := befriend(ctx, store, u.JID, contact.JID); err != nil {
				return err
			}
		}
	}
	return nil
}

func befriend(ctx context.Context, store DemoStore, account, contact string) error {
	_, _, _, err := store.UpdateRoster(ctx, account, contact, len(demoUsers), func(i *storage.RosterItem, _ bool) (bool, error) {
		i.InRoster, i.Subscription, i.Name = true, storage.Both, demoName(contact)
		return true, nil
	})
	return err
}

func demoName(jid string) string {
	for _, u := range demoUsers {
		if strings.HasPrefix(jid, u.local+"@") {
			return u.name
		}
	}
	return ""
}

type credentialStore interface {
	Credentials(ctx context.Context, jid string) (storage.Account, []storage.Credential, error)
}

// validDemo returns the users of the file that can still log in with what it says.
func validDemo(ctx context.Context, store credentialStore, path string) ([]DemoUser, error) {
	users, err := readDemo(path)
	if err != nil {
		return nil, fmt.Errorf("admin: demo users: %w", err)
	}
	var out []DemoUser
	for _, u := range users {
		account, creds, err := store.Credentials(ctx, u.JID)
		switch {
		case errors.Is(err, storage.ErrNotFound):
		case err != nil:
			return nil, fmt.Errorf("admin: demo users: %w", err)
		case !account.Disabled && sasl.Verify(u.Password, creds):
			out = append(out, u)
		}
	}
	return out, nil
}

func printDemo(users []DemoUser) []byte {
	var b strings.Builder
	b.WriteString("# Two users to try Parley with, made at the first start: address and password.\n")
	for _, u := range users {
		fmt.Fprintf(&b, "%s %s\n", u.JID, u.Password)
	}
	return []byte(b.String())
}

// readDemo returns nil if there is no file.
func readDemo(path string) ([]DemoUser, error) {
	text, err := os.ReadFile(path) //nolint:gosec // in our own folder
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var out []DemoUser
	for line := range strings.Lines(string(text)) {
		jid, password, ok := strings.Cut(strings.TrimSpace(line), " ")
		if ok && !strings.HasPrefix(line, "#") {
			out = append(out, DemoUser{jid, password})
		}
	}
	return out, nil
}
