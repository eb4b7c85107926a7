package record

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
)

// line is one line of a dump.
type line struct {
	User     int       `json:"user"`
	N        *int      `json:"n,omitempty"` // of Sent
	Sent     *Sent     `json:"sent,omitempty"`
	Received *Received `json:"received,omitempty"`
	Archived *Archived `json:"archived,omitempty"`
	Strange  string    `json:"strange,omitempty"`
}

// Dump writes all that the logs hold as JSON lines.
func Dump(path string, views []View) (err error) {
	f, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("record: %w", err)
	}
	defer func() {
		if e := f.Close(); err == nil {
			err = e
		}
	}()
	w := bufio.NewWriter(f)
	for _, v := range views {
		if err := dump(w, v); err != nil {
			return fmt.Errorf("record: %w", err)
		}
	}
	return w.Flush()
}

func dump(w io.Writer, v View) error {
	out := json.NewEncoder(w)
	var lines []line
	for n := range v.Sent {
		lines = append(lines, line{N: &n, Sent: &v.Sent[n]})
	}
	for i := range v.Received {
		lines = append(lines, line{Received: &v.Received[i]})
	}
	for i := range v.Archived {
		lines = append(lines, line{Archived: &v.Archived[i]})
	}
	for _, s := range v.Strange {
		lines = append(lines, line{Strange: s})
	}
	for _, l := range lines {
		l.User = v.User
		if err := out.Encode(l); err != nil {
			return err
		}
	}
	return nil
}
