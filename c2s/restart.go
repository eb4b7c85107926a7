package c2s

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"parley/internal/jid"
	"parley/internal/module"
	"parley/internal/session"
	"parley/stanza"
	"parley/storage"
)

// A server that stops in order writes down the sessions whose clients may come
// back, and one that starts makes them again: to its contacts the client was
// away for a moment, to the client it was a lost connection. After a crash there
// is nothing to be found; then <failed/> tells what was handled, and what was
// not acknowledged is in storage.

// suspended is a session in writing.
type suspended struct {
	JID, Addr      string
	Secure         bool
	Window         time.Duration
	Acked, Handled uint32
	Held, Queue    []writtenStanza
	Before         int            `json:",omitempty"` // of Held
	Presence       *writtenStanza `json:",omitempty"`
	Priority       int8
	Since          time.Time
	Values         map[string]string // by name of the feature's value
}

// writtenStanza is a stanza in writing.
type writtenStanza struct {
	Kind           stanza.Kind
	From, To       string
	ID, Type, Lang string `json:",omitempty"`
	Payload        []byte `json:",omitempty"`
	Stored         int64  `json:",omitempty"` // the id of the message in storage
}

// suspendTime bounds the writing.
const suspendTime = 5 * time.Second

// suspend writes down what can be resumed, and ends the rest.
func (s *Server) suspend() {
	var streams []storage.SuspendedStream
	for _, r := range s.settleAll() {
		if one, ok := s.freeze(r); ok {
			streams = append(streams, one)
		} else {
			r.end(nil, false)
		}
	}
	if len(streams) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), suspendTime)
	defer cancel()
	if err := s.Streams.SuspendStreams(ctx, streams); err != nil {
		s.Log.Error("sessions cannot be resumed after the restart", "n", len(streams), "err", err)
		return // what they hold is in storage, as after a crash
	}
	s.Log.Info("sessions wait for the restart", "n", len(streams))
}

// settleAll stores the counts, all at once, for clients that come after their
// time, and returns the sessions that can be written down. The others end before
// any of these is closed to the news of that.
func (s *Server) settleAll() (stay []*resumption) {
	all := s.resumptions.all()
	var settled sync.WaitGroup
	for _, r := range all {
		settled.Go(r.remember)
	}
	settled.Wait()
	for _, r := range all {
		if s.Streams != nil && r.session.Freezable() {
			stay = append(stay, r)
		} else {
			r.end(nil, false)
		}
	}
	return stay
}

func (s *Server) freeze(r *resumption) (storage.SuspendedStream, bool) {
	snapshot, ok := r.session.Freeze()
	if !ok {
		return storage.SuspendedStream{}, false
	}
	w := suspended{
		JID: snapshot.JID.String(), Addr: snapshot.RemoteAddr, Secure: snapshot.Secure, Window: r.window,
		Acked: snapshot.Acked, Handled: snapshot.Handled, Before: snapshot.Before, Values: s.values(r.session),
	}
	w.Held, w.Queue = writtenAll(snapshot.Held), writtenAll(snapshot.Queue)
	if p := snapshot.Presence; p != nil {
		st := written(p.Stanza)
		w.Presence, w.Priority, w.Since = &st, p.Priority, p.Since
	}
	state, err := json.Marshal(w)
	return storage.SuspendedStream{ID: r.id, Account: snapshot.JID.Bare().String(), State: state}, err == nil
}

func (s *Server) values(one *session.Session) map[string]string {
	values := map[string]string{}
	for _, v := range s.Router.SavedValues() {
		if text := v.Save(one); text != "" {
			values[v.Name] = text
		}
	}
	return values
}

func writtenAll(stanzas []*module.Stanza) (out []writtenStanza) {
	for _, st := range stanzas {
		out = append(out, written(st))
	}
	return out
}

func written(st *module.Stanza) writtenStanza {
	w := writtenStanza{
		Kind: st.Kind, From: st.From.String(), To: st.To.String(),
		ID: st.ID, Type: st.Type, Lang: st.Lang, Payload: st.Payload,
	}
	if t, ok := st.Track.(module.StoredTracker); ok {
		w.Stored = t.MessageID()
	}
	return w
}

