package sqlstore

import (
	"context"

	"parley/storage"
)

// afterAccounts is a key behind that of every account: what has it runs in a
// batch after the appends that came before it.
const afterAccounts = "\xff"

// SettleMessages takes note that messages were delivered: they wait no more, and
// those that are not listed are removed. Unknown ones do no harm. It never
// blocks; callers gather what there is to settle and have one write under way.
func (s *Store) SettleMessages(refs []storage.MessageRef) storage.Pending {
	return s.commits.submitFree(&op{name: "settle messages", key: settleKey(refs), settle: refs})
}

func settleKey(refs []storage.MessageRef) string {
	if len(refs) == 0 {
		return afterAccounts
	}
	for _, r := range refs[1:] {
		if r.Account != refs[0].Account {
			return afterAccounts
		}
	}
	return refs[0].Account
}

// splitSettled tells messages that are appended by these same ops from those
// that were appended before.
func splitSettled(ops []*op) (early, late refTable) {
	var fresh map[storage.MessageRef]bool
	for _, o := range ops {
		for _, ref := range o.settle {
			if fresh == nil {
				fresh = appendedBy(ops)
			}
			if fresh[ref] {
				late.add(ref)
			} else {
				early.add(ref)
			}
		}
	}
	return early, late
}

func appendedBy(ops []*op) map[storage.MessageRef]bool {
	fresh := make(map[storage.MessageRef]bool, len(ops))
	for _, o := range ops {
		if o.append != nil && o.append.Undelivered {
			fresh[storage.MessageRef{Account: o.append.message.Account, ID: o.append.message.ID}] = true
		}
	}
	return fresh
}

// SettleArchived settles the listed messages of an account with ids up to upTo:
// its client takes them from the archive (XEP-0386 §4). It never blocks.
func (s *Store) SettleArchived(_ context.Context, account string, upTo int64) storage.Pending {
	// A function, so that it stays between the appends before and after it.
	return s.commits.submitFree(&op{name: "settle archived", key: account, run: func(ctx context.Context, tx Tx) error {
		_, err := tx.Exec(ctx, `DELETE FROM undelivered WHERE account = $1 AND id <= $2 AND listed`, account, upTo)
		return err
	}})
}
