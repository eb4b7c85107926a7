// Package check judges what the clients of a fault campaign saw by what an
// acknowledgement promises: what was acknowledged (XEP-0198) and not refused is
// in both archives, once and in order, reached its recipient, and did so at most
// once in each session, in order.
//
// It knows nothing of servers and faults. Its own tests feed it logs that break
// each rule.
package check

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"parley/test/faults/record"
)

// Rule is what can be broken.
type Rule string

// The rules. Each is named by how it is broken.
const (
	NotDelivered        Rule = "acknowledged, never delivered"
	NotInSenders        Rule = "acknowledged, not in the sender's archive"
	NotInRecipients     Rule = "acknowledged, not in the recipient's archive"
	DeliveredTwice      Rule = "delivered twice in a session"
	StanzaIDTwice       Rule = "stanza-id twice in a session"
	DeliveredOutOfOrder Rule = "delivered out of order"
	ArchivedTwice       Rule = "archived twice"
	ArchivedOutOfOrder  Rule = "archived out of order"
	OtherStanzaID       Rule = "delivered with another stanza-id than archived"
	Invented            Rule = "delivered or archived, never sent"
	AckedInOutage       Rule = "acknowledged while nothing could be stored"
	Silence             Rule = "neither acknowledged nor refused in time"
	Strange             Rule = "against the protocol"
)

// Rules are all, in the order of a report.
var Rules = []Rule{
	NotDelivered, NotInSenders, NotInRecipients, DeliveredTwice, StanzaIDTwice, ArchivedTwice,
	DeliveredOutOfOrder, ArchivedOutOfOrder, OtherStanzaID, Invented, AckedInOutage, Silence, Strange,
}

// Violation is one break of a rule.
type Violation struct {
	Rule Rule
	User int // whose log shows it
	From int // sender of the message
	N    int // its number
	Note string
}

// String implements fmt.Stringer.
func (v Violation) String() string {
	return fmt.Sprintf("%s: user %d: message %d of user %d %s", v.Rule, v.User, v.N, v.From, v.Note)
}

// Options say what is known beside the logs.
type Options struct {
	Outages []record.Outage
	// Bound is the time within which a message is acknowledged or refused,
	// whatever the storage does.
	Bound time.Duration
	// NoStanzaIDs is for servers whose live copies carry none.
	NoStanzaIDs bool
}

// Result is the judgement.
type Result struct {
	Sent, Acked, Errored, Received, Archived int
	Lost, Duplicated, Reordered              int // messages
	// Provisional copies were delivered before a write that did not happen, and
	// came again in a later session under the id that was archived.
	Provisional int
	// RefusedKept messages came back as errors and are in the recipient's archive
	// all the same: the server could not know.
	RefusedKept int
	Violations  []Violation
}

// Count returns how often a rule was broken.
func (r Result) Count(rule Rule) (n int) {
	for _, v := range r.Violations {
		if v.Rule == rule {
			n++
		}
	}
	return n
}

// OK tells whether no rule was broken.
func (r Result) OK() bool { return len(r.Violations) == 0 }

// message names one.
type message struct{ from, n int }

type checker struct {
	views []record.View
	opts  Options
	res   Result
}

// Logs judges the logs; the user of each is its index.
func Logs(views []record.View, opts Options) Result {
	c := &checker{views: views, opts: opts}
	archives := make([]map[message]string, len(views))
	for i, v := range views {
		archives[i] = c.archive(v)
		c.deliveries(v, archives[i])
		c.strange(v)
	}
	for _, v := range views {
		c.accepted(v, archives)
		for _, o := range opts.Outages {
			c.outage(v, o)
		}
	}
	c.sum()
	return c.res
}

func (c *checker) broken(rule Rule, user int, m message, format string, args ...any) {
	c.res.Violations = append(c.res.Violations, Violation{rule, user, m.from, m.n, fmt.Sprintf(format, args...)})
}

// wasSent tells whether a message is one that somebody sent to somebody else.
func (c *checker) wasSent(m message, to int) bool {
	return m.from >= 0 && m.from < len(c.views) && m.n >= 0 && m.n < len(c.views[m.from].Sent) &&
		c.views[m.from].Sent[m.n].To == to
}

// archive judges an archive by itself, and returns its ids by message.
func (c *checker) archive(v record.View) map[message]string {
	ids, last := map[message]string{}, map[[2]int]int{}
	for _, a := range v.Archived {
		m := message{a.From, a.N}
		if !c.wasSent(m, a.To) || a.From != v.User && a.To != v.User {
			c.broken(Invented, v.User, m, "in the archive as %s", a.ID)
			continue
		}
		if id, twice := ids[m]; twice {
			c.broken(ArchivedTwice, v.User, m, "as %s and %s", id, a.ID)
			continue
		}
		ids[m] = a.ID
		pair := [2]int{a.From, a.To}
		if before, ok := last[pair]; ok && before > a.N {
			c.broken(ArchivedOutOfOrder, v.User, m, "after %d", before)
			continue
		}
		last[pair] = a.N
	}
	c.res.Archived += len(v.Archived)
	return ids
}

