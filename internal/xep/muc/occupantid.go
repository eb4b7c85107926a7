package muc

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"

	"parley/internal/jid"
	"parley/stanza"
)

// occupantID is the same for an account in a room for ever, and tells nothing
// about it (XEP-0421 §4.1).
func (r *Room) occupantID(account jid.JID) string {
	mac := hmac.New(sha256.New, r.service.opts.Secret)
	mac.Write([]byte(r.jid.String() + "\x00" + account.String()))
	return hex.EncodeToString(mac.Sum(nil)[:20])
}

func appendOccupantID(b []byte, id string) []byte {
	b = append(b, "<occupant-id xmlns='"+nsOccupantID+"'"...)
	b = stanza.AppendAttr(b, "id", id)
	return append(b, "/>"...)
}
