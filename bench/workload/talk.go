package workload

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"parley/bench/client"
	"parley/bench/wire"
)

// talk is one direction of a conversation: numbered messages from one session
// to another. Sending and receiving may be on two goroutines.
type talk struct {
	from, to *client.Session
	tag      string
	head     string // of the stanza, up to the number
	tail     string // after the number
	filler   string

	// owned by the sender
	sent uint64
	out  []byte

	got uint64 // owned by the receiver
}

func (e *Env) talk(from, to *client.Session) *talk {
	address := to.Bare
	if e.FullJID {
		address = to.JID
	}
	stamp := ""
	if e.Mechanism == client.None { // a relay does not say who sends
		stamp = "' from='" + from.JID
	}
	const filler = "So we beat on, boats against the current, "
	return &talk{
		from: from, to: to, tag: e.tag,
		head:   "<message" + from.Conn.Namespace() + " to='" + address + stamp + "' type='chat' id='",
		filler: " " + strings.Repeat(filler, e.Size/len(filler)+1)[:e.Size],
		tail:   "</body></message>",
	}
}

// send sends the next message.
func (t *talk) send() error {
	b := append(t.out[:0], t.head...)
	b = strconv.AppendUint(b, t.sent, 10)
	b = append(b, "'><body>"...)
	b = append(b, t.tag...)
	b = strconv.AppendUint(b, t.sent, 10)
	b = append(b, t.filler...)
	t.out = append(b, t.tail...)
	t.sent++
	if err := t.from.Conn.Send(t.out); err != nil {
		return fmt.Errorf("%s: sending a message: %w", t.from.JID, err)
	}
	return nil
}

// receive waits for the next message.
func (t *talk) receive() error {
	for {
		st, err := t.to.Next()
		if wire.TimedOut(err) {
			return fmt.Errorf("message %d of %s to %s is lost: %w", t.got, t.from.JID, t.to.JID, err)
		}
		if err != nil {
			return err
		}
		if ours, err := t.check(st); ours || err != nil {
			return err
		}
	}
}

// check reports whether st is the message that is due. Presence is not, nor is
// what an earlier run has left in offline storage; any other message is an error.
func (t *talk) check(st client.Stanza) (bool, error) {
	if st.Kind != client.Message {
		return false, nil
	}
	number, ok := numbered(wire.Text(st.Raw, "body"), t.tag)
	if !ok {
		if bytes.Contains(st.Raw, []byte("urn:xmpp:delay")) {
			return false, nil
		}
		return false, fmt.Errorf("%s receives a message that nobody sent: %s", t.to.JID, st.Raw)
	}
	if from := st.Attr("from"); string(from) != t.from.JID {
		return false, fmt.Errorf("%s receives a message from %q, which %s sent", t.to.JID, from, t.from.JID)
	}
	if err := inOrder(number, t.got); err != nil {
		return false, fmt.Errorf("message of %s to %s: %w", t.from.JID, t.to.JID, err)
	}
	t.got++
	return true, nil
}

// nothingMore is what a talk's receiver gives other than messages.
func (t *talk) nothingMore(st client.Stanza) error {
	if ours, err := t.check(st); ours || err != nil {
		return fmt.Errorf("%s receives more than was sent: %s", t.to.JID, st.Raw)
	}
	return nil
}

// numbered reads "tag" and the number behind it.
func numbered(text []byte, tag string) (uint64, bool) {
	digits, ok := bytes.CutPrefix(text, []byte(tag))
	if !ok || len(digits) == 0 || digits[0] < '0' || digits[0] > '9' {
		return 0, false
	}
	n := uint64(0)
	for _, c := range digits {
		if c < '0' || c > '9' {
			break
		}
		n = n*10 + uint64(c-'0')
	}
	return n, true
}

// inOrder tells what went wrong when number comes and due was to come.
func inOrder(number, due uint64) error {
	switch {
	case number < due:
		return fmt.Errorf("number %d comes again, or late: %d is due", number, due)
	case number > due:
		return fmt.Errorf("number %d comes while %d is due: %d lost or overtaken", number, due, number-due)
	}
	return nil
}
