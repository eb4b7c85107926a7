package clients_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

const webclient = "../../webclient" // its sources, tests and packages

// packages installs what the page's tests need, once and where it is missing.
var packages = sync.OnceValue(func() error {
	if _, err := os.Stat(filepath.Join(webclient, "node_modules", ".package-lock.json")); err == nil {
		return nil
	}
	cmd := exec.Command("npm", "ci", "--no-audit", "--no-fund")
	cmd.Dir, cmd.Stdout, cmd.Stderr = webclient, os.Stderr, os.Stderr
	return cmd.Run()
})

func needBrowser(t *testing.T) {
	t.Helper()
	if err := packages(); err != nil {
		t.Fatalf("npm ci: %v; Node.js 20.19 or newer must be installed", err)
	}
	_, shell := exec.LookPath("chromium-headless-shell")
	if _, err := exec.LookPath("chromium"); shell != nil && err != nil {
		t.Fatalf("%v; make tools installs it", shell)
	}
}

// browser is Chromium, driven by testdata/browser.mjs, which has the list of
// what people at it can do.
type browser struct{ *lineProcess }

func startBrowser(t *testing.T, p *parley) browser {
	t.Helper()
	needBrowser(t)
	cmd := exec.Command("node", "testdata/browser.mjs", t.ArtifactDir())
	cmd.Env = append(os.Environ(), "PARLEY_URL=http://"+p.http)
	b := browser{startLines(t, cmd, "browser", "install Node.js 20.19 or newer")}
	t.Cleanup(func() {
		b.in.Close()
		b.answers(t, "to be closed") // no page has reported an error
	})
	return b
}

// do has each order obeyed before the next.
func (b browser) do(t *testing.T, orders ...string) {
	t.Helper()
	for _, order := range orders {
		b.tell(t, "%s", order)
		b.answers(t, order)
	}
}

func (b browser) answers(t *testing.T, order string) {
	t.Helper()
	select {
	case line, ok := <-b.lines:
		if !ok || line != "ok" {
			t.Fatalf("the browser, told %q: %s", order, line)
		}
	case <-time.After(2 * patience):
		t.Fatalf("the browser, told %q, does not answer", order)
	}
}

// The page's own tests, against the real server. Of 10,000 messages to scroll
// and 1,000 over a bad line there are fewer here, for their time.
func TestChatPage(t *testing.T) {
	t.Parallel()
	needBrowser(t)
	for engine, url := range engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			p := newParley(t, url(t))
			p.env = append(p.env, "PARLEY_LOG_LEVEL=warn") // hundreds of sessions would bury what failed
			p.start(t)
			runPage(t, "PARLEY_URL=http://"+p.http, "PARLEY_SHOTS="+t.ArtifactDir(),
				"PARLEY_ALICE_PASSWORD="+p.passwords["alice@localhost"],
				"PARLEY_BOB_PASSWORD="+p.passwords["bob@localhost"],
				"PARLEY_HISTORY=3000", "PARLEY_FLAPS=200")
		})
	}
}

// runPage has tests/e2e/run.mjs drive the page, and names what failed.
func runPage(t *testing.T, env ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 15*patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, "node", "tests/e2e/run.mjs")
	cmd.Dir, cmd.Env = webclient, append(os.Environ(), env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, err := cmd.CombinedOutput()
	t.Logf("%s", out)
	for line := range strings.Lines(string(out)) {
		if strings.HasPrefix(line, "failed: ") {
			t.Error(strings.TrimSpace(line))
		}
	}
	if err != nil {
		t.Errorf("the page's tests: %v", err)
	}
}

