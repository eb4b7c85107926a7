package c2s

import (
	"context"
	"strconv"
	"time"

	"parley/internal/module"
	"parley/internal/session"
	"parley/stanza"
	"parley/storage"
)

const nsClientState = "urn:xmpp:csi:0" // XEP-0352

// Streams keeps what has to be known of a stream after the server has died.
type Streams interface {
	// SaveStream must not block.
	SaveStream(storage.Stream) storage.Pending
	// Submit makes the writes of a unit in one transaction, and with them, if last
	// is not nil, what that returns.
	Submit(ctx context.Context, u *storage.Unit, last func() (storage.Stream, bool)) storage.Pending
	Stream(ctx context.Context, id string) (storage.Stream, error)
	// SuspendStreams and TakeSuspendedStreams carry streams over a restart.
	SuspendStreams(ctx context.Context, streams []storage.SuspendedStream) error
	TakeSuspendedStreams(ctx context.Context) ([]storage.SuspendedStream, error)
}

// manage handles the elements of XEP-0198 on a bound stream.
func (c *Conn) manage(e *stanza.Element) error {
	s := c.session.Load()
	switch {
	case e.Local == "enable":
		return c.enable(s, e)
	case e.Local == "resume":
		return c.smWrite(s, smFailed(stanza.UnexpectedRequest)) // §5: before a resource is bound
	case !s.Managed():
		return c.smWrite(s, smFailed(stanza.UnexpectedRequest))
	case e.Local == "r":
		s.AckRequested()
		return nil
	case e.Local == "a":
		return c.ack(s, e)
	}
	return streamError(stanza.StreamUnsupportedStanzaType, "not an element of stream management")
}

// ack: §4.
func (c *Conn) ack(s *session.Session, e *stanza.Element) error {
	h, err := count(e)
	if err != nil {
		return streamError(stanza.StreamBadFormat, "'h' is a number below 2^32")
	}
	if e := s.Ack(h); e != nil {
		return e
	}
	return nil
}

func count(e *stanza.Element) (uint32, error) {
	h, err := strconv.ParseUint(e.Attr("h"), 10, 32)
	return uint32(h), err
}

// smWrite sends an answer of stream management that counts nothing.
func (c *Conn) smWrite(s *session.Session, e *stanza.Element) error {
	s.Say(e.Append(nil, ""))
	return nil
}

// enable: §3.
func (c *Conn) enable(s *session.Session, request *stanza.Element) error {
	m, answer := c.management(s, request)
	if answer.Local == "enabled" {
		c.keep(s, m)
		s.Manage(m, answer.Append(nil, ""))
		return nil
	}
	return c.smWrite(s, answer)
}

// enableInline answers <enable/> within a Bind 2 request (§7): the counting
// begins with what follows <success/>. s is bound and not started.
func (c *Conn) enableInline(s *session.Session, request *stanza.Element) *stanza.Element {
	m, answer := c.management(s, request)
	if answer.Local == "enabled" {
		c.keep(s, m)
		s.Manage(m, nil)
	}
	return answer
}

// management settles what the client asks for.
func (c *Conn) management(s *session.Session, request *stanza.Element) (session.Management, *stanza.Element) {
	if s.Managed() {
		return session.Management{}, smFailed(stanza.UnexpectedRequest)
	}
	window, err := c.resumeWindow(request)
	if err != nil {
		return session.Management{}, smFailed(stanza.BadRequest)
	}
	enabled := stanza.New(session.NSManagement, "enabled")
	if window == 0 {
		return session.Management{}, enabled
	}
	m := c.server.managementOf(randomID(), c.account.String(), window)
	return m, enabled.Set("id", m.ID).Set("resume", "true").Set("max", strconv.Itoa(int(window/time.Second)))
}

// managementOf is that of a stream that can be resumed.
func (s *Server) managementOf(id, account string, window time.Duration) session.Management {
	m := session.Management{ID: id, Resume: window, Expired: func() { s.expired(id) }}
	if s.Streams != nil {
		m.Save = func(h uint32) module.Pending {
			return s.Streams.SaveStream(storage.Stream{ID: id, Account: account, Handled: h, Seen: time.Now()})
		}
	}
	return m
}

// resumeWindow is how long the session is to outlive its stream: the server's
// limit, or less if the client prefers so; 0 if it does not want that.
func (c *Conn) resumeWindow(request *stanza.Element) (time.Duration, error) {
	window := c.server.Limits.Resume
	if v := request.Attr("resume"); v != "true" && v != "1" {
		window = 0
	}
	if request.Attr("max") == "" {
		return window, nil
	}
	seconds, err := strconv.ParseUint(request.Attr("max"), 10, 31)
	if wanted := time.Duration(seconds) * time.Second; wanted > 0 {
		window = min(window, wanted)
	}
	return window, err
}

// manageUnbound handles the elements of XEP-0198 before a resource is bound.
func (c *Conn) manageUnbound(ctx context.Context, e *stanza.Element) error {
	if e.Local != "resume" {
		return c.transport.write(smFailed(stanza.UnexpectedRequest).Append(nil, "")) // §3: after binding
	}
	answer, s, err := c.resume(ctx, e)
	if err != nil {
		return err
	}
	if err := c.transport.write(answer.Append(nil, "")); err != nil {
		return err
	}
	if s != nil {
		c.resumed(s)
	}
	return nil
}

// resumeInline answers <resume/> within a SASL2 request (§7) with <resumed/> or
// <failed/>. If it could resume, the session is c's; what it has to send waits
// for resumed, which is called when the client has been told. An error ends the
// stream.
func (c *Conn) resumeInline(ctx context.Context, request *stanza.Element) (*stanza.Element, *session.Session, error) {
	return c.resume(ctx, request)
}

// resumed lets a resumed session write.
func (c *Conn) resumed(s *session.Session) {
	s.Start()
	c.server.Router.Resumed(c.server.base, s)
	c.log.Info("resumed", "resource", s.JID().Resource())
}

// clientState: XEP-0352 §4.
func (c *Conn) clientState(name string) error {
	s := c.session.Load()
	switch name {
	case "active":
		s.SetActive(true)
	case "inactive":
		s.SetActive(false)
	default:
		return streamError(stanza.StreamUnsupportedStanzaType, "not a client state")
	}
	return nil
}

func smFailed(condition stanza.Condition) *stanza.Element {
	return stanza.New(session.NSManagement, "failed").Add(stanza.New(stanza.NSStanzaErrors, string(condition)))
}
