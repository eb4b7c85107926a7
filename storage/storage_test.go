package storage_test

import (
	"context"
	"errors"
	"testing"

	"parley/storage"
)

func TestSubscription(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]storage.Subscription{
		"none": storage.None, "to": storage.To, "from": storage.From, "both": storage.Both,
	} {
		got, err := storage.ParseSubscription(name)
		if err != nil || got != want || got.String() != name {
			t.Errorf("%s: got %v, %v", name, got, err)
		}
	}
	for _, bad := range []string{"", "remove", "None", "both "} {
		if got, err := storage.ParseSubscription(bad); err == nil {
			t.Errorf("%q: got %v", bad, got)
		}
	}
	if storage.To|storage.From != storage.Both {
		t.Error("to and from are not both")
	}
}

func TestRosterItemEqual(t *testing.T) {
	t.Parallel()
	base := func() storage.RosterItem {
		return storage.RosterItem{Contact: "a", Groups: []string{"g"}, PendingStanza: []byte("p")}
	}
	same := base()
	same.Version = 9
	if !base().Equal(same) {
		t.Error("the version counts")
	}
	for name, change := range map[string]func(*storage.RosterItem){
		"contact":        func(i *storage.RosterItem) { i.Contact = "b" },
		"name":           func(i *storage.RosterItem) { i.Name = "b" },
		"groups":         func(i *storage.RosterItem) { i.Groups = append(i.Groups, "h") },
		"subscription":   func(i *storage.RosterItem) { i.Subscription = storage.To },
		"ask":            func(i *storage.RosterItem) { i.Ask = true },
		"approved":       func(i *storage.RosterItem) { i.Approved = true },
		"in roster":      func(i *storage.RosterItem) { i.InRoster = true },
		"pending in":     func(i *storage.RosterItem) { i.PendingIn = true },
		"pending stanza": func(i *storage.RosterItem) { i.PendingStanza = nil },
	} {
		changed := base()
		change(&changed)
		if base().Equal(changed) {
			t.Errorf("%s does not count", name)
		}
	}
}

type pending struct {
	done chan struct{}
	err  error
}

func (p pending) Done() <-chan struct{} { return p.done }
func (p pending) Err() error            { return p.err }
func (p pending) Then(f func())         { f() }

func TestWait(t *testing.T) {
	t.Parallel()
	p := pending{make(chan struct{}), storage.ErrQuota}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := storage.Wait(ctx, p); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v before it is done", err)
	}
	close(p.done)
	if err := storage.Wait(t.Context(), p); !errors.Is(err, storage.ErrQuota) {
		t.Errorf("got %v when it is done", err)
	}
}
