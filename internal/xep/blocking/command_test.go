package blocking_test

import (
	"strings"
	"testing"

	"parley/internal/xep/blocking"
)

// XEP-0191 §3.2 to §3.5: the list, and pushes to those who have asked for it.
func TestCommands(t *testing.T) {
	t.Parallel()
	w := newWorld(t, blocking.Options{})
	j, other := w.Bind(t, juliet), w.Bind(t, chamber)
	j.Ask(command("blocklist"), blocklist(juliet))

	other.Ask(command("block", "romeo@montague.net"), result(chamber, ""))
	j.Expect(push(juliet, "block", "romeo@montague.net"))
	j.Ask(command("block", "IAGO@shakespeare.lit", "iago@shakespeare.lit", "example.org/r", "romeo@montague.net"),
		result(juliet, ""), push(juliet, "block", "iago@shakespeare.lit", "example.org/r", "romeo@montague.net"))
	other.Ask(command("blocklist"), blocklist(chamber, "example.org/r", "iago@shakespeare.lit", "romeo@montague.net"))

	j.Ask(command("unblock", "romeo@montague.net", "never@blocked"),
		result(juliet, ""), push(juliet, "unblock", "romeo@montague.net", "never@blocked"))
	other.Expect(push(chamber, "unblock", "romeo@montague.net", "never@blocked"))
	j.Ask(command("blocklist"), blocklist(juliet, "example.org/r", "iago@shakespeare.lit"))
	other.Ask(command("unblock"), result(chamber, ""), push(chamber, "unblock"))
	j.Expect(push(juliet, "unblock"))
	j.Ask(command("blocklist"), blocklist(juliet))
}

func TestBadCommands(t *testing.T) {
	t.Parallel()
	w := newWorld(t, blocking.Options{})
	j, r := w.Bind(t, juliet), w.Bind(t, romeo)
	do(j, "block", "romeo@montague.net")
	for xml, condition := range map[string]string{
		"<block/>":                                                          "bad-request", // §3.3
		"<block><item/></block>":                                            "bad-request",
		"<block><jid>a@b</jid></block>":                                     "bad-request",
		"<block><item jid='@'/></block>":                                    "jid-malformed",
		"<block><item jid='a@b'/><item jid=''/></block>":                    "jid-malformed",
		"<unblock><jid>romeo@montague.net</jid></unblock>":                  "bad-request", // does not unblock everybody
		"<unblock><item xmlns='other' jid='romeo@montague.net'/></unblock>": "bad-request",
	} {
		xml = strings.NewReplacer("<block", "<block xmlns='urn:xmpp:blocking'", "<unblock", "<unblock xmlns='urn:xmpp:blocking'").Replace(xml)
		j.Ask("<iq type='set' id='c'>"+xml+"</iq>", failed(juliet, condition))
	}
	j.Ask(command("blocklist"), blocklist(juliet, "romeo@montague.net"))
	for _, name := range []string{"blocklist", "block", "unblock"} { // of somebody else
		r.Ask(strings.Replace(command(name, "a@b"), "<iq ", "<iq to='juliet@localhost' ", 1),
			"<iq type='error' id='c' from='juliet@localhost' to='"+romeo+"'><error type='auth'><forbidden xmlns='"+conditions+"'/></error></iq>")
	}
	j.Ask(command("blocklist"), blocklist(juliet, "romeo@montague.net"))
}

// The limit is n addresses; with one more none of a command is blocked.
func TestMaxItems(t *testing.T) {
	t.Parallel()
	w := newWorld(t, blocking.Options{MaxItems: 3})
	j := w.Bind(t, juliet)
	j.Ask(command("block", "a@b", "c@d"), result(juliet, ""))
	j.Ask(command("block", "e@f", "g@h"), failed(juliet, "policy-violation"))
	j.Ask(command("blocklist"), blocklist(juliet, "a@b", "c@d"))
	j.Ask(command("block", "e@f", "a@b"), result(juliet, ""), push(juliet, "block", "e@f", "a@b"))
	j.Ask(command("blocklist"), blocklist(juliet, "a@b", "c@d", "e@f"))
	j.Ask(command("block", "g@h"), failed(juliet, "policy-violation"))
}
