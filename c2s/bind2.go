package c2s

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"

	"parley/internal/jid"
	"parley/internal/module"
	"parley/internal/session"
	"parley/stanza"
)

const nsBind2 = "urn:xmpp:bind:0" // XEP-0386

// bind2 binds a resource in the course of a login (XEP-0386 §3.2) and returns
// <bound/>. The client gets what it missed from its archive.
func (c *Conn) bind2(ctx context.Context, r *request) (*session.Session, *stanza.Element, error) {
	full, err := c.bind2Resource(r)
	if err != nil {
		return nil, nil, err
	}
	s := c.newSession(full)
	module.UsesArchive.Set(s, true)
	userAgentID.Set(s, r.client.ID)
	if err := c.enterTable(ctx, s); err != nil {
		return nil, nil, err
	}
	c.endEarlier(s, r.client.ID)
	return s, stanza.New(nsBind2, "bound").Add(c.enableAll(ctx, s, r.bind)...), nil
}

// bind2Resource makes the resourcepart (§3.2.1): the client's tag, if that may
// stand there, and what the server adds.
func (c *Conn) bind2Resource(r *request) (jid.JID, error) {
	own := newResource()
	if r.client.ID != "" {
		own = c.server.stableResource(c.account, r.client.ID)
	}
	if tag := r.bind.Child(nsBind2, "tag").Text(); tag != "" {
		if full, err := c.account.WithResource(tag + "/" + own); err == nil {
			return full, nil
		}
	}
	return c.account.WithResource(own)
}

// stableResource is the same for every login of the client, and says nothing of
// its id.
func (s *Server) stableResource(account jid.JID, client string) string {
	m := hmac.New(sha256.New, s.Secret)
	m.Write([]byte(account.String() + "\x00" + client))
	return encodeResource(m.Sum(nil)[:resourceBytes])
}

// endEarlier ends the other sessions of the same client (§3.2).
func (c *Conn) endEarlier(s *session.Session, client string) {
	for _, other := range c.server.Router.Sessions(c.account) {
		if client != "" && other.JID() != s.JID() && userAgentID.Get(other) == client {
			other.End(streamError(stanza.StreamConflict, "the client has bound a new session"))
		}
	}
}

// enableAll enables what is asked for, and returns what <bound/> says of it.
// Then those who have something to say without being asked say it: the state
// of the archive must not be older than the session.
func (c *Conn) enableAll(ctx context.Context, s *session.Session, bind *stanza.Element) []*stanza.Element {
	var answers []*stanza.Element
	asked := map[string]bool{nsBind2: true} // the tag
	for e := range bind.Elements() {
		if !asked[e.Space] {
			asked[e.Space] = true
			answers = append(answers, c.enableOne(ctx, s, e))
		}
	}
	for _, space := range c.server.Router.InlineFeatures() {
		if !asked[space] {
			answers = append(answers, c.server.Router.InlineFeature(space)(ctx, s, nil))
		}
	}
	return answers
}

// enableOne ignores what is unknown: it was not offered.
func (c *Conn) enableOne(ctx context.Context, s *session.Session, e *stanza.Element) *stanza.Element {
	switch {
	case e.Is(session.NSManagement, "enable"):
		return c.enableInline(s, e)
	case e.Is(nsClientState, "active"), e.Is(nsClientState, "inactive"): // XEP-0352
		s.SetActive(e.Local == "active")
		return nil
	}
	if enable := c.server.Router.InlineFeature(e.Space); enable != nil {
		return enable(ctx, s, e)
	}
	return nil
}

// bind2Feature lists what can be enabled together with binding (§3.1).
func (c *Conn) bind2Feature() *stanza.Element {
	inline := stanza.New(nsBind2, "inline")
	for _, space := range append(c.server.Router.InlineFeatures(), nsClientState, session.NSManagement) {
		inline.Add(stanza.New(nsBind2, "feature", "var", space))
	}
	return stanza.New(nsBind2, "bind").Add(inline)
}
