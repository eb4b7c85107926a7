package sqlstore

import (
	"context"
	"math"

	"parley/storage"
)

const roomNames = `jid, creator, created, locked, persistent, public, name, description, lang, config,
	subject, subject_by, subject_id, vcard`

// CreateRoom makes a room with those affiliated with it. It fails with
// storage.ErrConflict if there is one.
func (s *Store) CreateRoom(ctx context.Context, r storage.Room, with []storage.RoomAffiliation) error {
	return s.do(ctx, "create room", r.JID, func(ctx context.Context, tx Tx) error {
		n, err := tx.Exec(ctx, `INSERT INTO rooms (`+roomNames+`)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) ON CONFLICT (jid) DO NOTHING`,
			r.JID, r.Creator, fromTime(r.Created), r.Locked, r.Persistent, r.Public, r.Name, r.Description, r.Lang,
			fromBytes(r.Config), fromBytes(r.Subject.Payload), r.Subject.By, r.Subject.ID, fromBytes(r.VCard))
		if err == nil && n == 0 {
			err = storage.ErrConflict
		}
		if err != nil {
			return err
		}
		return affiliate(ctx, tx, r.JID, with)
	})
}

// UpdateRoom writes what owners configure of a room, and changes affiliations
// with it. It fails with storage.ErrNotFound if there is no such room.
func (s *Store) UpdateRoom(ctx context.Context, r storage.Room, with []storage.RoomAffiliation) error {
	return s.do(ctx, "update room", r.JID, func(ctx context.Context, tx Tx) error {
		n, err := tx.Exec(ctx, `UPDATE rooms SET locked = $2, persistent = $3, public = $4, name = $5,
				description = $6, lang = $7, config = $8 WHERE jid = $1`,
			r.JID, r.Locked, r.Persistent, r.Public, r.Name, r.Description, r.Lang, fromBytes(r.Config))
		if err == nil {
			err = found(n)
		}
		if err != nil {
			return err
		}
		return affiliate(ctx, tx, r.JID, with)
	})
}

// ChangeAffiliations changes what people are to a room: all of them or, with an
// error, none. It fails with storage.ErrNotFound if there is no such room.
func (s *Store) ChangeAffiliations(ctx context.Context, room string, with []storage.RoomAffiliation) error {
	return s.do(ctx, "change affiliations", room, func(ctx context.Context, tx Tx) error {
		known := false
		err := tx.Query(ctx, func(scan Scan) error {
			known = true
			return scan(new(int64))
		}, `SELECT 1 FROM rooms WHERE jid = $1 FOR UPDATE`, room)
		if err == nil && !known {
			err = storage.ErrNotFound
		}
		if err != nil {
			return err
		}
		return affiliate(ctx, tx, room, with)
	})
}

