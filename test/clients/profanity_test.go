package clients_test

import (
	"net"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// terminal is a program in a tmux session of its own.
type terminal struct{ socket string }

func startTerminal(t *testing.T, command ...string) *terminal {
	t.Helper()
	home := t.TempDir()
	tm := &terminal{socket: filepath.Join(home, "tmux")}
	args := append([]string{
		"-S", tm.socket, "-f", "/dev/null", "new-session", "-d", "-x", "110", "-y", "40",
		"env", "HOME=" + home, "XDG_CONFIG_HOME=" + home, "XDG_DATA_HOME=" + home, "LANG=C.UTF-8", "TERM=screen",
	}, command...)
	if out, err := exec.Command("tmux", args...).CombinedOutput(); err != nil {
		t.Fatalf("tmux: %v: %s; make tools installs it", err, out)
	}
	t.Cleanup(func() { _ = exec.Command("tmux", "-S", tm.socket, "kill-server").Run() })
	return tm
}

func (tm *terminal) screen(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("tmux", "-S", tm.socket, "capture-pane", "-p").Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// types enters a line.
func (tm *terminal) types(t *testing.T, line string) {
	t.Helper()
	if err := exec.Command("tmux", "-S", tm.socket, "send-keys", "-l", line).Run(); err != nil {
		t.Fatal(err)
	}
	if err := exec.Command("tmux", "-S", tm.socket, "send-keys", "Enter").Run(); err != nil {
		t.Fatal(err)
	}
}

// shows waits for a text: a terminal tells nobody when it has changed, so the
// screen is read again and again.
func (tm *terminal) shows(t *testing.T, text string) {
	t.Helper()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); <-tick.C {
		if strings.Contains(tm.screen(t), text) {
			return
		}
	}
	t.Fatalf("the terminal does not show %q:\n%s", text, tm.screen(t))
}

func startProfanity(t *testing.T, p *parley, jid string) *terminal {
	t.Helper()
	_, port, err := net.SplitHostPort(p.c2s)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := exec.LookPath("profanity"); err != nil {
		t.Fatalf("%v; make tools installs it", err)
	}
	tm := startTerminal(t, "profanity")
	tm.shows(t, "/help")
	tm.types(t, "/connect "+jid+" server 127.0.0.1 port "+port+" tls trust")
	tm.shows(t, "Enter password")
	tm.types(t, p.passwords[jid])
	tm.shows(t, "logged in successfully")
	return tm
}

func TestProfanity(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, p *parley) {
		bob := dialWebSocket(t, p, "bob@localhost", p.passwords["bob@localhost"])
		bob.online(t)
		alice := startProfanity(t, p, "alice@localhost")
		alice.shows(t, "Bob") // the contact, by its name
		alice.types(t, "/msg bob@localhost typed in a terminal")
		bob.hears(t, "alice@localhost typed in a terminal")
		bob.say(t, "alice@localhost", "shown in a terminal")
		alice.shows(t, "shown in a terminal")
		alice.types(t, "/quit")
		bob.close(t)
	})
}
