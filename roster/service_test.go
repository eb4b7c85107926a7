package roster_test

import (
	"context"
	"testing"

	"parley/internal/module"
	"parley/internal/xmpptest/imtest"
	"parley/stanza"
)

// service approves a subscription at once, on the goroutine that asks.
type service struct{ w *imtest.World }

// Send implements router.Remote.
func (s service) Send(ctx context.Context, st *module.Stanza) *stanza.Error {
	if st.Type == "subscribe" {
		s.w.Router.Route(ctx, module.NewStanza(stanza.Presence, "subscribed", st.To, st.From))
	}
	return nil
}

// TestAnswerAtOnce: a contact may answer while the request is being sent.
func TestAnswerAtOnce(t *testing.T) {
	t.Parallel()
	w := imtest.New(t, imtest.Options{})
	w.Account(t, "romeo@localhost")
	w.Router.Remote = service{w}
	c := w.Bind(t, romeo)
	c.Send(getRoster)
	c.Got()
	c.Ask(`<presence to='news.example.net' type='subscribe'/>`,
		push(romeo, `<item jid='news.example.net' subscription='none' ask='subscribe'/>`),
		`<presence from='news.example.net' to='romeo@localhost' type='subscribed'/>`,
		push(romeo, `<item jid='news.example.net' subscription='to'/>`))
}
