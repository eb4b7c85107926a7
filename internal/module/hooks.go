package module

import (
	"context"
	"errors"
	"slices"

	"parley/internal/jid"
	"parley/storage"
)

// ErrHandled ends a chain quietly: the handler has done all there is to do.
var ErrHandled = errors.New("module: handled")

// Stage orders the handlers of one hook. Within a stage the order is that of
// the list in internal/server/modules.go.
type Stage uint8

// The stages, in order.
const (
	StageCheck   Stage = iota // may refuse: permissions, blocking, form
	StageRewrite              // may change the stanza: stamps, strips
	StageArchive              // stores, and gives the stanza its ids
	StageDeliver              // acts: changes state, sends to others
	StageCopy                 // sends copies
)

// Chain is a hook: handlers run in order of stage. nil goes on; ErrHandled
// ends the chain quietly; a *stanza.Error ends it and bounces; any other error
// ends it, is logged, and bounces as internal-server-error.
type Chain[E any] struct{ links []link[E] }

type link[E any] struct {
	stage Stage
	run   func(context.Context, E) error
}

// Add registers a handler. It must not be called after the start.
func (c *Chain[E]) Add(stage Stage, run func(context.Context, E) error) {
	c.links = append(c.links, link[E]{stage, run})
	slices.SortStableFunc(c.links, func(a, b link[E]) int { return int(a.stage) - int(b.stage) })
}

// Run calls the handlers in order, until one returns an error.
func (c *Chain[E]) Run(ctx context.Context, event E) error {
	for i := range c.links {
		if err := c.links[i].run(ctx, event); err != nil {
			return err
		}
	}
	return nil
}

// Hooks are all the places where features take part. Every handler runs
// without any lock held, on the goroutine of the connection that caused it
// unless said otherwise.
type Hooks struct {
	// FromClient: any stanza that a bound client has sent to somebody, before the
	// hooks of its kind. Handlers may only refuse it.
	FromClient Chain[*Event]
	// ToAccount: any stanza for an account of ours or one of its sessions, before
	// the hooks of its kind, but for the server's own errors. Handlers may only
	// refuse it. What presence tells contacts on this server does not pass here
	// (presence.Barrier).
	ToAccount Chain[*Event]

	// MessageFromClient: a message that a bound client has sent, before it is
	// routed. From is stamped.
	MessageFromClient Chain[*Event]
	// MessageToAccount: a message for an account of ours (bare or full JID),
	// before delivery.
	MessageToAccount Chain[*Event]
	// MessageArchive: a message for an account of ours that will reach it: it
	// goes to Event.Receivers or, if there are none, waits for one (RFC 6121
	// §8.5.2.2.1). The account need not exist if there are none. A handler that
	// stores it gives it its ids and a Tracker. Without receivers and without a
	// Tracker at the end the sender gets service-unavailable; a handler returns
	// ErrHandled for a message that nobody will miss. It may write.
	MessageArchive Chain[*Event]
	// MessageCopy: the same message, stored and about to go to Event.Receivers,
	// which may be others than before. Handlers send copies to others.
	MessageCopy Chain[*Event]

	// PresenceFromClient: a presence stanza that a bound client has sent: of
	// any type, directed, subscription, or broadcast (To is zero). Its owner
	// routes what has to go on and returns ErrHandled; nil leads to plain
	// routing.
	PresenceFromClient Chain[*Event]
	// PresenceToAccount: presence for the bare JID of an account of ours,
	// whether the account exists or not: available, unavailable, probe,
	// subscription, error. nil leads to plain delivery: available, unavailable
	// and error go to all available sessions (RFC 6121 §8.5.2.1.2), the rest
	// is dropped. Presence for a full JID is delivered by the router alone
	// (RFC 6121 §8.5.3).
	PresenceToAccount Chain[*Event]

	// RequestToSession: an IQ request for a full JID of ours, whether that is
	// bound or not, before delivery. Handlers may only refuse it.
	RequestToSession Chain[*Event]

	// SessionBound: a resource was bound; the client knows.
	SessionBound Chain[Session]
	// SessionAvailable: a session has become available, or its priority
	// changed from negative to non-negative (it may get offline messages).
	// Run by the presence module after it has broadcast.
	SessionAvailable Chain[Session]
	// SessionDetached: a session has lost its stream and waits for its client to
	// come back (XEP-0198 §5). ctx is not that of the connection.
	SessionDetached Chain[Session]
	// SessionResumed: the client has come back, and knows.
	SessionResumed Chain[Session]
	// SessionClosed: a session has ended and is no longer in Host.Sessions.
	// Presence() still tells what it was. ctx is not that of the connection.
	SessionClosed Chain[Session]

	// AccountRemoved: an account and its data are gone; sessions have ended.
	AccountRemoved Chain[jid.JID]
}

// Event is a stanza passing a hook.
type Event struct {
	*Stanza
	Session   Session   // the sending session, nil if the sender is not bound here
	Receivers []Session // of MessageArchive and MessageCopy; must not be changed
	// Archived is the id under which the archive of the account at hand has the
	// message: the sender's in MessageFromClient, the recipient's in
	// MessageArchive and MessageCopy. Empty if it does not have it.
	Archived string
	// Earlier, if not nil, is settled before the sender is answered with an error,
	// so that errors come in order.
	Earlier Settler
	// Unit is what the writes of the stanza join; nil: each goes its own way.
	Unit *storage.Unit
	// Bounce: it is the server's own error, on behalf of From.
	Bounce bool

	pending []Pending
	finally []func(whole bool)
}

// Settler waits until what a client has said before is stored, or it was told that
// it is not.
type Settler interface{ Settle(context.Context) }

// Pending is a write that was started, or has joined Event.Unit.
type Pending = storage.Pending

// Persist says that the stanza counts as handled only when p has completed
// (DESIGN.md "Durability"). If p fails the sender gets an error.
func (e *Event) Persist(p Pending) { e.pending = append(e.pending, p) }

// Pending returns all that Persist was given.
func (e *Event) Pending() []Pending { return e.pending }

// Finally has f called when the stanza has gone its way: no hook will see this
// event any more. What was persisted may still be under way. whole is false if a
// handler has panicked, so that those after it have not seen it.
func (e *Event) Finally(f func(whole bool)) { e.finally = append(e.finally, f) }

// Finish calls what Finally was given; the router does when it is done.
func (e *Event) Finish(whole bool) {
	for _, f := range e.finally {
		f(whole)
	}
}
