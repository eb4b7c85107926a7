package storage

import "time"

// Message is one row of an account's archive (XEP-0313), of what waits to be
// delivered to it (XEP-0160), or of both.
type Message struct {
	// ID orders the account's messages and is their stanza-id (XEP-0359), in
	// decimal. It comes from Store.NewMessageID before the message is delivered.
	ID       int64
	Account  string // bare JID of the owner
	Outgoing bool   // the owner sent it
	// Peer is the other side's bare JID, PeerResource its resource, if any; what
	// a query's 'with' is compared to.
	Peer, PeerResource string
	Received           time.Time // kept to the microsecond; the delay stamp, XEP-0203
	From, To           string    // as on the wire; may be full JIDs
	StanzaID           string    // the sender's id attribute
	OriginID           string    // XEP-0359 §3.2, empty if there is none
	Type, Lang         string
	Payload            []byte // children of the message element
	// Listed tells a row of the archive from one that is only kept until it was
	// delivered.
	Listed bool
}

// idShift is by how many bits the time of a message is shifted in its id: 1024
// ids to the microsecond, until the year 2255.
const idShift = 10

// MessageID returns the lowest id that a message of that time may have.
func MessageID(t time.Time) int64 { return t.UnixMicro() << idShift }

// MessageTime returns the time that an id was made of, to the microsecond. Who
// stores a message takes it as the time of arrival too, so that the archive
// finds by time (ArchiveFilter) what it tells the time of.
func MessageTime(id int64) time.Time { return time.UnixMicro(id >> idShift).UTC() }

// Append says what else AppendMessage does.
type Append struct {
	// Undelivered makes the message wait until SettleMessages is told that it
	// was delivered.
	Undelivered bool
	// MaxUndelivered refuses it, with ErrQuota, if as many already wait for the
	// account; 0: no limit.
	MaxUndelivered int
	// Unit, if not nil, is what the write joins.
	Unit *Unit
}

// MessageRef names one message.
type MessageRef struct {
	Account string
	ID      int64
}

// MessageEnd is the first or last message of an archive.
type MessageEnd struct {
	ID       int64
	Received time.Time
}

// ArchiveFilter selects listed messages of one account. Zero fields do not
// filter.
type ArchiveFilter struct {
	Peer         string    // bare JID
	PeerResource string    // only with Peer
	Start, End   time.Time // both inclusive, compared with MessageTime
	AfterID      int64     // only ids above
	BeforeID     int64     // only ids below
	IDs          []int64   // only these
}

// ArchivePage asks for a page of what a filter selects, in the order of the
// ids. At most one of After and Before is set.
type ArchivePage struct {
	After  int64 // the Max messages that follow this id
	Before int64 // the Max messages that precede this id
	Last   bool  // the last Max messages
	Max    int   // at most so many; 0: none, only Complete is told
}

// ArchiveRules are an account's archiving preferences (XEP-0441).
type ArchiveRules struct {
	Default string   // "always", "never" or "roster"
	Always  []string // JIDs, bare or full
	Never   []string
}

// Stream is what is kept of a stream that can be resumed (XEP-0198 §5), to
// answer for it after it is gone.
type Stream struct {
	ID      string // SM-ID
	Account string
	Handled uint32    // the last count of handled stanzas that may have been told
	Seen    time.Time // when that was written
}

// SuspendedStream is a stream whose client may resume it after the server was
// stopped and started again.
type SuspendedStream struct {
	ID      string // SM-ID
	Account string
	State   []byte // for who wrote it
}

// Token lets one client of an account log in without its password (XEP-0484).
type Token struct {
	Account   string
	Client    string // id of the SASL2 user agent
	New       bool   // given out and not used yet; the slot "new" of XEP-0484 §6.1
	Mechanism string // that it was asked for with
	Salt      []byte // what the token is derived from, with the server's secret
	Created   time.Time
	Expires   time.Time
	Used      time.Time // zero if never
	Address   string    // where it was last used from
	Software  string    // what the client says of itself
	Device    string
}
