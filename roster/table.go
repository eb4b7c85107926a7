package roster

import "parley/storage"

// State is one of the nine subscription states of RFC 6121 A.1, seen from the
// user. Its bits are those of storage.Subscription and the two pending ones.
type State uint8

const (
	bitTo State = 1 << iota
	bitFrom
	bitPendingOut
	bitPendingIn
)

// The states, RFC 6121 A.1.
const (
	None             State = 0
	NonePendingOut         = bitPendingOut
	NonePendingIn          = bitPendingIn
	NonePendingOutIn       = bitPendingOut | bitPendingIn
	To                     = bitTo
	ToPendingIn            = bitTo | bitPendingIn
	From                   = bitFrom
	FromPendingOut         = bitFrom | bitPendingOut
	Both                   = bitTo | bitFrom
)

var stateNames = map[State]string{
	None: "None", NonePendingOut: "None + Pending Out", NonePendingIn: "None + Pending In",
	NonePendingOutIn: "None + Pending Out+In", To: "To", ToPendingIn: "To + Pending In",
	From: "From", FromPendingOut: "From + Pending Out", Both: "Both",
}

// String returns the name of the state in RFC 6121 A.1.
func (s State) String() string { return stateNames[s] }

// stateOf reads the state of an item. Pending bits that a subscription has
// overtaken do not count.
func stateOf(item *storage.RosterItem) State {
	s := State(item.Subscription)
	if item.Ask && s&bitTo == 0 {
		s |= bitPendingOut
	}
	if item.PendingIn && s&bitFrom == 0 {
		s |= bitPendingIn
	}
	return s
}

// Kind is the type of a subscription stanza (RFC 6121 §3).
type Kind uint8

// The kinds of subscription stanzas.
const (
	Subscribe Kind = iota
	Unsubscribe
	Subscribed
	Unsubscribed
)

var kindNames = [...]string{"subscribe", "unsubscribe", "subscribed", "unsubscribed"}

// String returns the value of the 'type' attribute.
func (k Kind) String() string { return kindNames[k] }

func kindOf(presenceType string) (Kind, bool) {
	for k, name := range kindNames {
		if name == presenceType {
			return Kind(k), true
		}
	}
	return 0, false
}

// Direction says who sent a subscription stanza.
type Direction uint8

// Outbound is sent by the user, Inbound comes from the contact.
const (
	Outbound Direction = iota
	Inbound
)

// Transition is what one stanza does in one state.
type Transition struct {
	Next State
	// Pass: outbound, the stanza is routed to the contact; inbound, it is
	// delivered to the user.
	Pass bool
	// Reply: the server answers the contact with "subscribed" for the user
	// (RFC 6121 §3.1.3, §3.4.2).
	Reply bool
	// Note: the approval is kept for a request to come (RFC 6121 §3.4.2).
	Note bool
}

// table is RFC 6121 A.2 and A.3, all of it.
var table = [2][4]map[State]Transition{
	Outbound: {
		Subscribe: { // A.2.1
			None:             {Next: NonePendingOut, Pass: true},
			NonePendingOut:   {Next: NonePendingOut, Pass: true},
			NonePendingIn:    {Next: NonePendingOutIn, Pass: true},
			NonePendingOutIn: {Next: NonePendingOutIn, Pass: true},
			To:               {Next: To, Pass: true},
			ToPendingIn:      {Next: ToPendingIn, Pass: true},
			From:             {Next: FromPendingOut, Pass: true},
			FromPendingOut:   {Next: FromPendingOut, Pass: true},
			Both:             {Next: Both, Pass: true},
		},
		Unsubscribe: { // A.2.2
			None:             {Next: None, Pass: true},
			NonePendingOut:   {Next: None, Pass: true},
			NonePendingIn:    {Next: NonePendingIn, Pass: true},
			NonePendingOutIn: {Next: NonePendingIn, Pass: true},
			To:               {Next: None, Pass: true},
			ToPendingIn:      {Next: NonePendingIn, Pass: true},
			From:             {Next: From, Pass: true},
			FromPendingOut:   {Next: From, Pass: true},
			Both:             {Next: From, Pass: true},
		},
		Subscribed: { // A.2.3
			None:             {Next: None, Note: true},
			NonePendingOut:   {Next: NonePendingOut, Note: true},
			NonePendingIn:    {Next: From, Pass: true},
			NonePendingOutIn: {Next: FromPendingOut, Pass: true},
			To:               {Next: To, Note: true},
			ToPendingIn:      {Next: Both, Pass: true},
			From:             {Next: From},
			FromPendingOut:   {Next: FromPendingOut},
			Both:             {Next: Both},
		},
		Unsubscribed: { // A.2.4
			None:             {Next: None},
			NonePendingOut:   {Next: NonePendingOut},
			NonePendingIn:    {Next: None, Pass: true},
			NonePendingOutIn: {Next: NonePendingOut, Pass: true},
			To:               {Next: To},
			ToPendingIn:      {Next: To, Pass: true},
			From:             {Next: None, Pass: true},
			FromPendingOut:   {Next: NonePendingOut, Pass: true},
			Both:             {Next: To, Pass: true},
		},
	},
	Inbound: {
		Subscribe: { // A.3.1
			None:             {Next: NonePendingIn, Pass: true},
			NonePendingOut:   {Next: NonePendingOutIn, Pass: true},
			NonePendingIn:    {Next: NonePendingIn},
			NonePendingOutIn: {Next: NonePendingOutIn},
			To:               {Next: ToPendingIn, Pass: true},
			ToPendingIn:      {Next: ToPendingIn},
			From:             {Next: From, Reply: true},
			FromPendingOut:   {Next: FromPendingOut, Reply: true},
			Both:             {Next: Both, Reply: true},
		},
		Unsubscribe: { // A.3.2
			None:             {Next: None},
			NonePendingOut:   {Next: NonePendingOut},
			NonePendingIn:    {Next: None, Pass: true},
			NonePendingOutIn: {Next: NonePendingOut, Pass: true},
			To:               {Next: To},
			ToPendingIn:      {Next: To, Pass: true},
			From:             {Next: None, Pass: true},
			FromPendingOut:   {Next: NonePendingOut, Pass: true},
			Both:             {Next: To, Pass: true},
		},
		Subscribed: { // A.3.3
			None:             {Next: None},
			NonePendingOut:   {Next: To, Pass: true},
			NonePendingIn:    {Next: NonePendingIn},
			NonePendingOutIn: {Next: ToPendingIn, Pass: true},
			To:               {Next: To},
			ToPendingIn:      {Next: ToPendingIn},
			From:             {Next: From},
			FromPendingOut:   {Next: Both, Pass: true},
			Both:             {Next: Both},
		},
		Unsubscribed: { // A.3.4
			None:             {Next: None},
			NonePendingOut:   {Next: None, Pass: true},
			NonePendingIn:    {Next: NonePendingIn},
			NonePendingOutIn: {Next: NonePendingIn, Pass: true},
			To:               {Next: None, Pass: true},
			ToPendingIn:      {Next: NonePendingIn, Pass: true},
			From:             {Next: From},
			FromPendingOut:   {Next: From, Pass: true},
			Both:             {Next: From, Pass: true},
		},
	},
}

// Next looks up what a stanza does. approved says that the user has approved a
// request in advance: then one that would be delivered is granted instead
// (RFC 6121 §3.4.2).
func Next(d Direction, k Kind, s State, approved bool) Transition {
	t := table[d][k][s]
	if d == Inbound && k == Subscribe && approved && t.Pass {
		return Transition{Next: s | bitFrom, Reply: true}
	}
	return t
}
