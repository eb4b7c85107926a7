package module

import "parley/internal/jid"

// SavedValue is what a feature keeps on a session and wants to find again when
// the client resumes it after a restart of the server (XEP-0198 §5).
type SavedValue struct {
	Name string                // for the record; unique
	Save func(Session) string  // "": nothing
	Load func(Session, string) // what Save returned; before anybody else knows the session
}

// StoredTracker is the Tracker of a message that is in storage. After a restart
// there is a new one for it: Registrar.Retrack.
type StoredTracker interface {
	Tracker
	// MessageID is the id of the message in its account's storage.
	MessageID() int64
	// Copied says that s has the message otherwise than through the router: as a
	// carbon copy, or from before a restart.
	Copied(s Session)
}

// Retracker returns the tracker of the message that account has in storage
// under that id.
type Retracker func(account jid.JID, id int64) StoredTracker

// Save makes a feature's value on sessions survive a restart.
func (r *Registrar) Save(v SavedValue) { r.saved = append(r.saved, v) }

// SavedValues returns all that Save was given.
func (r *Registrar) SavedValues() []SavedValue { return r.saved }

// Retrack makes f the one source of trackers after a restart.
func (r *Registrar) Retrack(f Retracker) { r.retrack = f }

// Retracker returns what Retrack was given; nil if nothing stores messages.
func (r *Registrar) Retracker() Retracker { return r.retrack }

// SaveFlag is a SavedValue of a flag.
func SaveFlag(name string, flag SessionValue[bool]) SavedValue {
	return SavedValue{
		Name: name,
		Save: func(s Session) string {
			if flag.Get(s) {
				return "true"
			}
			return ""
		},
		Load: func(s Session, _ string) { flag.Set(s, true) },
	}
}
