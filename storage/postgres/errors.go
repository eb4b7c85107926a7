package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"parley/storage"
)

// diskFull is the SQLSTATE of a server without room on its disk.
const diskFull = "53100"

// code is the SQLSTATE of a server's error, empty of any other.
func code(err error) string {
	var e *pgconn.PgError
	if !errors.As(err, &e) {
		return ""
	}
	return e.Code
}

// Retryable implements sqlstore.Engine.
func (e *engine) Retryable(err error) bool {
	switch c := code(err); {
	case errors.Is(err, errUndecided):
		return false
	case errors.Is(err, errRolledBack):
		return true
	case c == "":
		return lost(err)
	case c == "40001", c == "40P01": // serialization failure, deadlock
		return true
	case c == "55P03", c == "53300", c == diskFull: // lock not available, too many connections, disk full
		return true
	default: // 08: connection; 57P01 to 57P05: the server shuts down, starts, drops us
		return strings.HasPrefix(c, "08") || strings.HasPrefix(c, "57P")
	}
}

// lost reports whether the connection failed, or could not be made. It was not
// refused by the server: that has a code.
func lost(err error) bool {
	var connect *pgconn.ConnectError
	var network net.Error
	return errors.As(err, &connect) || errors.As(err, &network) || pgconn.SafeToRetry(err) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) ||
		errors.Is(err, context.DeadlineExceeded)
}

// Explain implements sqlstore.Engine.
func (e *engine) Explain(err error) error { return explain(err) }

// explain says what to do.
func explain(err error) error {
	advice := advise(err)
	if advice == "" {
		return err
	}
	if code(err) == diskFull {
		err = fmt.Errorf("%w: %w", storage.ErrFull, err)
	}
	return &explained{err, advice}
}

// explained is an error on one line, with advice.
type explained struct {
	err    error
	advice string
}

func (e *explained) Unwrap() error { return e.err }

// Error leaves out that pgx tried the same address with and without TLS.
func (e *explained) Error() string {
	text := ""
	for line := range strings.Lines(e.err.Error()) {
		if line = strings.TrimSpace(line); !strings.Contains(text, line) {
			text += line + " "
		}
	}
	return strings.TrimSpace(text) + "; " + e.advice
}

func advise(err error) string {
	switch code(err) {
	case "28P01", "28000":
		return "check the user name and password in PARLEY_DATABASE_URL and the server's pg_hba.conf"
	case "3D000":
		return "make the database first: createdb --encoding=UTF8 <name>"
	case "42501":
		return "the database user needs the right to create and use tables: GRANT CREATE ON SCHEMA public TO <user>"
	case diskFull:
		return "make room on the database server's disk"
	case "53300":
		return "raise max_connections of the server or lower pool_max_conns in PARLEY_DATABASE_URL"
	case "57P03":
		return "the database is starting up or shutting down: try again in a moment"
	case "":
		return adviseConnection(err)
	}
	return ""
}

func adviseConnection(err error) string {
	var parse *pgconn.ParseConfigError
	var connect *pgconn.ConnectError
	switch {
	case errors.As(err, &parse):
		return "the address should read like postgres://user@host:5432/parley (PARLEY_DATABASE_URL)"
	case errors.As(err, &connect):
		return "is PostgreSQL running, and are host and port in PARLEY_DATABASE_URL right?"
	}
	return ""
}
