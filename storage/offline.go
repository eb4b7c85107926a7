package storage

import "time"

// OfflineMessage is a message kept for an account that had no resource to take
// it (XEP-0160).
type OfflineMessage struct {
	ID       int64 // given by the store; grows in the order of arrival within an account
	Account  string
	Received time.Time // kept to the microsecond; the delay stamp, XEP-0203
	From     string    // may be a full JID
	To       string    // may be a full JID
	StanzaID string    // the sender's id attribute
	Type     string
	Lang     string
	Payload  []byte // children of the message element
}
