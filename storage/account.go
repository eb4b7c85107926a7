package storage

import "time"

// Account is a registered user.
type Account struct {
	JID      string
	Disabled bool
	Created  time.Time
}

// Credential is what the server keeps of a password for one mechanism: the
// SCRAM keys, never the password (RFC 5802 §3).
type Credential struct {
	Mechanism  string // "SCRAM-SHA-1" or "SCRAM-SHA-256"
	Salt       []byte
	Iterations int
	StoredKey  []byte
	ServerKey  []byte
}

// LastActivity is when an account was last seen and the status it left with
// (XEP-0012).
type LastActivity struct {
	When   time.Time
	Status string
}

// Invite lets its bearer register one account. A zero Expires never expires.
type Invite struct {
	Token   string
	Creator string // account that made it; empty for the operator
	Created time.Time
	Expires time.Time
}
