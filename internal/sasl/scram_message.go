package sasl

import (
	"encoding/base64"
	"slices"
	"strings"
)

// clientFirst is client-first-message (RFC 5802 §7).
type clientFirst struct {
	flag     string // gs2-cbind-flag
	header   string // gs2-header
	authzid  string
	username string
	nonce    string // c-nonce
	bare     string // client-first-message-bare
}

// parseClientFirst refuses "m", an extension that must be understood.
func parseClientFirst(s string) (m clientFirst, ok bool) {
	fields := strings.SplitN(s, ",", 5)
	if len(fields) < 4 {
		return m, false
	}
	m.flag, m.header = fields[0], fields[0]+","+fields[1]+","
	m.bare = s[len(m.header):]
	if fields[1] != "" {
		if m.authzid, ok = saslname(fields[1], "a="); !ok {
			return m, false
		}
	}
	if m.username, ok = saslname(fields[2], "n="); !ok {
		return m, false
	}
	m.nonce, ok = strings.CutPrefix(fields[3], "r=")
	return m, ok && validNonce(m.nonce)
}

// saslname reads a name (RFC 5802 §5.1): "=2C" and "=3D" are a comma and an
// equals sign, and no other sequence begins with one.
func saslname(field, key string) (string, bool) {
	s, ok := strings.CutPrefix(field, key)
	var b strings.Builder
	for ok {
		before, after, more := strings.Cut(s, "=")
		b.WriteString(before)
		switch {
		case !more:
			return b.String(), b.Len() > 0
		case strings.HasPrefix(after, "2C"):
			b.WriteByte(',')
		case strings.HasPrefix(after, "3D"):
			b.WriteByte('=')
		default:
			return "", false
		}
		s = after[2:]
	}
	return "", false
}

// validNonce: RFC 5802 §7: at least one printable character.
func validNonce(nonce string) bool {
	return nonce != "" && !strings.ContainsFunc(nonce, func(c rune) bool { return c <= ' ' || c > '~' })
}

// clientFinal is client-final-message (RFC 5802 §7).
type clientFinal struct {
	bound        []byte // cbind-input
	nonce        string
	proof        []byte
	withoutProof string // client-final-message-without-proof
}

// parseClientFinal: extensions stand between the nonce and the proof.
func parseClientFinal(s string) (m clientFinal, ok bool) {
	at := strings.LastIndex(s, ",p=")
	if at < 0 {
		return m, false
	}
	m.withoutProof = s[:at]
	fields := strings.SplitN(m.withoutProof, ",", 3)
	if len(fields) < 2 {
		return m, false
	}
	bound, hasBound := strings.CutPrefix(fields[0], "c=")
	nonce, hasNonce := strings.CutPrefix(fields[1], "r=")
	var boundErr, proofErr error
	m.nonce = nonce
	m.bound, boundErr = base64.StdEncoding.DecodeString(bound)
	m.proof, proofErr = base64.StdEncoding.DecodeString(s[at+len(",p="):])
	return m, hasBound && hasNonce && boundErr == nil && proofErr == nil
}

// downgradeHash is what SCRAM signs of what was offered (XEP-0474 §6.1), so that
// nobody on the way can take the better ones out of the lists unseen.
func downgradeHash(f family, mechanisms, bindings []string) string {
	const between, lists = "\x1e", "\x1f" // not allowed in XML
	s := joinSorted(mechanisms, between)
	if len(bindings) > 0 {
		s += lists + joinSorted(bindings, between)
	}
	h := f.hash()
	h.Write([]byte(s))
	return base64.StdEncoding.EncodeToString(h.Sum(nil))
}

func joinSorted(list []string, sep string) string {
	return strings.Join(slices.Sorted(slices.Values(list)), sep)
}
