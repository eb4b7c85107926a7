package sasl

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"strconv"
	"strings"
	"unicode/utf8"
)

// scramExchange is SCRAM (RFC 5802) with one hash, bound to the channel or not.
// The messages are read and written in scram_message.go.
type scramExchange struct {
	server *Server
	family family
	plus   bool
	state  State

	client    clientFirst // zero before the first message
	nonce     string      // both sides'
	challenge string      // server-first-message; empty before the first message
	bound     []byte      // what client-final-message must repeat: header and binding
	ended     bool
	outcome
}

func (x *scramExchange) Step(ctx context.Context, response []byte) ([]byte, bool, error) {
	switch {
	case x.ended:
		return nil, false, fail(MalformedRequest, "The exchange is over.")
	case x.challenge == "" && response == nil: // RFC 5802 §5: the client speaks first
		return []byte{}, false, nil
	case !utf8.Valid(response) || strings.ContainsRune(string(response), 0):
		x.ended = true
		return nil, false, malformedScram()
	case x.challenge == "":
		challenge, err := x.first(ctx, string(response))
		x.ended = err != nil
		return challenge, false, err
	}
	x.ended = true
	verifier, err := x.final(string(response))
	return verifier, err == nil, err
}

// first answers client-first-message (RFC 5802 §5).
func (x *scramExchange) first(ctx context.Context, text string) ([]byte, error) {
	msg, ok := parseClientFirst(text)
	if !ok {
		return nil, malformedScram()
	}
	binding, err := x.binding(msg.flag)
	if err != nil {
		return nil, err
	}
	sub, err := x.server.subject(ctx, x.state, x.family, msg.username)
	if err != nil {
		return nil, err
	}
	if x.subject = sub; !authorized(msg.authzid, sub.account) {
		return nil, invalidAuthzid()
	}
	x.client, x.authzid = msg, msg.authzid
	x.bound = append([]byte(msg.header), binding...)
	x.nonce = msg.nonce + x.server.newNonce()
	x.challenge = x.serverFirst()
	return []byte(x.challenge), nil
}

// serverFirst: RFC 5802 §5.1; "h" is XEP-0474's, unknown attributes are to be
// ignored.
func (x *scramExchange) serverFirst() string {
	key := x.subject.key
	s := "r=" + x.nonce + ",s=" + base64.StdEncoding.EncodeToString(key.Salt) + ",i=" + strconv.Itoa(key.Iterations)
	if x.server.unprotected {
		return s
	}
	return s + ",h=" + downgradeHash(x.family, x.server.Mechanisms(x.state), BindingTypes(x.state.Bindings))
}

// binding checks the gs2-cbind-flag (RFC 5802 §6) against the mechanism and
// what was offered, and returns what the client is to be bound to.
func (x *scramExchange) binding(flag string) ([]byte, error) {
	name, asked := strings.CutPrefix(flag, "p=")
	switch {
	case asked != x.plus:
		return nil, fail(MalformedRequest, "The channel-binding flag does not fit the mechanism.")
	case asked:
		b, ok := findBinding(x.state.Bindings, name)
		if !ok {
			return nil, fail(MalformedRequest, "That channel binding was not offered.")
		}
		return b.Data, nil
	case flag == "y" && x.state.TLS && len(x.state.Bindings) > 0:
		// The client can bind and believes that we cannot: somebody between us
		// took the -PLUS mechanisms out of the list.
		return nil, fail(NotAuthorized, "Channel binding was offered; the list of mechanisms was changed on the way.")
	case flag != "n" && flag != "y":
		return nil, malformedScram()
	}
	return nil, nil
}

// final checks client-final-message and returns server-final-message (RFC 5802
// §3).
func (x *scramExchange) final(text string) ([]byte, error) {
	msg, ok := parseClientFinal(text)
	if !ok {
		return nil, malformedScram()
	}
	auth := x.client.bare + "," + x.challenge + "," + msg.withoutProof
	same := subtle.ConstantTimeCompare(msg.bound, x.bound) == 1 && msg.nonce == x.nonce
	if err := x.subject.finish(x.proves(msg.proof, auth) && same); err != nil {
		return nil, err
	}
	x.username = x.subject.account.Local()
	signature := mac(x.family.hash, x.subject.key.ServerKey, auth)
	return []byte("v=" + base64.StdEncoding.EncodeToString(signature)), nil
}

// proves: ClientKey is the proof XOR ClientSignature, and StoredKey its hash.
func (x *scramExchange) proves(proof []byte, auth string) bool {
	clientKey := mac(x.family.hash, x.subject.key.StoredKey, auth)
	if len(proof) != len(clientKey) {
		return false
	}
	subtle.XORBytes(clientKey, clientKey, proof)
	h := x.family.hash()
	h.Write(clientKey)
	return subtle.ConstantTimeCompare(h.Sum(nil), x.subject.key.StoredKey) == 1
}

// newNonce is our part of the nonce: printable and without a comma.
func (s *Server) newNonce() string {
	if s.nonce != nil {
		return s.nonce()
	}
	return rand.Text()
}

func malformedScram() *Failure {
	return fail(MalformedRequest, "This is no SCRAM message (RFC 5802).")
}

func (x *scramExchange) Claimed() string { return x.subject.account.String() }
