package stanza_test

import (
	"errors"
	"fmt"
	"io"
	"testing"

	"parley/stanza"
)

// The types that RFC 6120 §8.3.3 associates with the conditions.
func TestErrorTypes(t *testing.T) {
	t.Parallel()
	for c, want := range map[stanza.Condition]stanza.ErrorType{
		stanza.BadRequest: "modify", stanza.Conflict: "cancel", stanza.FeatureNotImplemented: "cancel",
		stanza.Forbidden: "auth", stanza.Gone: "cancel", stanza.InternalServerError: "cancel",
		stanza.ItemNotFound: "cancel", stanza.JIDMalformed: "modify", stanza.NotAcceptable: "modify",
		stanza.NotAllowed: "cancel", stanza.NotAuthorized: "auth", stanza.PolicyViolation: "modify",
		stanza.RecipientUnavailable: "wait", stanza.Redirect: "modify", stanza.RegistrationRequired: "auth",
		stanza.RemoteServerNotFound: "cancel", stanza.RemoteServerTimeout: "wait", stanza.ResourceConstraint: "wait",
		stanza.ServiceUnavailable: "cancel", stanza.SubscriptionRequired: "auth", stanza.UndefinedCondition: "cancel",
		stanza.UnexpectedRequest: "wait", "unheard-of": "cancel",
	} {
		if got := stanza.NewError(c, "").Type; got != want {
			t.Errorf("%s is %q, want %q", c, got, want)
		}
	}
}

func TestError(t *testing.T) {
	t.Parallel()
	e := stanza.NewError(stanza.Forbidden, "not <you>")
	e.By, e.App = "room@muc", stanza.New("u", "why")
	want := `<error type='auth' by='room@muc'><forbidden xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>` +
		`<text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas' xml:lang='en'>not &lt;you&gt;</text><why xmlns='u'/></error>`
	if got := string(e.Element().Bytes()); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	wrapped := fmt.Errorf("muc: enter: %w", e)
	if !errors.Is(wrapped, stanza.NewError(stanza.Forbidden, "other")) || errors.Is(wrapped, stanza.NewError(stanza.Conflict, "")) {
		t.Error("conditions are not compared")
	}
	if got := (&stanza.Error{}).Element(); !got.Child(stanza.NSStanzaErrors, "undefined-condition").Is(stanza.NSStanzaErrors, "undefined-condition") || got.Attr("type") != "cancel" {
		t.Errorf("the zero error is %s", got)
	}
	if got := e.Error(); got != "stanza error: forbidden: not <you>" {
		t.Errorf("Error() = %q", got)
	}
}

// What has an address (RFC 6120 §8.3.3.5, §8.3.3.14), and what has none.
func TestErrorAddress(t *testing.T) {
	t.Parallel()
	const ns = ` xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'`
	for _, c := range []struct {
		condition     stanza.Condition
		address, want string
	}{
		{stanza.Gone, "xmpp:romeo@afterlife.example.net", `<error type='cancel'><gone` + ns + `>xmpp:romeo@afterlife.example.net</gone></error>`},
		{stanza.Redirect, "xmpp:voicemail@example.org?a&b", `<error type='modify'><redirect` + ns + `>xmpp:voicemail@example.org?a&amp;b</redirect></error>`},
		{stanza.Gone, "", `<error type='cancel'><gone` + ns + `/></error>`},
		{stanza.Conflict, "xmpp:romeo@example.net", `<error type='cancel'><conflict` + ns + `/></error>`},
		{"", "xmpp:romeo@example.net", `<error type='cancel'><undefined-condition` + ns + `/></error>`},
	} {
		e := stanza.NewError(c.condition, "")
		e.Address = c.address
		if got := string(e.Element().Bytes()); got != c.want {
			t.Errorf("got  %s\nwant %s", got, c.want)
		}
	}
}

func TestStreamError(t *testing.T) {
	t.Parallel()
	e := &stanza.StreamError{Condition: stanza.StreamHostUnknown, Text: "no", App: stanza.New("u", "why"), Err: io.EOF}
	want := `<stream:error xmlns:stream='http://etherx.jabber.org/streams'><host-unknown xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>` +
		`<text xmlns='urn:ietf:params:xml:ns:xmpp-streams' xml:lang='en'>no</text><why xmlns='u'/></stream:error>`
	if got := string(e.Append(nil)); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if !errors.Is(e, io.EOF) || !errors.Is(e, &stanza.StreamError{Condition: stanza.StreamHostUnknown}) {
		t.Error("cause or condition is not found")
	}
	if got := e.Error(); got != "stream error: host-unknown: no: EOF" {
		t.Errorf("Error() = %q", got)
	}
	if got := string((&stanza.StreamError{}).Append(nil)); got != `<stream:error xmlns:stream='http://etherx.jabber.org/streams'><undefined-condition xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>` {
		t.Errorf("the zero error is %s", got)
	}
}

// What has an address (RFC 6120 §4.9.3.19), and what has none.
func TestStreamErrorAddress(t *testing.T) {
	t.Parallel()
	const ns = ` xmlns='urn:ietf:params:xml:ns:xmpp-streams'`
	for _, c := range []struct {
		condition     stanza.StreamCondition
		address, want string
	}{
		{stanza.StreamSeeOtherHost, "[2001:41D0:1:A49b::1]:9222", `<see-other-host` + ns + `>[2001:41D0:1:A49b::1]:9222</see-other-host>`},
		{stanza.StreamSeeOtherHost, "a<b", `<see-other-host` + ns + `>a&lt;b</see-other-host>`},
		{stanza.StreamSeeOtherHost, "", `<see-other-host` + ns + `/>`},
		{stanza.StreamReset, "example.org", `<reset` + ns + `/>`},
		{"", "example.org", `<undefined-condition` + ns + `/>`},
	} {
		e := &stanza.StreamError{Condition: c.condition, Address: c.address}
		want := `<stream:error xmlns:stream='http://etherx.jabber.org/streams'>` + c.want + `</stream:error>`
		if got := string(e.Append(nil)); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}