// Alice is at the page; Bob is first in a terminal, then at a desktop client.
func TestPageAndDesktopClients(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, p *parley) {
		b := startBrowser(t, p)
		b.do(t, "alice enters "+p.passwords["alice@localhost"], "alice opens bob", "alice sees bob offline")

		terminal := startProfanity(t, p, "bob@localhost")
		b.do(t, "alice sees bob available")
		terminal.types(t, "/msg alice@localhost typed in a terminal")
		b.do(t, "alice hears typed in a terminal", "alice says to a terminal <&>")
		terminal.shows(t, "to a terminal <&>")
		b.do(t, "alice shows Do not disturb: at the page")
		terminal.shows(t, "Alice [dnd]") // the title of the conversation
		terminal.types(t, "/quit")
		b.do(t, "alice sees bob offline")

		bob := startSlixmpp(t, p, "bob@localhost")
		bob.reports(t, "sees alice@localhost dnd at the page")
		b.do(t, "alice sees bob available")
		bob.tell(t, "status away gone fishing")
		b.do(t, "alice sees bob away", "alice reads gone fishing")
		bob.tell(t, "say alice@localhost from Python ☺")
		b.do(t, "alice hears from Python ☺", "alice says to Python ☺")
		bob.reports(t, "heard alice@localhost to Python ☺")
	})
}

// The server goes and comes back; the page sees it and goes on by itself.
func TestPageAfterRestart(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, p *parley) {
		b := startBrowser(t, p)
		b.do(t, "alice enters "+p.passwords["alice@localhost"], "alice opens bob")
		p.stop(t)
		b.do(t, "alice is cut off", "alice says written meanwhile")
		p.start(t)
		b.do(t, "alice is back", "alice says written afterwards")
		bob := startSlixmpp(t, p, "bob@localhost")
		bob.reports(t, "heard alice@localhost written meanwhile")
		bob.reports(t, "heard alice@localhost written afterwards")
		bob.tell(t, "say alice@localhost welcome back")
		b.do(t, "alice hears welcome back", "alice sees bob available")
	})
}

// The page of 2013 chats with a desktop client and with the page of today.
func TestClassicPage(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, p *parley) {
		b := startBrowser(t, p)
		alice := startSlixmpp(t, p, "alice@localhost")
		alice.reports(t, "online")
		b.do(t, "bob connects "+p.passwords["bob@localhost"], "bob finds alice@localhost/")
		alice.reports(t, "sees bob@localhost available")
		b.do(t, "bob announces xa: from the past")
		alice.reports(t, "sees bob@localhost xa from the past")
		b.do(t, "bob writes alice: <greetings> & more")
		alice.reports(t, "heard bob@localhost <greetings> & more")
		alice.tell(t, "say bob@localhost and back")
		b.do(t, "bob finds alice@localhost: and back")
		alice.tell(t, "quit")

		b.do(t, "bob finds is unavailable", "alice enters "+p.passwords["alice@localhost"], "alice opens bob",
			"alice sees bob xa", "alice reads from the past",
			"bob writes alice: to the present", "alice hears to the present",
			"alice says to the past", "bob finds alice@localhost: to the past",
			"bob disconnects", "alice sees bob offline")
	})
}

// A mark says that the server has a message on disk: SIGKILL right after it
// loses nothing, and what was written while it was away follows, once and in
// order (XEP-0198, XEP-0359).
func TestPageAfterKill(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, p *parley) {
		b := startBrowser(t, p)
		b.do(t, "alice enters "+p.passwords["alice@localhost"], "alice opens bob")
		for i := range 3 {
			b.do(t, fmt.Sprintf("alice says stored %d", i), fmt.Sprintf("alice has stored %d", i))
			p.kill(t)
			b.do(t, "alice is cut off", fmt.Sprintf("alice says written %d", i))
			p.start(t)
			b.do(t, "alice is back")
		}
		b.do(t, "bob enters "+p.passwords["bob@localhost"], "bob opens alice",
			"bob reads all stored 0, written 0, stored 1, written 1, stored 2, written 2",
			"alice reads all stored 0, written 0, stored 1, written 1, stored 2, written 2")
	})
}
