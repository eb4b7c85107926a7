package storage

import "time"

// Report is what a user tells the operator of somebody (XEP-0377).
type Report struct {
	Received time.Time
	Reporter string // bare JID
	JID      string // of who is reported, as it was blocked
	Reason   string // a URN, such as "urn:xmpp:reporting:spam"
	Texts    []ReportText
	Messages []ReportedMessage
	// ToOrigin and ThirdParty: the reporter agrees that the report is passed on
	// to the server of who is reported, or to others.
	ToOrigin, ThirdParty bool
}

// ReportText is what the reporter says, in one language.
type ReportText struct{ Lang, Text string }

// ReportedMessage is a message by its stanza-id (XEP-0359).
type ReportedMessage struct{ By, ID string }
