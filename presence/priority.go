package presence

import (
	"strconv"
	"strings"

	"parley/internal/module"
	"parley/stanza"
)

// priorityOf reads the priority of a presence stanza, 0 if there is none
// (RFC 6121 §4.7.2.3).
func priorityOf(st *module.Stanza) (int8, error) {
	e := st.Element(stanza.NSClient, "priority")
	if e == nil {
		return 0, nil
	}
	text := strings.TrimSpace(e.Text())
	if text == "" {
		return 0, nil // sent by old clients that have none to tell
	}
	n, err := strconv.ParseInt(text, 10, 8)
	if err != nil {
		return 0, stanza.NewError(stanza.BadRequest, "a priority is a number from -128 to 127")
	}
	return int8(n), nil
}
