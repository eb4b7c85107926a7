// Package jid holds prepared XMPP addresses (RFC 7622).
//
// A JID is a comparable value, fit as a map key. mellium.im/xmpp/jid (PRECIS)
// decides what is valid and how it is prepared; an address made only of
// lower-case ASCII letters, digits and a few marks is its own prepared form
// and is recognised here without it. A part over 1023 bytes is an error, never cut.
package jid

import (
	"errors"
	"fmt"
	"strings"

	xmppjid "mellium.im/xmpp/jid"
)

// MaxPart is the longest localpart, domainpart or resourcepart in bytes (RFC 7622 §3.2–3.4).
const MaxPart = 1023

var (
	errEmptyPart = errors.New("empty part")
	errLongPart  = errors.New("part longer than 1023 bytes")
	errUnstable  = errors.New("no prepared form")
)

// JID is one prepared address: localpart@domainpart/resourcepart. The zero
// value is "no address". Two JIDs are equal (==) exactly if their prepared
// forms are.
type JID struct {
	s      string
	local  int // length of the localpart; the '@' follows if it is not 0
	domain int // end of the domainpart in s
}

// Parse prepares s (RFC 7622 §3). The error says which part is at fault.
func Parse(s string) (JID, error) {
	j, err := split(s)
	if err != nil {
		return JID{}, fmt.Errorf("jid: %q: %w", shorten(s), err)
	}
	if j.simple() {
		return j, nil
	}
	return prepare(j.Local(), j.Domain(), j.Resource(), s)
}

// New prepares the three parts; local and resource may be empty.
func New(local, domain, resource string) (JID, error) {
	if j := join(local, domain, resource); max(len(local), len(domain), len(resource)) <= MaxPart && j.simple() {
		return j, nil
	}
	return prepare(local, domain, resource, domain)
}

func join(local, domain, resource string) JID {
	s, start := domain, 0
	if local != "" {
		s, start = local+"@"+domain, len(local)+1
	}
	j := JID{s: s, local: len(local), domain: start + len(domain)}
	if resource != "" {
		j.s += "/" + resource
	}
	return j
}

// MustParse is Parse for constants; it panics on an error.
func MustParse(s string) JID {
	j, err := Parse(s)
	if err != nil {
		panic(err)
	}
	return j
}

// prepare has the library prepare the parts. What it would change once more,
// such as a domain with two dots at its end, is no address: the same one would
// differ from itself after it was written and read.
func prepare(local, domain, resource, shown string) (JID, error) {
	p, err := xmppjid.New(local, domain, resource)
	if err != nil {
		return JID{}, fmt.Errorf("jid: %q: %w", shorten(shown), err)
	}
	if !stable(p) {
		return JID{}, fmt.Errorf("jid: %q: %w", shorten(shown), errUnstable)
	}
	j := JID{s: p.String(), local: len(p.Localpart())}
	j.domain = len(p.Domainpart())
	if j.local > 0 {
		j.domain += j.local + 1
	}
	return j, nil
}

func stable(p xmppjid.JID) bool {
	again, err := xmppjid.Parse(p.String())
	return err == nil && again.Equal(p)
}

// split finds the parts without preparing them (RFC 7622 §3.1: the first '/'
// ends the bare JID, the first '@' before it ends the localpart).
func split(s string) (JID, error) {
	j := JID{s: s, domain: len(s)}
	if i := strings.IndexByte(s, '/'); i >= 0 {
		j.domain = i
		if err := checkPart(len(s) - i - 1); err != nil {
			return JID{}, fmt.Errorf("resourcepart: %w", err)
		}
	}
	start := 0
	if i := strings.IndexByte(s[:j.domain], '@'); i >= 0 {
		j.local, start = i, i+1
		if err := checkPart(i); err != nil {
			return JID{}, fmt.Errorf("localpart: %w", err)
		}
	}
	if err := checkPart(j.domain - start); err != nil {
		return JID{}, fmt.Errorf("domainpart: %w", err)
	}
	return j, nil
}

func checkPart(n int) error {
	switch {
	case n == 0:
		return errEmptyPart
	case n > MaxPart:
		return errLongPart
	}
	return nil
}

// simple reports whether PRECIS would leave j as it is: every byte of the bare
// JID in [a-z0-9._-] with no leading, trailing or doubled dot in the domain,
// every byte of the resource a letter, digit or one of "._-:+=".
func (j JID) simple() bool {
	for _, c := range []byte(j.Local()) {
		if !plain(c) {
			return false
		}
	}
	domain := j.Domain()
	for i := 0; i < len(domain); i++ {
		if !plainDomain(domain, i) {
			return false
		}
	}
	for _, c := range []byte(j.Resource()) {
		if !plain(c) && (c < 'A' || c > 'Z') && c != ':' && c != '+' && c != '=' {
			return false
		}
	}
	return len(domain) > 0
}

func plain(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '.' || c == '_' || c == '-'
}

// plainDomain is stricter than plain: an IDNA label has rules about hyphens
// and underscores that mellium checks.
func plainDomain(d string, i int) bool {
	c := d[i]
	switch {
	case c >= 'a' && c <= 'z', c >= '0' && c <= '9':
		return true
	case c == '.', c == '-':
		return i > 0 && i < len(d)-1 && d[i-1] != '.' && d[i-1] != '-' && d[i+1] != '.' && d[i+1] != '-'
	}
	return false
}

func shorten(s string) string {
	if len(s) > 60 {
		return s[:60] + "…"
	}
	return s
}

// String returns the prepared address.
func (j JID) String() string { return j.s }

// Local returns the localpart, empty if there is none.
func (j JID) Local() string { return j.s[:j.local] }

// Domain returns the domainpart.
func (j JID) Domain() string {
	if j.local > 0 {
		return j.s[j.local+1 : j.domain]
	}
	return j.s[:j.domain]
}

// Resource returns the resourcepart, empty if there is none.
func (j JID) Resource() string {
	if j.domain < len(j.s) {
		return j.s[j.domain+1:]
	}
	return ""
}

// Bare returns j without its resourcepart (RFC 6120 §1.4). It shares j's memory.
func (j JID) Bare() JID { return JID{s: j.s[:j.domain], local: j.local, domain: j.domain} }

// IsZero reports whether j is no address.
func (j JID) IsZero() bool { return j.s == "" }

// IsBare reports whether j has no resourcepart.
func (j JID) IsBare() bool { return j.domain == len(j.s) }

// WithResource returns the full JID of j's bare JID and resource, prepared.
func (j JID) WithResource(resource string) (JID, error) {
	return New(j.Local(), j.Domain(), resource)
}
