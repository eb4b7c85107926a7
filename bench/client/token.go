package client

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"sync"

	"parley/bench/wire"
)

// Token is the mechanism of XEP-0484: users log in with SASL2 and Bind 2 in one
// round trip, after a first login with the password that gave them a token.
const Token Mechanism = "HT-SHA-256-NONE"

// tokens are the tokens that users have got, by bare JID.
type tokens struct {
	mu    sync.Mutex
	known map[string]string // guarded by mu
}

func (t *tokens) get(bare string) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.known[bare]
}

func (t *tokens) put(bare, token string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.known == nil {
		t.known = map[string]string{}
	}
	t.known[bare] = token
}

// toEnter are the steps of a login in one round trip.
func (l *login) toEnter() []step {
	return []step{{"open the stream", l.open}, {"authenticate and bind a resource", l.enter}}
}

// enter: XEP-0388 §2.3 with XEP-0386 §3.2.
func (l *login) enter() error {
	bare := l.account.Bare()
	token := l.keys.tokens.get(bare)
	mechanism, initial := Token, l.account.User+"\x00"+string(mac(sha256.New, []byte(token), "Initiator"))
	more := "<fast xmlns='urn:xmpp:fast:0'/>"
	if token == "" {
		mechanism, initial = Plain, "\x00"+l.account.User+"\x00"+l.account.Password
		more = "<request-token xmlns='urn:xmpp:fast:0' mechanism='" + string(Token) + "'/>"
	}
	err := l.conn.Send([]byte("<authenticate xmlns='urn:xmpp:sasl:2' mechanism='" + string(mechanism) + "'><initial-response>" +
		base64.StdEncoding.EncodeToString([]byte(initial)) + "</initial-response><user-agent id='" + agent(bare) + "'/><bind xmlns='urn:xmpp:bind:0'/>" + more + "</authenticate>"))
	if err != nil {
		return err
	}
	success, err := l.expect("success")
	if err != nil {
		return err
	}
	if err := l.entered(success, token); err != nil {
		return err
	}
	_, err = l.expect("stream:features", "features")
	return err
}

// entered reads what <success/> says; the server has to know the token, too.
func (l *login) entered(success []byte, token string) error {
	l.jid = string(wire.Text(success, "authorization-identifier"))
	if !strings.HasPrefix(l.jid, l.account.Bare()+"/") {
		return fmt.Errorf("the server answers %s", success)
	}
	if token == "" {
		at := max(0, bytes.Index(success, []byte("<token ")))
		l.keys.tokens.put(l.account.Bare(), string(wire.Attr(success[at:], "token")))
		return nil
	}
	proof, err := base64.StdEncoding.DecodeString(string(wire.Text(success, "additional-data")))
	if err != nil || !bytes.Equal(proof, mac(sha256.New, []byte(token), "Responder")) {
		return errors.New("the server does not know the token")
	}
	return nil
}

// agent makes the UUID of version 4 that a user's client is known by.
func agent(bare string) string {
	h := fmt.Sprintf("%x", sha256.Sum256([]byte(bare)))
	return h[:8] + "-" + h[8:12] + "-4" + h[13:16] + "-8" + h[17:20] + "-" + h[20:32]
}
