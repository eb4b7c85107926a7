package c2s

import (
	"context"
	"encoding/base64"

	"parley/internal/sasl"
	"parley/stanza"
)

// baseProfile is SASL as RFC 6120 §6 has it.
type baseProfile struct{}

// sasl: RFC 6120 §6.4.
func (c *Conn) sasl(ctx context.Context, name string, e *stanza.Element) error {
	switch name {
	case "auth":
		return c.saslAuth(ctx, e)
	case "response":
		if c.exchange == nil {
			return c.nothingToRespondTo(baseProfile{})
		}
		return c.saslDecode(ctx, e.Text())
	case "abort":
		return c.abort(baseProfile{})
	}
	return streamError(stanza.StreamUnsupportedStanzaType, "not an element of SASL")
}

func (c *Conn) saslAuth(ctx context.Context, e *stanza.Element) error {
	started, err := c.begin(baseProfile{}, e.Attr("mechanism"), func() (sasl.Exchange, error) {
		return c.server.SASL.Start(ctx, e.Attr("mechanism"), c.saslState())
	})
	if !started {
		return err
	}
	text := e.Text()
	if text == "" {
		return c.step(ctx, nil)
	}
	return c.saslDecode(ctx, text)
}

// saslDecode: RFC 6120 §6.4.2 ("=" is an empty response).
func (c *Conn) saslDecode(ctx context.Context, text string) error {
	if text == "=" {
		text = ""
	}
	return c.stepBase64(ctx, text)
}

func (c *Conn) stepBase64(ctx context.Context, text string) error {
	response, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return c.saslError(&sasl.Failure{Condition: sasl.IncorrectEncoding, Text: "not base64"}, false)
	}
	if response == nil {
		response = []byte{}
	}
	return c.step(ctx, response)
}

// challenge: an empty one is "=" by the same rule as for responses.
func (baseProfile) challenge(data []byte) *stanza.Element {
	text := "="
	if len(data) > 0 {
		text = base64.StdEncoding.EncodeToString(data)
	}
	return stanza.New(stanza.NSSASL, "challenge").AddText(text)
}

// failure: RFC 6120 §6.4.5.
func (baseProfile) failure(f *sasl.Failure) *stanza.Element {
	e := stanza.New(stanza.NSSASL, "failure").Add(stanza.New(stanza.NSSASL, f.Condition))
	if f.Text != "" {
		e.Add(stanza.New(stanza.NSSASL, "text", "xml:lang", "en").AddText(f.Text))
	}
	return e
}

// succeed: RFC 6120 §6.4.6: no data leaves the element empty; the stream begins
// anew.
func (baseProfile) succeed(_ context.Context, c *Conn, x sasl.Exchange, data []byte) error {
	account, err := c.accountOf(x)
	if err != nil {
		return err
	}
	c.proof = proof{asOf: x.AsOf(), keys: x.Keys()}
	c.loggedIn(account)
	success := stanza.New(stanza.NSSASL, "success").AddText(base64.StdEncoding.EncodeToString(data))
	if err := c.transport.write(success.Append(nil, "")); err != nil {
		return err
	}
	c.restart()
	c.limit(c.server.Limits.AfterAuth)
	c.transport.authenticated()
	return nil
}