// Restore makes the sessions again that the last run has left. It is called
// once, before the first connection.
func (s *Server) Restore(ctx context.Context) error {
	if s.Streams == nil {
		return nil
	}
	streams, err := s.Streams.TakeSuspendedStreams(ctx)
	if err != nil {
		return fmt.Errorf("c2s: sessions of before the restart: %w", err)
	}
	var barred []*resumption
	for _, one := range streams {
		r, err := s.restore(ctx, one)
		if err != nil {
			s.Log.Warn("session not restored", "jid", one.Account, "err", err)
		}
		if r != nil && err != nil {
			barred = append(barred, r)
		}
	}
	for _, r := range barred {
		r.end(nil, false) // now that all who were told of it can be told of its end
	}
	return nil
}

var (
	errGone    = errors.New("the account is gone or disabled")
	errForeign = errors.New("the domain is not served any more")
	errNoTime  = errors.New("no stream can be resumed any more")
)

// restore makes one session again, as far as the configuration of today allows
// it. With both a session and an error it must end at once.
func (s *Server) restore(ctx context.Context, one storage.SuspendedStream) (*resumption, error) {
	var w suspended
	if err := json.Unmarshal(one.State, &w); err != nil {
		return nil, err
	}
	full, err := jid.Parse(w.JID)
	if err != nil {
		return nil, err
	}
	if !s.Router.IsLocal(full) {
		return nil, errForeign
	}
	w.Window = min(w.Window, s.Limits.Resume)
	made := s.remake(full, one.ID, w)
	if err := s.bindAgain(ctx, made, w); err != nil {
		made.Close(false) // what was not in storage is now, or its sender hears of it
		return nil, err
	}
	r := &resumption{server: s, id: one.ID, window: w.Window, session: made, until: time.Now().Add(w.Window)}
	s.resumptions.put(r)
	return r, s.allowed(ctx, full.Bare())
}

// allowed asks storage, not whether there is a session.
func (s *Server) allowed(ctx context.Context, account jid.JID) error {
	exists, err := s.Router.Users.Exists(ctx, account)
	if err == nil && !exists {
		return errGone
	}
	return err
}

func (s *Server) bindAgain(ctx context.Context, made *session.Session, w suspended) error {
	if w.Window <= 0 {
		return errNoTime
	}
	for _, v := range s.Router.SavedValues() {
		if text := w.Values[v.Name]; text != "" {
			v.Load(made, text)
		}
	}
	if err := s.Router.Bind(ctx, made); err != nil {
		return err
	}
	for _, st := range made.Unacknowledged() {
		if t, ok := st.Track.(module.StoredTracker); ok {
			t.Copied(made)
		}
	}
	return nil
}

// remake makes the session, as it was.
func (s *Server) remake(full jid.JID, id string, w suspended) *session.Session {
	snapshot := session.Snapshot{
		Info: session.Info{
			JID: full, Secure: w.Secure, RemoteAddr: w.Addr,
			Log: s.Log.With("jid", full.Bare().String()), Undelivered: s.Router.Undelivered,
			Writers: &s.writers,
		},
		Acked: w.Acked, Handled: w.Handled, Before: min(w.Before, len(w.Held)),
		Held: s.readAll(w.Held, full.Bare()), Queue: s.readAll(w.Queue, full.Bare()),
	}
	if w.Presence != nil {
		snapshot.Presence = &module.Availability{
			Priority: w.Priority, Since: w.Since, Stanza: s.read(*w.Presence, full.Bare()), Stretch: new(module.Stretch),
		}
	}
	return session.Restore(snapshot, s.Limits.Session, s.managementOf(id, full.Bare().String(), w.Window))
}

func (s *Server) readAll(stanzas []writtenStanza, account jid.JID) (out []*module.Stanza) {
	for _, w := range stanzas {
		out = append(out, s.read(w, account))
	}
	return out
}

func (s *Server) read(w writtenStanza, account jid.JID) *module.Stanza {
	st := &module.Stanza{Kind: w.Kind, ID: w.ID, Type: w.Type, Lang: w.Lang, Payload: w.Payload}
	st.From, _ = jid.Parse(w.From) // both were written from addresses
	st.To, _ = jid.Parse(w.To)
	if children, err := stanza.ScanPayload(w.Payload, nil); err == nil {
		st.Children = children
	}
	if retrack := s.Router.Retracker(); retrack != nil && w.Stored != 0 {
		st.Track = retrack(account, w.Stored)
		st.Track.Sent(1)
	}
	return st
}
