// Package presence is RFC 6121 §4: who is available, and who gets to know.
//
// It owns presence of the types available, unavailable and probe: initial
// presence and its probes (§4.2, §4.3), later presence (§4.4), unavailable
// presence, also for sessions that just vanish (§4.5), and directed presence
// with its clean-up (§4.6). It is the only one to set what a session announces
// and the one to run Hooks.SessionAvailable. Who is subscribed to whom it asks
// of the roster, through Subscriptions.
//
// # Fan-out
//
// A broadcast takes the contacts from the roster's snapshot in memory and their
// sessions from the host's, and gives each session the stanza; the payload is
// shared, no lock is held and storage is not asked.
//
// # Races
//
// A session first records its presence, then reads who is there to get it.
// Whoever answers with the presence of another session sends what it found and
// looks again: if it has changed meanwhile, he sends the newer one too. So
// whatever is interleaved, the last presence that a contact gets of a resource
// is the right one.
//
// # Choices
//
// A <show/> that RFC 6121 §4.7.2.1 does not know is carried as it came; a
// <priority/> that is no number from -128 to 127 is refused. Probes of contacts
// on this server are not sent but answered from memory; that a contact is
// offline is then not said, as a new session expects nothing else. A probe
// that comes as a stanza gets all the answers of §4.3.2. Presence is passed on
// without a delay stamp (XEP-0203).
package presence
