package sqlite

import (
	"errors"
	"fmt"
	"io/fs"

	driver "modernc.org/sqlite"
	codes "modernc.org/sqlite/lib"

	"parley/storage"
)

// code is the primary result code of an SQLite error, 0 of any other.
func code(err error) int {
	var e *driver.Error
	if !errors.As(err, &e) {
		return 0
	}
	return e.Code() & 0xff
}

// Retryable implements sqlstore.Engine: another process holds the lock, or the
// disk is full and may be cleared.
func (e *engine) Retryable(err error) bool {
	switch code(err) {
	case codes.SQLITE_BUSY, codes.SQLITE_LOCKED, codes.SQLITE_FULL:
		return true
	}
	return false
}

// Explain implements sqlstore.Engine.
func (e *engine) Explain(err error) error {
	if code(err) == 0 {
		return err
	}
	return fmt.Errorf("%s: %w", e.path, explain(err))
}

// explain says what to do.
func explain(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return fmt.Errorf("%w; make the folder writable for this user or choose another path (PARLEY_DATA_DIR)", err)
	}
	switch code(err) {
	case codes.SQLITE_NOTADB:
		return fmt.Errorf("%w; the file is no SQLite database: move it away or choose another path", err)
	case codes.SQLITE_CORRUPT:
		return fmt.Errorf("%w; the database file is damaged: restore it from a backup", err)
	case codes.SQLITE_CANTOPEN, codes.SQLITE_READONLY, codes.SQLITE_PERM:
		return fmt.Errorf("%w; check that the folder and the files in it are writable for this user", err)
	case codes.SQLITE_FULL:
		return fmt.Errorf("%w: %w; make room on the disk", storage.ErrFull, err)
	case codes.SQLITE_BUSY:
		return fmt.Errorf("%w; another program keeps the database locked: stop it and try again", err)
	}
	return err
}
