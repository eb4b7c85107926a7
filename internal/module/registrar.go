package module

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"parley/internal/jid"
	"parley/stanza"
)

// Target says to whom an IQ is addressed.
type Target uint8

const (
	// ToAccount: the bare JID of an account of ours, or no 'to' at all (RFC
	// 6120 §10.3.3: then it is the sender's own account). The handler decides
	// who may ask.
	ToAccount Target = iota
	// ToServer: the server's domain.
	ToServer
	targets
)

// IQType is "get" or "set".
type IQType string

// The two IQ types that ask for something (RFC 6120 §8.2.3).
const (
	Get IQType = "get"
	Set IQType = "set"
)

// IQ is a request to answer.
type IQ struct {
	*Stanza
	Request *stanza.Element // the one payload element
	Session Session         // the asking session, nil if the asker is not bound here
}

// FromOwner reports whether the asker is a session of the addressed account.
func (iq *IQ) FromOwner() bool { return iq.Session != nil && iq.From.Bare() == iq.Account() }

// Account returns the addressed account: 'to', or the sender's own without one.
func (iq *IQ) Account() jid.JID {
	if iq.To.IsZero() {
		return iq.From.Bare()
	}
	return iq.To.Bare()
}

// IQHandler answers one request with the payload of the result (nil for an
// empty one) or an error: a *stanza.Error goes to the asker, anything else is
// logged and answered with internal-server-error. ErrHandled means that the
// handler answers by itself, later.
type IQHandler func(ctx context.Context, iq *IQ) (*stanza.Element, error)

// Identity is a disco#info identity (XEP-0030 §3.1).
type Identity struct{ Category, Type, Name string }

// StreamState is what a stream feature may depend on.
type StreamState struct {
	Secure        bool // TLS, or loopback where that counts as secure
	Authenticated bool
}

// StreamFeature returns the element to advertise in this state, or nil: the same
// for the same state, as it is kept.
type StreamFeature func(StreamState) *stanza.Element

// InlineFeature enables a feature together with the resource (XEP-0386 §4): it
// gets the element that the client put into <bind/>, before the client knows
// that s is bound, and returns what <bound/> has to say of it, or nil. It is
// also called with a nil request, for what <bound/> says without being asked.
type InlineFeature func(ctx context.Context, s Session, request *stanza.Element) *stanza.Element

// IQKey is what an IQ handler is chosen by.
type IQKey struct {
	Target       Target
	Type         IQType
	Space, Local string
}

// Registrar collects what the modules register. The zero value is ready.
type Registrar struct {
	Hooks Hooks

	host           Host
	iq             map[IQKey]IQHandler
	features       [targets][]string
	identities     [targets][]Identity
	streamFeatures []StreamFeature
	inline         map[string]InlineFeature
	components     map[string]Component // by domain
	saved          []SavedValue
	retrack        Retracker
}

// NewRegistrar returns a registrar whose modules run in host.
func NewRegistrar(host Host) *Registrar {
	return &Registrar{host: host, iq: map[IQKey]IQHandler{}, inline: map[string]InlineFeature{}}
}

// Host returns the server. It must not be asked anything before all modules
// have registered.
func (r *Registrar) Host() Host { return r.host }

// IQ makes h the one owner of requests of that type and payload name to that
// target. A second owner is a programming error and panics, so the program
// stops at start. space is announced as a feature of target.
func (r *Registrar) IQ(target Target, typ IQType, space, local string, h IQHandler) {
	key := IQKey{target, typ, space, local}
	if _, taken := r.iq[key]; taken {
		panic(fmt.Sprintf("module: two owners of iq %+v", key))
	}
	r.iq[key] = h
	r.Feature(target, space)
}

// Handler returns the owner of the key, or nil.
func (r *Registrar) Handler(key IQKey) IQHandler { return r.iq[key] }

// Feature announces namespaces in the disco#info of target (XEP-0030 §3.1).
func (r *Registrar) Feature(target Target, namespaces ...string) {
	r.features[target] = append(r.features[target], namespaces...)
}

// Features returns what target announces, sorted, without doubles.
func (r *Registrar) Features(target Target) []string {
	f := slices.Clone(r.features[target])
	slices.Sort(f)
	return slices.Compact(f)
}

// Identity announces an identity of target.
func (r *Registrar) Identity(target Target, id Identity) {
	r.identities[target] = append(r.identities[target], id)
}

// Identities returns the identities of target.
func (r *Registrar) Identities(target Target) []Identity { return r.identities[target] }

// StreamFeature adds an element to <stream:features/>.
func (r *Registrar) StreamFeature(f StreamFeature) { r.streamFeatures = append(r.streamFeatures, f) }

// StreamFeatures returns the elements to advertise in this state.
func (r *Registrar) StreamFeatures(st StreamState) []*stanza.Element {
	var out []*stanza.Element
	for _, f := range r.streamFeatures {
		if e := f(st); e != nil {
			out = append(out, e)
		}
	}
	return out
}

// Inline makes f the owner of the elements of a namespace in a Bind 2 request
// (XEP-0386 §4). A second owner panics, as with IQ.
func (r *Registrar) Inline(space string, f InlineFeature) {
	if _, taken := r.inline[space]; taken {
		panic("module: two owners of the inline feature " + space)
	}
	r.inline[space] = f
}

// InlineFeature returns the owner of a namespace, or nil.
func (r *Registrar) InlineFeature(space string) InlineFeature { return r.inline[space] }

// InlineFeatures returns the namespaces that have an owner, sorted.
func (r *Registrar) InlineFeatures() []string { return slices.Sorted(maps.Keys(r.inline)) }
