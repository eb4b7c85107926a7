package carbons_test

import (
	"fmt"
	"testing"

	"parley/internal/xep/carbons"
)

// TestErrors: an error is copied if it answers a message that was copied
// (XEP-0280 §6.1), which is known of the last messages of a session.
func TestErrors(t *testing.T) {
	t.Parallel()
	const peer = "mercutio@verona.example"
	for name, tt := range map[string]struct {
		more int
		want string
	}{
		"of the last ones":       {carbons.Remembered - 1, "received"},
		"of one before the last": {carbons.Remembered, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := world(t)
			other := w.Remote(t)
			a, b := pair(t, w)
			for i := range 1 + tt.more {
				a.Send(fmt.Sprintf(`<message to='%s' type='chat' id='%d'>%s</message>`, peer, i, body))
			}
			b.Got()
			other.Send(peer+"/lane", `<message to='`+romeo+`' type='error' id='0'><private xmlns='urn:xmpp:carbons:2'/><error type='cancel'/></message>`)
			if got := kinds(t, b.Got()); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			other.Send("tybalt@capulet.example", `<message to='`+romeo+`' type='error' id='0'/>`)
			if got := kinds(t, b.Got()); got != "" {
				t.Errorf("an error from another: got %q", got)
			}
		})
	}
}

// TestErrorsSent: what a client answers with an error to what it received goes
// to the others.
func TestErrorsSent(t *testing.T) {
	t.Parallel()
	const peer = "mercutio@verona.example/lane"
	w := world(t)
	other := w.Remote(t)
	a, b := pair(t, w)
	for id, payload := range map[string]string{"1": body, "2": body + `<private xmlns='urn:xmpp:carbons:2'/>`} {
		other.Send(peer, `<message to='`+romeo+`' type='chat' id='`+id+`'>`+payload+`</message>`)
		b.Got()
		a.Send(`<message to='` + peer + `' type='error' id='` + id + `'><error type='cancel'/></message>`)
		if got, want := kinds(t, b.Got()), map[string]string{"1": "sent"}[id]; got != want {
			t.Errorf("%s: got %q, want %q", id, got, want)
		}
	}
}

// TestBounce: the error of the server itself is copied like another's.
func TestBounce(t *testing.T) {
	t.Parallel()
	w := world(t)
	a, b := pair(t, w)
	a.Send(`<message to='nobody@localhost' type='chat' id='1'>` + body + `</message>`)
	if got := kinds(t, b.Got()); got != "sent received" {
		t.Errorf("got %q", got)
	}
}
