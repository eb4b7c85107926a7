package muc

import (
	"context"
	"crypto/sha1" // #nosec G505 -- the hash of XEP-0153 §4.1
	"encoding/base64"
	"encoding/hex"
	"strings"

	"parley/internal/xep/muc/standing"
	"parley/stanza"
)

// getVCard shows the room's vCard to everybody (XEP-0486 §3.4).
func (r *Room) getVCard(context.Context, *request) (*stanza.Element, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.vcard) == 0 {
		return stanza.New(nsVCard, "vCard"), nil
	}
	return stanza.Parse(r.vcard)
}

// maxVCard is the largest one, in bytes.
const maxVCard = 128 << 10

// setVCard is for owners (XEP-0486 §3.2). An empty one takes it away.
func (r *Room) setVCard(ctx context.Context, iq *request) (*stanza.Element, error) {
	r.mu.Lock()
	owner := r.affiliationOf(iq.From.Bare()) == standing.Owner
	r.mu.Unlock()
	if !owner {
		return nil, stanza.NewError(stanza.Forbidden, "Only owners are allowed to set avatars.")
	}
	var vcard []byte
	if iq.Request.First() != nil {
		vcard = iq.Request.Bytes()
	}
	if len(vcard) > maxVCard {
		return nil, notAcceptable("the vCard is too large")
	}
	if err := r.take(ctx); err != nil {
		return nil, err
	}
	defer r.give()
	if err := r.service.store.SetRoomVCard(ctx, r.row.JID, vcard); err != nil {
		return nil, err
	}
	return nil, r.with(ctx, func() error {
		r.vcard = vcard
		r.sendAll(r.statusMessage([]int{statusConfigChanged}))
		return nil
	})
}

// avatarHashes are those of the pictures in a vCard (XEP-0486 §3.3, §5.1).
func avatarHashes(vcard []byte) (out []string) {
	if len(vcard) == 0 {
		return nil
	}
	e, err := stanza.Parse(vcard)
	if err != nil {
		return nil // it was written by us
	}
	for photo := range e.Elements() {
		text := strings.Join(strings.Fields(photo.Child(nsVCard, "BINVAL").Text()), "")
		picture, err := base64.StdEncoding.DecodeString(text)
		if photo.Is(nsVCard, "PHOTO") && err == nil && len(picture) > 0 {
			sum := sha1.Sum(picture) // #nosec G401 -- no secret
			out = append(out, hex.EncodeToString(sum[:]))
		}
	}
	return out
}
