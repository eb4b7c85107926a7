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
	got, _ := s.values().get(v.key).(T)
	return got
}

// Set stores the session's value.
func (v SessionValue[T]) Set(s Session, value T) { s.values().set(v.key, value) }

// Update replaces the value by change(old), atomically. change must not block
// and must not touch other session values.
func (v SessionValue[T]) Update(s Session, change func(T) T) {
	t := s.values()
	t.mu.Lock()
	defer t.mu.Unlock()
	old, _ := t.lookup(v.key).(T)
	t.put(v.key, change(old))
}

type valueTable struct {
	mu   sync.Mutex
	rows []valueRow // few: a linear search beats a map in bytes and time
}

type valueRow struct {
	key   *byte
	value any
}

func (t *valueTable) get(key *byte) any {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.lookup(key)
}

func (t *valueTable) set(key *byte, value any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.put(key, value)
}

func (t *valueTable) lookup(key *byte) any {
	for _, r := range t.rows {
		if r.key == key {
			return r.value
		}
	}
	return nil
}

func (t *valueTable) put(key *byte, value any) {
	for i := range t.rows {
		if t.rows[i].key == key {
			t.rows[i].value = value
			return
		}
	}
	t.rows = append(t.rows, valueRow{key, value})
}

// Values is what an implementation of Session embeds to hold the values of
// all features.
type Values struct{ table valueTable }

func (v *Values) values() *valueTable { return &v.table }
