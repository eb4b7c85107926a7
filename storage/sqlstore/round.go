package sqlstore

import (
	"context"
	"errors"

	"parley/storage"
)

// round is what a transaction does for plain ops: first what was settled earlier,
// then what is appended, then the rest in its order, last what is settled of that.
type round struct {
	ops        []*op
	statements []Statement
	// judges are told the rows affected by each statement.
	judges  []func(affected []int64)
	results []error
	// unsure are the ops of which the rows do not say which of them are missing.
	unsure []int
	// appended is how many rows they have made.
	appended int64
}

// errChanged makes the committer repeat the ops of a batch one by one.
var errChanged = errors.New("the account has a message of that id, or was changed by another node meanwhile")

func newRound(b bulk, ops []*op, early, late refTable, waiting waiting) *round {
	r := &round{ops: ops, results: make([]error, len(ops))}
	var messages messageTable
	var marks markTable
	var streams streamTable
	for i, o := range ops {
		switch {
		case o.stream != nil:
			streams.add(o.stream)
		case o.append != nil && r.admit(i, waiting):
			messages.add(i, o.append.message)
			if o.append.Undelivered {
				marks.add(o.append.message)
			}
		}
	}
	r.settle(b, early)
	r.appendAll(b, &messages, &marks)
	r.add(streams.statement(b.saveStreams))
	r.others(b.idSlot)
	r.settle(b, late)
	return r
}

// admit decides about an append to an account that somebody counts the waiting
// messages of, in the order of the ops.
func (r *round) admit(i int, waiting waiting) bool {
	a := r.ops[i].append
	n, counted := waiting[a.message.Account]
	if !counted || !a.Undelivered {
		return true
	}
	switch {
	case n < 0:
		r.results[i] = storage.ErrNotFound
	case a.MaxUndelivered > 0 && n >= a.MaxUndelivered:
		r.results[i] = storage.ErrQuota
	default:
		waiting[a.message.Account]++
		return true
	}
	return false
}

func (r *round) add(s Statement) (index int) {
	if s.SQL != "" {
		r.statements = append(r.statements, s)
	}
	return len(r.statements) - 1
}

func (r *round) settle(b bulk, refs refTable) {
	for _, sql := range b.settle {
		r.add(refs.statement(sql))
	}
}

// appendAll stores messages. An account that does not exist
// shows by a row that is missing.
func (r *round) appendAll(b bulk, messages *messageTable, marks *markTable) {
	if len(messages.ops) == 0 {
		return
	}
	at := r.add(messages.statement(b.insertMessages))
	r.add(marks.statement(b.insertUndelivered))
	r.judges = append(r.judges, func(affected []int64) {
		if int(affected[at]) != len(messages.ops) {
			r.unsure, r.appended = append(r.unsure, messages.ops...), affected[at]
		}
	})
}

// others makes what has statements of its own.
func (r *round) others(slot int64) {
	highest := int64(0)
	for i, o := range r.ops {
		if o.append != nil {
			highest = max(highest, o.append.message.ID)
		}
		if o.plan.judge != nil {
			r.follow(i, o.plan)
		}
	}
	if highest > 0 {
		r.add(keepMessageID(slot, highest))
	}
}

func (r *round) follow(i int, p plan) {
	from := len(r.statements)
	r.statements = append(r.statements, p.statements...)
	to := len(r.statements)
	r.judges = append(r.judges, func(affected []int64) { r.results[i] = p.judge(affected[from:to]) })
}

// ask finds out which accounts the unsure ops are of and fills in their
// results.
func (r *round) ask(ctx context.Context, tx Tx) error {
	if len(r.unsure) == 0 {
		return nil
	}
	accounts := make([]string, 0, len(r.unsure))
	for _, i := range r.unsure {
		accounts = append(accounts, r.ops[i].key)
	}
	exists, err := existing(ctx, tx, accounts)
	if err != nil {
		return err
	}
	for _, i := range r.unsure {
		if exists[r.ops[i].key] {
			r.appended--
		} else {
			r.results[i] = storage.ErrNotFound
		}
	}
	if r.appended != 0 {
		return errChanged
	}
	return nil
}

// existing returns those of the accounts and rooms that exist.
func existing(ctx context.Context, q Queryer, accounts []string) (map[string]bool, error) {
	list, args := placeholders(1, accounts)
	exists := map[string]bool{}
	err := q.Query(ctx, func(scan Scan) error {
		var jid string
		err := scan(&jid)
		exists[jid] = true
		return err
	}, `SELECT jid FROM accounts WHERE jid IN (`+list+`) UNION SELECT jid FROM rooms WHERE jid IN (`+list+`)`, args...)
	return exists, err
}
