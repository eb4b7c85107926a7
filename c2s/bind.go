package c2s

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"errors"
	"strings"

	"parley/internal/jid"
	"parley/internal/session"
	"parley/stanza"
)

// bind handles the one request that is allowed between authentication and
// stanzas (RFC 6120 §7).
func (c *Conn) bind(ctx context.Context, v *stanza.View) error {
	iq := v.Tree()
	request := iq.Child(stanza.NSBind, "bind")
	if v.Kind != stanza.IQ || request == nil {
		return streamError(stanza.StreamNotAuthorized, "bind a resource first") // §7.1
	}
	if iq.Attr("type") != "set" || iq.Attr("id") == "" {
		return c.bindError(iq, stanza.NewError(stanza.BadRequest, "bind is a set with an id"))
	}
	full, err := c.resource(request)
	if err != nil {
		return c.bindError(iq, stanza.NewError(stanza.BadRequest, "no valid resourcepart")) // §7.7.2.1
	}
	return c.bindTo(ctx, iq, full)
}

// resource returns the full JID asked for, or one that the server makes (§7.6).
func (c *Conn) resource(request *stanza.Element) (jid.JID, error) {
	asked := request.Child(stanza.NSBind, "resource").Text()
	if asked == "" {
		asked = newResource()
	}
	return c.account.WithResource(asked)
}

// newResource returns an unguessable resourcepart (§7.6).
func newResource() string {
	var b [resourceBytes]byte
	_, _ = rand.Read(b[:]) // never fails
	return encodeResource(b[:])
}

const resourceBytes = 10

func encodeResource(b []byte) string { return strings.ToLower(base32.StdEncoding.EncodeToString(b)) }

func (c *Conn) bindTo(ctx context.Context, iq *stanza.Element, full jid.JID) error {
	s := c.newSession(full)
	var refused *stanza.Error
	if err := c.enterTable(ctx, s); errors.As(err, &refused) {
		return c.bindError(iq, refused)
	} else if err != nil {
		return err
	}
	if err := c.proven(ctx); err != nil {
		return err
	}
	result := bindAnswer(iq, "result").Add(
		stanza.New(stanza.NSBind, "bind").Add(stanza.New(stanza.NSBind, "jid").AddText(full.String())))
	if err := c.transport.write(result.Append(nil, "")); err != nil {
		return err
	}
	return c.started(ctx, s)
}

func (c *Conn) newSession(full jid.JID) *session.Session {
	return session.New(session.Info{
		JID: full, Secure: c.secure(), RemoteAddr: c.peer.Addr.String(),
		Log: c.server.Log, Undelivered: c.server.Router.Undelivered, Writers: &c.server.writers,
	}, (*stream)(c), c.server.Limits.Session)
}

// enterTable makes the session known. It is told of changes of the account from
// here on.
func (c *Conn) enterTable(ctx context.Context, s *session.Session) error {
	if err := c.server.Router.Bind(ctx, s); err != nil {
		return err
	}
	c.session.Store(s) // from here on finish lets the session go
	c.phase = phaseBound
	return nil
}

// started lets the session write: its client has been told the full JID.
func (c *Conn) started(ctx context.Context, s *session.Session) error {
	s.Start()
	if e := c.wantedEnd(); e != nil {
		return e
	}
	c.server.Router.Bound(ctx, s)
	c.log.Debug("bound", "resource", s.JID().Resource())
	return nil
}

func (c *Conn) bindError(iq *stanza.Element, e *stanza.Error) error {
	return c.transport.write(bindAnswer(iq, "error").Add(e.Element()).Append(nil, ""))
}

// bindAnswer has no addresses: the client has none yet (§7.6.1).
func bindAnswer(iq *stanza.Element, typ string) *stanza.Element {
	return stanza.New(stanza.NSClient, "iq", "type", typ, "id", iq.Attr("id"))
}
