package module

import "sync"

// SessionValue is a feature's own value on a session, such as "has asked for
// the roster". Make one per feature with NewSessionValue, at package level or
// on the feature; it is safe for concurrent use.
type SessionValue[T any] struct{ key *byte }

// NewSessionValue makes a new kind of value.
func NewSessionValue[T any]() SessionValue[T] { return SessionValue[T]{key: new(byte)} }

// Get returns the session's value, the zero value if none was set.
func (v SessionValue[T]) Get(s Session) T {
	got, _ := s.FeatureValues().get(v.key).(T)
	return got
}

// Set stores the session's value.
func (v SessionValue[T]) Set(s Session, value T) { s.FeatureValues().set(v.key, value) }

// Update replaces the value by change(old), atomically. change must not block
// and must not touch other session values.
func (v SessionValue[T]) Update(s Session, change func(T) T) {
	t := s.FeatureValues()
	t.mu.Lock()
	defer t.mu.Unlock()
	old, _ := t.lookup(v.key).(T)
	t.put(v.key, change(old))
}

// Values holds what all features keep on one session. An implementation of
// Session embeds it. The zero value is ready.
type Values struct {
	mu   sync.Mutex
	rows []valueRow // few: a linear search beats a map in bytes and time
}

type valueRow struct {
	key   *byte
	value any
}

func (t *Values) get(key *byte) any {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.lookup(key)
}

func (t *Values) set(key *byte, value any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.put(key, value)
}

func (t *Values) lookup(key *byte) any {
	for _, r := range t.rows {
		if r.key == key {
			return r.value
		}
	}
	return nil
}

func (t *Values) put(key *byte, value any) {
	for i := range t.rows {
		if t.rows[i].key == key {
			t.rows[i].value = value
			return
		}
	}
	t.rows = append(t.rows, valueRow{key, value})
}

// FeatureValues returns v: the embedding session has what Session asks for.
func (v *Values) FeatureValues() *Values { return v }

// UsesArchive is set on a session whose client gets what it missed from the
// archive (XEP-0313), so that it need not be sent what waited for it: one that
// was bound with XEP-0386, or has queried its archive before it became
// available.
var UsesArchive = NewSessionValue[bool]()
