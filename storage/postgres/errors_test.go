package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
)

func TestRetryable(t *testing.T) {
	t.Parallel()
	coded := func(code string) error { return &pgconn.PgError{Code: code} }
	for name, test := range map[string]struct {
		err  error
		want bool
	}{
		"serialization":        {coded("40001"), true},
		"deadlock":             {coded("40P01"), true},
		"server shuts down":    {coded("57P01"), true},
		"server starts":        {coded("57P03"), true},
		"connection exception": {coded("08006"), true},
		"disk full":            {coded("53100"), true},
		"unique violation":     {coded("23505"), false},
		"foreign key":          {coded("23503"), false},
		"query cancelled":      {coded("57014"), false},
		"wrong password":       {coded("28P01"), false},
		"end of stream":        {fmt.Errorf("receive: %w", io.ErrUnexpectedEOF), true},
		"reset":                {&net.OpError{Op: "read", Err: errors.New("reset")}, true},
		"no answer in time":    {context.DeadlineExceeded, true},
		"cancelled":            {context.Canceled, false},
		"rolled back":          {fmt.Errorf("%w: %w", errRolledBack, coded("XX000")), true},
		"undecided":            {fmt.Errorf("%w: %w", errUndecided, io.EOF), false},
	} {
		if got := (&engine{}).Retryable(test.err); got != test.want {
			t.Errorf("%s: got %v, want %v", name, got, test.want)
		}
	}
}
