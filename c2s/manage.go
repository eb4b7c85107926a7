package c2s

import (
	"context"

	"parley/internal/session"
	"parley/stanza"
)

const nsSM = "urn:xmpp:sm:3" // XEP-0198

// enableInline answers <enable/> within a Bind 2 request (XEP-0198 §7): the
// counting begins with what follows <success/>. s is bound and not started.
func (c *Conn) enableInline(s *session.Session, request *stanza.Element) *stanza.Element {
	return smFailed(stanza.FeatureNotImplemented)
}

// resumeInline answers <resume/> within a SASL2 request (XEP-0198 §7) with
// <resumed/> or <failed/>. If it could resume, the session is c's; what it has
// to send waits for resumed, which is called when the client has been told.
func (c *Conn) resumeInline(ctx context.Context, request *stanza.Element) (answer *stanza.Element, s *session.Session) {
	return smFailed(stanza.ItemNotFound), nil
}

// resumed lets a resumed session write.
func (c *Conn) resumed(s *session.Session) {}

func smFailed(condition stanza.Condition) *stanza.Element {
	return stanza.New(nsSM, "failed").Add(stanza.New(stanza.NSStanzaErrors, string(condition)))
}
