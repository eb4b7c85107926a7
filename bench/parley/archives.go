package parley

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"

	"parley/bench/workload"
	"parley/internal/config"
	"parley/internal/server"
	"parley/storage"
	"parley/storage/sqlstore"
)

// window is how many rows wait to be committed while archives are filled.
const window = 1024

// fillArchives writes rows straight into the archives of the first users, as
// the workload "paging" expects them: of user 0 with what user 1 wrote, of user
// 2 with what user 3 did.
func (a Accounts) fillArchives(ctx context.Context, cfg *config.Config, archives, rows int) (err error) {
	store, err := server.OpenStore(ctx, cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	var waiting []storage.Pending
	for n := range rows {
		for i := range archives {
			waiting = append(waiting, a.append(ctx, store, i, n))
		}
		if len(waiting) >= window || n == rows-1 {
			for _, w := range waiting {
				if err := storage.Wait(ctx, w); err != nil {
					return fmt.Errorf("filling an archive: %w", err)
				}
			}
			waiting = waiting[:0]
		}
	}
	return nil
}

// append stores message n of archive i.
func (a Accounts) append(ctx context.Context, store *sqlstore.Store, i, n int) storage.Pending {
	id := store.NewMessageID()
	owner, peer := a.jid(2*i), a.jid(2*i+1)
	return store.AppendMessage(ctx, storage.Message{
		ID: id, Account: owner, Peer: peer, PeerResource: "fill", Received: storage.MessageTime(id),
		From: peer + "/fill", To: owner, StanzaID: strconv.Itoa(n), Type: "chat", Listed: true,
		Payload: []byte("<body>" + workload.PagingTag + strconv.Itoa(n) + " So we beat on, boats against the current</body>"),
	}, storage.Append{})
}
