package pgtest_test

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/internal/pgtest"
)

// A frozen server keeps its connections and answers on none of them; it goes on
// when it is thawed.
func TestFreeze(t *testing.T) {
	t.Parallel()
	s := pgtest.New(t)
	conn, err := pgx.Connect(t.Context(), s.Database(t))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	if err := s.Freeze(); err != nil {
		t.Fatal(err)
	}
	// The question stays in the socket: what comes back comes after the thaw.
	if err := conn.PgConn().Conn().SetReadDeadline(time.Now().Add(50 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if err := conn.Ping(t.Context()); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("a frozen server: %v", err)
	}
	if err := s.Thaw(); err != nil {
		t.Fatal(err)
	}
	if got := query(t, s.URL("postgres"), `SELECT 'goes on'`); got != "goes on" {
		t.Errorf("got %q", got)
	}
}