func affiliate(ctx context.Context, tx Tx, room string, with []storage.RoomAffiliation) error {
	for _, a := range with {
		var err error
		if a.Affiliation == "none" {
			_, err = tx.Exec(ctx, `DELETE FROM room_affiliations WHERE room = $1 AND jid = $2`, room, a.JID)
		} else {
			_, err = tx.Exec(ctx, `INSERT INTO room_affiliations (room, jid, affiliation, nick, reason)
				VALUES ($1, $2, $3, $4, $5) ON CONFLICT (room, jid) DO UPDATE SET
				affiliation = excluded.affiliation, nick = excluded.nick, reason = excluded.reason`,
				room, a.JID, a.Affiliation, a.Nick, a.Reason)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// SetRoomSubject writes what a room is about, unless it has a later subject. The
// handle fails with storage.ErrNotFound if there is no such room.
func (s *Store) SetRoomSubject(ctx context.Context, room string, subject storage.RoomSubject) storage.Pending {
	return s.submit(ctx, "set room subject", room, func(affected []int64) error { return found(affected[0]) },
		Statement{SQL: `UPDATE rooms SET
				subject = CASE WHEN subject_id < $4 THEN $2 ELSE subject END,
				subject_by = CASE WHEN subject_id < $4 THEN $3 ELSE subject_by END,
				subject_id = CASE WHEN subject_id < $4 THEN $4 ELSE subject_id END
			WHERE jid = $1`, Args: []any{room, fromBytes(subject.Payload), subject.By, subject.ID}})
}

// SetRoomVCard writes the vCard of a room (XEP-0486). It fails with
// storage.ErrNotFound if there is no such room.
func (s *Store) SetRoomVCard(ctx context.Context, room string, vcard []byte) error {
	return s.do(ctx, "set room vcard", room, func(ctx context.Context, tx Tx) error {
		n, err := tx.Exec(ctx, `UPDATE rooms SET vcard = $2 WHERE jid = $1`, room, fromBytes(vcard))
		if err != nil {
			return err
		}
		return found(n)
	})
}

// DeleteRoom removes a room with its affiliations and its archive.
func (s *Store) DeleteRoom(ctx context.Context, room string) error {
	err := s.do(ctx, "delete room", room, func(ctx context.Context, tx Tx) error {
		n, err := tx.Exec(ctx, `DELETE FROM rooms WHERE jid = $1`, room)
		if err != nil {
			return err
		}
		return found(n)
	})
	// Nothing can be added any more; a long archive goes in steps that others'
	// writes come between.
	for more := true; more && err == nil; {
		err = s.do(ctx, "delete room", room, func(ctx context.Context, tx Tx) (err error) {
			more, err = deleteSome(ctx, tx, room)
			return err
		})
	}
	return err
}

// forgetAffiliations removes what somebody is to all rooms, except where banned:
// whoever has that address later is somebody else.
func forgetAffiliations(ctx context.Context, tx Tx, jid string) error {
	_, err := tx.Exec(ctx, `DELETE FROM room_affiliations WHERE jid = $1 AND affiliation <> 'outcast'`, jid)
	return err
}

// Room returns a room and those affiliated with it, or storage.ErrNotFound.
func (s *Store) Room(ctx context.Context, jid string) (storage.Room, []storage.RoomAffiliation, error) {
	var list []storage.Room
	var with []storage.RoomAffiliation
	err := s.engine.Query(ctx, scanRooms(&list), `SELECT `+roomNames+` FROM rooms WHERE jid = $1`, jid)
	if err == nil && len(list) == 0 {
		err = storage.ErrNotFound
	}
	if err == nil {
		err = s.engine.Query(ctx, func(scan Scan) error {
			var a storage.RoomAffiliation
			err := scan(&a.JID, &a.Affiliation, &a.Nick, &a.Reason)
			with = append(with, a)
			return err
		}, `SELECT jid, affiliation, nick, reason FROM room_affiliations WHERE room = $1 ORDER BY jid`, jid)
	}
	if err != nil {
		return storage.Room{}, nil, s.wrap("room", err)
	}
	return list[0], with, nil
}

func scanRooms(into *[]storage.Room) func(Scan) error {
	return func(scan Scan) error {
		var r storage.Room
		var created int64
		err := scan(&r.JID, &r.Creator, &created, &r.Locked, &r.Persistent, &r.Public, &r.Name, &r.Description,
			&r.Lang, &r.Config, &r.Subject.Payload, &r.Subject.By, &r.Subject.ID, &r.VCard)
		r.Created = toTime(created)
		r.Config, r.Subject.Payload, r.VCard = toBytes(r.Config), toBytes(r.Subject.Payload), toBytes(r.VCard)
		*into = append(*into, r)
		return err
	}
}

// Rooms lists the rooms by JID, at most limit of them after the JID given,
// without subject and vCard. A limit of 0 or less means none.
func (s *Store) Rooms(ctx context.Context, after string, limit int) ([]storage.Room, error) {
	if limit <= 0 {
		limit = math.MaxInt32
	}
	var list []storage.Room
	err := s.engine.Query(ctx, func(scan Scan) error {
		var r storage.Room
		var created int64
		err := scan(&r.JID, &r.Creator, &created, &r.Locked, &r.Persistent, &r.Public, &r.Name, &r.Description, &r.Lang, &r.Config)
		r.Created, r.Config = toTime(created), toBytes(r.Config)
		list = append(list, r)
		return err
	}, `SELECT jid, creator, created, locked, persistent, public, name, description, lang, config
		FROM rooms WHERE jid > $1 ORDER BY jid LIMIT $2`, after, limit)
	return list, s.wrap("rooms", err)
}

// CountRooms tells how many rooms somebody has made that still exist.
func (s *Store) CountRooms(ctx context.Context, creator string) (n int, err error) {
	err = s.engine.Query(ctx, func(scan Scan) error { return scan(&n) },
		`SELECT COUNT(*) FROM rooms WHERE creator = $1`, creator)
	return n, s.wrap("count rooms", err)
}
