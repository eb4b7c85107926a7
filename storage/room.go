package storage

import "time"

// Room is a chat room (XEP-0045) without those affiliated with it. Its archive is
// the messages whose Account is its JID.
type Room struct {
	JID        string // bare
	Creator    string // bare JID of who made it
	Created    time.Time
	Locked     bool // nobody has configured it so far (XEP-0045 §10.1)
	Persistent bool
	Public     bool // listed
	// Name, Description and Lang are what is looked for in the list of rooms.
	Name, Description, Lang string
	Config                  []byte // the rest of the configuration, for who wrote it
	Subject                 RoomSubject
	VCard                   []byte // vcard-temp, empty if there is none
}

// RoomSubject is what a room is about (XEP-0045 §8.1).
type RoomSubject struct {
	Payload []byte // of the message that set it
	By      string // nickname
	ID      int64  // of that message, which tells the time; 0: never set
}

// RoomAffiliation is what somebody is to a room (XEP-0045 §5.2).
type RoomAffiliation struct {
	JID         string // bare, or a domain
	Affiliation string // "owner", "admin", "member", "outcast"; "none" removes it
	Nick        string // reserved
	Reason      string
}
