package storage

import "errors"

// The errors a caller may compare with errors.Is. Every database answers with
// the same ones.
var (
	// ErrNotFound: the account, token or row asked for does not exist.
	ErrNotFound = errors.New("not found")
	// ErrConflict: what should be created exists already.
	ErrConflict = errors.New("already exists")
	// ErrQuota: the account has as many rows of this kind as it may have.
	ErrQuota = errors.New("quota reached")
	// ErrFull: the database has no room on its disk.
	ErrFull = errors.New("no room left to store it")
	// ErrUnavailable: the database could not be read now; it may be later.
	ErrUnavailable = errors.New("the database is away")
	// ErrTooNew: the database was migrated by a newer version of the program.
	ErrTooNew = errors.New("the database schema is newer than this program")
	// ErrClosed: the store was closed before the write could be made.
	ErrClosed = errors.New("the store is closed")
)
