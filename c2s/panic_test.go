package c2s

import (
	"context"
	"errors"
	"log/slog"
	"testing"

	"github.com/coder/websocket"

	"parley/internal/jid"
	"parley/internal/module"
	"parley/stanza"
)

// TestPanicEndsTheStream: RFC 6120 §4.9.3.8, RFC 6455 §7.4.1: a fault of ours
// ends the one stream with <internal-server-error/>, and a WebSocket with 1011.
func TestPanicEndsTheStream(t *testing.T) {
	t.Parallel()
	c := &Conn{log: slog.New(slog.DiscardHandler)}
	err := func() (err error) {
		defer c.recovered(&err)
		panic("a fault")
	}()
	var e *stanza.StreamError
	if !errors.As(err, &e) || e.Condition != stanza.StreamInternalServerError || e.Text != "" {
		t.Fatalf("got %v", err)
	}
	if code := new(wire).closeCode(e); code != websocket.StatusInternalError {
		t.Errorf("closed with %d", code)
	}
}

// TestCloseCode: RFC 6455 §7.4.1: the code that goes with the end of a stream.
func TestCloseCode(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		refused websocket.StatusCode
		err     *stanza.StreamError
		want    websocket.StatusCode
	}{
		"in order":         {0, nil, 1000},
		"a stream error":   {0, &stanza.StreamError{Condition: stanza.StreamConflict}, 1000},
		"the server stops": {0, &stanza.StreamError{Condition: stanza.StreamSystemShutdown}, 1001},
		"a rule":           {0, &stanza.StreamError{Condition: stanza.StreamPolicyViolation}, 1008},
		"a fault":          {0, &stanza.StreamError{Condition: stanza.StreamInternalServerError}, 1011},
		"too big":          {websocket.StatusMessageTooBig, &stanza.StreamError{Condition: stanza.StreamPolicyViolation}, 1009},
		"binary":           {websocket.StatusUnsupportedData, &stanza.StreamError{Condition: stanza.StreamBadFormat}, 1003},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := (&wire{code: c.refused}).closeCode(c.err); got != c.want {
				t.Errorf("got %d, want %d", got, c.want)
			}
		})
	}
}

// TestPanicAfterwards: a handler that panics when a client is told that a write
// has failed, long after the reader has gone on, harms nobody.
func TestPanicAfterwards(t *testing.T) {
	t.Parallel()
	s, _ := detachedOn(t, away{}, 0)
	defer s.Shutdown(t.Context())
	panicked := 0
	s.Router.Options.Domain = s.Domain
	s.Router.Hooks.MessageToAccount.Add(module.StageCheck, func(context.Context, *module.Event) error {
		panicked++
		panic("a fault")
	})
	st := module.NewStanza(stanza.Message, "chat", jid.MustParse("alice@localhost/0"), jid.MustParse("bob@localhost"))
	(&Conn{server: s}).notStored(st)(errors.New("the disk is full"))
	if panicked != 1 {
		t.Errorf("the error passed %d handlers", panicked)
	}
}
