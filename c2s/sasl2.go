package c2s

import (
	"context"
	"encoding/base64"
	"errors"
	"strings"

	"parley/internal/jid"
	"parley/internal/sasl"
	"parley/internal/session"
	"parley/stanza"
)

const nsSASL2 = "urn:xmpp:sasl:2" // XEP-0388

// request is one <authenticate/> (XEP-0388 §2.3) and what the client wants
// together with being let in. It is the profile of its exchange.
type request struct {
	client sasl.Client
	resume *stanza.Element // XEP-0198 §7
	bind   *stanza.Element // XEP-0386
	fast   *stanza.Element // XEP-0484 §3.4
	// wants is the mechanism that the client wants a token for, if any.
	wants string
}

// offersSASL2: pages that speak the old framing know nothing of it.
func (c *Conn) offersSASL2() bool { return !c.transport.traits().classic }

// inSASL2 reports whether an exchange of that profile is going on.
func (c *Conn) inSASL2() bool {
	_, ok := c.profile.(*request)
	return ok && c.exchange != nil
}

// onlySASL2: XEP-0388 §2.4.
func onlySASL2() error {
	return streamError(stanza.StreamPolicyViolation, "nothing but SASL2 may be sent while it is going on")
}

func (c *Conn) sasl2(ctx context.Context, name string, e *stanza.Element) error {
	switch {
	case name == "authenticate" && !c.inSASL2():
		return c.sasl2Authenticate(ctx, e)
	case name == "response" && c.inSASL2():
		return c.sasl2Decode(ctx, e.Text())
	case name == "response":
		return c.nothingToRespondTo(&request{})
	case name == "abort": // §4.5
		return c.abort(&request{})
	case c.inSASL2():
		return onlySASL2()
	}
	return streamError(stanza.StreamUnsupportedStanzaType, "not an element of SASL2 that is expected here")
}

// sasl2Authenticate: §2.3.
func (c *Conn) sasl2Authenticate(ctx context.Context, e *stanza.Element) error {
	r := c.newRequest(e)
	started, err := c.begin(r, e.Attr("mechanism"), func() (sasl.Exchange, error) {
		return c.startRequest(ctx, r, e.Attr("mechanism"))
	})
	if !started {
		return err
	}
	if initial := e.Child(nsSASL2, "initial-response"); initial != nil {
		return c.sasl2Decode(ctx, initial.Text())
	}
	return c.step(ctx, nil)
}

func (c *Conn) newRequest(e *stanza.Element) *request {
	return &request{
		client: c.userAgent(e.Child(nsSASL2, "user-agent")),
		resume: e.Child(session.NSManagement, "resume"),
		bind:   e.Child(nsBind2, "bind"),
		fast:   e.Child(nsFAST, "fast"),
		wants:  e.Child(nsFAST, "request-token").Attr("mechanism"),
	}
}

// startRequest: the mechanisms for tokens and those for passwords are two lists.
func (c *Conn) startRequest(ctx context.Context, r *request, mechanism string) (sasl.Exchange, error) {
	if r.fast == nil {
		return c.server.SASL.Start(ctx, mechanism, c.saslState())
	}
	x, err := c.server.SASL.StartToken(mechanism, c.saslState(), r.client)
	if err != nil {
		return nil, err
	}
	return x, nil
}

// sasl2Decode: §2.2: there should be no white space, and in the text's own
// examples there is.
func (c *Conn) sasl2Decode(ctx context.Context, text string) error {
	return c.stepBase64(ctx, strings.Join(strings.Fields(text), ""))
}

func (*request) challenge(data []byte) *stanza.Element {
	return stanza.New(nsSASL2, "challenge").AddText(base64.StdEncoding.EncodeToString(data))
}

