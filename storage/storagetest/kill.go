package storagetest

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"parley/storage"
	"parley/storage/sqlstore"
)

// Open opens the database at an address, which is an engine's own idea.
type Open func(ctx context.Context, address string) (*sqlstore.Store, error)

const (
	// childVariable makes the test binary a writer for the database it names.
	childVariable = "PARLEY_STORAGETEST_CHILD"
	// roundVariable is the number of the child, to tell its rows from others'.
	roundVariable = "PARLEY_STORAGETEST_ROUND"

	killRounds  = 5
	killSenders = 8
	killed      = "alice@localhost"
)

// Child turns the process into the writer that Kill starts and kills, if it is
// that; it belongs at the start of TestMain.
func Child(open Open) {
	address := os.Getenv(childVariable)
	if address == "" {
		return
	}
	err := write(context.Background(), open, address, os.Getenv(roundVariable))
	fmt.Fprintln(os.Stderr, "child:", err)
	os.Exit(1) // it should have been killed
}

// write appends messages for ever, settles some of them, and changes the roster,
// and prints the name of each write when, and not before, it is confirmed.
func write(ctx context.Context, open Open, address, round string) error {
	s, err := open(ctx, address)
	if err != nil {
		return err
	}
	if _, err := s.Migrate(ctx); err != nil { // goes on with the ids of before
		return err
	}
	failed := make(chan error)
	var mu sync.Mutex
	confirm := func(name string, err error) {
		if err != nil {
			failed <- err
		}
		mu.Lock()
		defer mu.Unlock()
		fmt.Println(name)
	}
	for sender := range killSenders {
		go func() {
			for i := 0; ; i++ {
				name := fmt.Sprintf("m-%s-%d-%d", round, sender, i)
				m := storage.Message{Account: killed, ID: s.NewMessageID(), StanzaID: name, Payload: []byte(name), Listed: true}
				confirm(name, storage.Wait(ctx, s.AppendMessage(ctx, m, waits)))
				if i%3 == 0 {
					refs := []storage.MessageRef{{Account: killed, ID: m.ID}}
					confirm("settled "+name, storage.Wait(ctx, s.SettleMessages(refs)))
				}
			}
		}()
	}
	go func() {
		for i := 0; ; i++ {
			name := fmt.Sprintf("r-%s-%d", round, i)
			_, _, _, err := s.UpdateRoster(ctx, killed, name, 0, listed)
			confirm(name, err)
		}
	}()
	return <-failed
}

// Kill starts a writer in a process of its own, kills it with SIGKILL at a
// random moment, several times, and checks that every write it saw confirmed is
// in the database, once and in order.
func Kill(t *testing.T, address string, open Open) {
	ctx, cancel := context.WithTimeout(t.Context(), timeout)
	defer cancel()
	h := &harness{ctx: ctx, open: func(t *testing.T) *sqlstore.Store {
		s, err := open(ctx, address)
		must(t, err)
		return s
	}}
	must(t, h.store(t, killed).Close())

	var confirmed []string
	for round := range killRounds {
		confirmed = append(confirmed, runAndKill(t, address, round)...)
		s := h.raw(t)
		verify(t, h, s, confirmed)
		must(t, s.Close())
	}
}

// runAndKill returns what a writer confirmed before it was killed.
func runAndKill(t *testing.T, address string, round int) (confirmed []string) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childVariable+"="+address, roundVariable+"="+strconv.Itoa(round))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	deadly := 1 + rand.IntN(400)
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		confirmed = append(confirmed, lines.Text())
		if len(confirmed) == deadly {
			must(t, cmd.Process.Kill())
		}
	}
	_ = cmd.Wait()
	if status := cmd.ProcessState.Sys().(syscall.WaitStatus); status.Signal() != syscall.SIGKILL {
		t.Fatalf("the writer ended by itself: %v", cmd.ProcessState)
	}
	t.Logf("round %d: killed after %d writes", round, len(confirmed))
	return confirmed
}

func verify(t *testing.T, h *harness, s *sqlstore.Store, confirmed []string) {
	t.Helper()
	archive, complete, err := s.Archive(h.ctx, killed, storage.ArchiveFilter{}, storage.ArchivePage{Max: 1 << 30})
	must(t, err)
	equal(t, "complete", complete, true)
	present := inOrder(t, archive)
	waiting := map[string]bool{}
	for _, m := range h.undelivered(t, s, killed) {
		waiting[m.StanzaID] = true
	}
	roster, err := s.Roster(h.ctx, killed)
	must(t, err)
	for _, item := range roster.Items {
		present[item.Contact] = true
	}
	for _, name := range confirmed {
		if settled, ok := strings.CutPrefix(name, "settled "); ok {
			if waiting[settled] {
				t.Errorf("%s was settled and waits again", settled)
			}
			continue
		}
		if !present[name] {
			t.Errorf("%s was confirmed and is lost", name)
		}
		if strings.HasPrefix(name, "m-") && number(t, name)%3 != 0 && !waiting[name] {
			t.Errorf("%s was never settled and does not wait", name)
		}
	}
}

// number is the last part of a message's name, its place among its sender's.
func number(t *testing.T, name string) int {
	t.Helper()
	n, err := strconv.Atoi(name[strings.LastIndexByte(name, '-')+1:])
	must(t, err)
	return n
}

// inOrder checks that every message is there once, whole, and behind the one that
// its sender wrote before.
func inOrder(t *testing.T, messages []storage.Message) (present map[string]bool) {
	t.Helper()
	present = map[string]bool{}
	last := map[string]int{} // by sender
	for _, m := range messages {
		if present[m.StanzaID] || string(m.Payload) != m.StanzaID {
			t.Fatalf("message %q stands twice or is damaged", m.StanzaID)
		}
		present[m.StanzaID] = true
		n, sender := number(t, m.StanzaID), m.StanzaID[:strings.LastIndexByte(m.StanzaID, '-')]
		if before, ok := last[sender]; ok && n != before+1 || !ok && n != 0 {
			t.Fatalf("message %q follows number %d of its sender", m.StanzaID, before)
		}
		last[sender] = n
	}
	return present
}
