package sasl

import (
	"context"
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/xdg-go/scram"
)

// scramExchange is SCRAM (RFC 5802) with one hash, bound to the channel or
// not. The library does the arithmetic; what may be bound to what, who may act
// as whom and what the peer learns of a failure is decided here.
type scramExchange struct {
	server *Server
	family family
	hash   scram.HashGeneratorFcn
	plus   bool
	state  State

	conv     *scram.ServerConversation // nil before the first message
	subject  subject
	ended    bool
	username string
}

func (x *scramExchange) Step(ctx context.Context, response []byte) ([]byte, bool, error) {
	switch {
	case x.ended:
		return nil, false, fail(MalformedRequest, "The exchange is over.")
	case x.conv == nil && response == nil: // RFC 5802 §5: the client speaks first
		return []byte{}, false, nil
	case !utf8.Valid(response) || strings.ContainsRune(string(response), 0):
		x.ended = true
		return nil, false, malformedScram()
	case x.conv == nil:
		challenge, err := x.first(ctx, string(response))
		x.ended = err != nil
		return challenge, false, err
	}
	x.ended = true
	verifier, err := x.final(string(response))
	return verifier, err == nil, err
}

// first answers client-first-message (RFC 5802 §5).
func (x *scramExchange) first(ctx context.Context, msg string) ([]byte, error) {
	fields := strings.Split(msg, ",")
	if len(fields) < 4 || !validNonce(fields[3]) {
		return nil, malformedScram()
	}
	binding, err := x.binding(fields[0])
	if err != nil {
		return nil, err
	}
	conv, err := x.converse(ctx, binding)
	if err != nil {
		return nil, err
	}
	challenge, err := conv.Step(msg)
	if err != nil {
		return nil, scramError(err)
	}
	if !authorized(conv.AuthzID(), x.subject.account) {
		return nil, invalidAuthzid()
	}
	x.conv = conv
	return []byte(challenge), nil
}

// binding checks the gs2-cbind-flag (RFC 5802 §6) against the mechanism and
// what was offered.
func (x *scramExchange) binding(flag string) (scram.ChannelBinding, error) {
	name, asked := strings.CutPrefix(flag, "p=")
	switch {
	case asked != x.plus:
		return scram.ChannelBinding{}, fail(MalformedRequest, "The channel-binding flag does not fit the mechanism.")
	case asked:
		b, ok := findBinding(x.state.Bindings, name)
		if !ok {
			return scram.ChannelBinding{}, fail(MalformedRequest, "That channel binding was not offered.")
		}
		return scram.ChannelBinding{Type: scram.ChannelBindingType(name), Data: b.Data}, nil
	case flag == "y" && x.state.TLS && len(x.state.Bindings) > 0:
		// The client can bind and believes that we cannot: somebody between us
		// took the -PLUS mechanisms out of the list.
		return scram.ChannelBinding{}, fail(NotAuthorized, "Channel binding was offered; the list of mechanisms was changed on the way.")
	case flag != "n" && flag != "y":
		return scram.ChannelBinding{}, malformedScram()
	}
	return scram.ChannelBinding{}, nil
}

// converse makes the library's conversation, which asks back for the keys.
func (x *scramExchange) converse(ctx context.Context, binding scram.ChannelBinding) (*scram.ServerConversation, error) {
	lookup := func(username string) (scram.StoredCredentials, error) {
		sub, err := x.server.subject(ctx, x.family, username)
		x.subject = sub
		return scram.StoredCredentials{
			KeyFactors: scram.KeyFactors{Salt: string(sub.key.Salt), Iters: sub.key.Iterations},
			StoredKey:  sub.key.StoredKey,
			ServerKey:  sub.key.ServerKey,
		}, err
	}
	server, err := x.hash.NewServer(lookup)
	if err != nil {
		return nil, &Failure{Condition: TemporaryAuthFailure, Err: err}
	}
	if x.server.nonce != nil {
		server.WithNonceGenerator(x.server.nonce)
	}
	if binding.IsSupported() {
		return server.NewConversationWithChannelBindingRequired(binding), nil
	}
	return server.NewConversation(), nil
}

// final checks client-final-message and returns server-final-message.
func (x *scramExchange) final(msg string) ([]byte, error) {
	answer, err := x.conv.Step(msg)
	switch {
	case err != nil && answer == "": // the library could not read it
		return nil, malformedScram()
	case err != nil: // binding, nonce or proof
		return nil, notAuthorized()
	}
	if err := x.subject.finish(x.conv.Valid()); err != nil {
		return nil, err
	}
	x.username = x.subject.account.Local()
	return []byte(answer), nil
}

// scramError keeps our own failures and hides the library's words, which
// quote the message.
func scramError(err error) error {
	if f, ok := errors.AsType[*Failure](err); ok {
		return f
	}
	return malformedScram()
}

// validNonce: RFC 5802 §7: "r=" and at least one printable character. The
// library would take an empty one.
func validNonce(field string) bool {
	nonce, ok := strings.CutPrefix(field, "r=")
	return ok && nonce != "" && !strings.ContainsFunc(nonce, func(c rune) bool { return c <= ' ' || c > '~' })
}

func malformedScram() *Failure {
	return fail(MalformedRequest, "This is no SCRAM message (RFC 5802).")
}

func (x *scramExchange) Username() string { return x.username }

func (x *scramExchange) Claimed() string { return x.subject.account.String() }

func (x *scramExchange) Password() (string, bool) { return "", false }