// failure: §2.6.2; the condition is that of RFC 6120 §6.5.
func (*request) failure(f *sasl.Failure) *stanza.Element {
	e := stanza.New(nsSASL2, "failure").Add(stanza.New(stanza.NSSASL, f.Condition))
	if f.Text != "" {
		e.Add(stanza.New(nsSASL2, "text").AddText(f.Text))
	}
	return e
}

// succeed: §2.6.1. What the client wanted besides is done before it is told; the
// stream goes on with new features, unless it goes on where another one ended.
func (r *request) succeed(ctx context.Context, c *Conn, x sasl.Exchange, data []byte) error {
	account, err := c.accountOf(x)
	if err != nil {
		return err
	}
	if x.Authzid() != "" && !c.from.IsZero() && c.from.Bare() != account { // §2.3, §4.4
		return c.saslError(&sasl.Failure{
			Condition: sasl.InvalidAuthzid, Text: "The stream is from somebody else.",
		}, false)
	}
	if err := c.invalidate(ctx, r, x, account); err != nil {
		return c.saslError(err, false)
	}
	in, err := c.enter(ctx, r, x, account)
	if refused, ok := errors.AsType[*stanza.Error](err); ok {
		c.account = jid.JID{}
		return c.saslError(&sasl.Failure{Condition: sasl.TemporaryAuthFailure, Text: refused.Text, Err: refused}, false)
	} else if err != nil {
		return err
	}
	return c.welcome(ctx, in, data)
}

// entry is what a login has led to.
type entry struct {
	account jid.JID
	session *session.Session  // nil if no resource was bound
	resumed bool              // it was there before
	answers []*stanza.Element // for <success/>
}

// enter does what the request asks for: resuming goes before binding (XEP-0386
// §3.2), and a token is given last (XEP-0484 §3.3).
func (c *Conn) enter(ctx context.Context, r *request, x sasl.Exchange, account jid.JID) (*entry, error) {
	in := &entry{account: account}
	c.account, c.proof = account, r.proof(x)
	if err := c.enterSession(ctx, r, in); err != nil {
		return nil, err
	}
	in.answers = append(in.answers, c.giveToken(ctx, r, x))
	if in.session != nil {
		return in, c.proven(ctx)
	}
	return in, nil
}

func (c *Conn) enterSession(ctx context.Context, r *request, in *entry) error {
	if r.resume != nil {
		answer, s, err := c.resumeInline(ctx, r.resume)
		if err != nil {
			return err
		}
		in.answers, in.session, in.resumed = append(in.answers, answer), s, s != nil
	}
	if r.bind == nil || in.resumed {
		return nil
	}
	s, bound, err := c.bind2(ctx, r)
	if err != nil {
		return err
	}
	in.session, in.answers = s, append(in.answers, bound)
	return nil
}

// welcome tells the client, and lets its session begin.
func (c *Conn) welcome(ctx context.Context, in *entry, data []byte) error {
	c.loggedIn(in.account)
	c.attempt = attempt{}
	if c.phase != phaseBound {
		c.phase = phaseBinding
	}
	c.limit(c.server.Limits.AfterAuth)
	c.transport.authenticated()
	told := [][]byte{in.success(data).Append(nil, "")}
	if !in.resumed { // XEP-0198 §7: a resumed stream goes on without features
		told = append(told, c.features())
	}
	if err := c.transport.write(told...); err != nil {
		return err
	}
	switch {
	case in.session == nil:
		return nil
	case in.resumed:
		c.resumed(in.session)
		return nil
	}
	return c.started(ctx, in.session)
}

func (in *entry) success(data []byte) *stanza.Element {
	e := stanza.New(nsSASL2, "success")
	if len(data) > 0 {
		e.Add(stanza.New(nsSASL2, "additional-data").AddText(base64.StdEncoding.EncodeToString(data)))
	}
	identity := in.account
	if in.session != nil {
		identity = in.session.JID()
	}
	return e.Add(stanza.New(nsSASL2, "authorization-identifier").AddText(identity.String())).Add(in.answers...)
}