// session is what one session of a user got.
type session struct {
	got  map[message]bool
	ids  map[string]message
	last map[int]int // highest number by sender
}

func (c *checker) deliveries(v record.View, archived map[message]string) {
	sessions := map[int]*session{}
	for _, r := range v.Received {
		m := message{r.From, r.N}
		if !c.wasSent(m, v.User) {
			c.broken(Invented, v.User, m, "in session %d", r.Session)
			continue
		}
		s := sessions[r.Session]
		if s == nil {
			s = &session{map[message]bool{}, map[string]message{}, map[int]int{}}
			sessions[r.Session] = s
		}
		c.delivery(v.User, r, s)
	}
	c.res.Received += len(v.Received)
	if !c.opts.NoStanzaIDs {
		c.stanzaIDs(v, archived)
	}
}

// stanzaIDs compares what was delivered with the archive. A copy may have
// another id if one with the archived id came in a later session: the first went
// out while its write was under way, which the server did not survive, and the
// sender, who had no acknowledgement, has sent the message again.
func (c *checker) stanzaIDs(v record.View, archived map[message]string) {
	settled := map[message]int{} // the last session that got the archived id
	for _, r := range v.Received {
		if m := (message{r.From, r.N}); archived[m] == r.StanzaID {
			settled[m] = max(settled[m], r.Session)
		}
	}
	for _, r := range v.Received {
		m := message{r.From, r.N}
		id, ok := archived[m]
		switch last, has := settled[m]; {
		case !ok || id == r.StanzaID:
		case has && last > r.Session:
			c.res.Provisional++
		default:
			c.broken(OtherStanzaID, v.User, m, "%q in session %d, archived as %q", r.StanzaID, r.Session, id)
		}
	}
}

func (c *checker) delivery(user int, r record.Received, s *session) {
	m := message{r.From, r.N}
	if other, twice := s.ids[r.StanzaID]; twice && r.StanzaID != "" {
		c.broken(StanzaIDTwice, user, m, "%s in session %d, first with message %d of user %d", r.StanzaID, r.Session, other.n, other.from)
	}
	s.ids[r.StanzaID] = m
	if s.got[m] {
		c.broken(DeliveredTwice, user, m, "in session %d", r.Session)
		return
	}
	s.got[m] = true
	if before, ok := s.last[r.From]; ok && before > r.N {
		c.broken(DeliveredOutOfOrder, user, m, "after %d in session %d", before, r.Session)
		return
	}
	s.last[r.From] = r.N
}

// accepted looks for all that the server took responsibility for.
func (c *checker) accepted(v record.View, archives []map[message]string) {
	arrived := map[message]bool{}
	for n, s := range v.Sent {
		c.res.Sent++
		if !s.Acked.IsZero() {
			c.res.Acked++
		}
		m := message{v.User, n}
		if !s.Errored.IsZero() {
			c.res.Errored++
			if _, kept := archives[s.To][m]; kept {
				c.res.RefusedKept++
			}
		}
		if !s.Accepted() {
			continue
		}
		if _, ok := archives[v.User][m]; !ok {
			c.broken(NotInSenders, v.User, m, "to user %d", s.To)
		}
		if _, ok := archives[s.To][m]; !ok {
			c.broken(NotInRecipients, s.To, m, "")
		}
		arrived[m] = true
	}
	c.neverDelivered(v.User, arrived)
}

func (c *checker) neverDelivered(from int, due map[message]bool) {
	for _, v := range c.views {
		for _, r := range v.Received {
			if r.From == from {
				delete(due, message{from, r.N})
			}
		}
	}
	for m := range due {
		c.broken(NotDelivered, c.views[from].Sent[m.n].To, m, "")
	}
}

func (c *checker) strange(v record.View) {
	for _, s := range v.Strange {
		c.broken(Strange, v.User, message{v.User, -1}, "%s", s)
	}
}

// sum counts messages, each once however many rules it broke.
func (c *checker) sum() {
	slices.SortStableFunc(c.res.Violations, func(a, b Violation) int {
		return cmp.Or(cmp.Compare(slices.Index(Rules, a.Rule), slices.Index(Rules, b.Rule)), cmp.Compare(a.User, b.User),
			cmp.Compare(a.From, b.From), cmp.Compare(a.N, b.N))
	})
	c.res.Lost = c.res.Messages(NotDelivered, NotInSenders, NotInRecipients)
	c.res.Duplicated = c.res.Messages(DeliveredTwice, StanzaIDTwice, ArchivedTwice)
	c.res.Reordered = c.res.Messages(DeliveredOutOfOrder, ArchivedOutOfOrder)
}

// Messages counts the messages that broke one of the rules.
func (r Result) Messages(rules ...Rule) int {
	seen := map[message]bool{}
	for _, v := range r.Violations {
		if slices.Contains(rules, v.Rule) {
			seen[message{v.From, v.N}] = true
		}
	}
	return len(seen)
}
