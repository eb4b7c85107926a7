package c2s

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"parley/internal/module"
	"parley/internal/sasl"
	"parley/stanza"
)

// uuid4 is a UUID of version 4 (RFC 9562 §5.4).
var uuid4 = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)

// userAgent is what the client says of itself (XEP-0388 §2.3). An id that is no
// UUID of version 4 is no id: the text forbids it and names no error.
func (c *Conn) userAgent(e *stanza.Element) sasl.Client {
	id := strings.ToLower(e.Attr("id"))
	if !uuid4.MatchString(id) {
		id = ""
	}
	return sasl.Client{
		ID:       id,
		Software: shorten(e.Child(nsSASL2, "software").Text()),
		Device:   shorten(e.Child(nsSASL2, "device").Text()),
		Address:  c.peer.Addr.String(),
	}
}

// maxName is how many bytes are kept of what a client calls itself.
const maxName = 128

func shorten(s string) string {
	if len(s) <= maxName {
		return s
	}
	s = s[:maxName]
	for !utf8.ValidString(s) {
		s = s[:len(s)-1]
	}
	return s
}

// userAgentID is the id of the client that a session was bound by.
var userAgentID = module.NewSessionValue[string]()

// IsClient reports whether s is a session of the client of that id, or of any
// client that has one for "".
func IsClient(s module.Session, id string) bool {
	own := userAgentID.Get(s)
	return own != "" && (id == "" || own == id)
}
