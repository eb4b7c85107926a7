package sqlstore

import (
	"context"
	"errors"

	"parley/storage"
)

// round is what a transaction does for plain ops: first what was settled earlier,
// then what is appended, then the rest in its order, last what is appended and
// settled at once.
type round struct {
	ops        []*op
	statements []Statement
	limits     map[string]bool // accounts that somebody counts the waiting messages of
	// judges are told the rows affected by each statement.
	judges  []func(affected []int64)
	results []error
	// unsure are the ops of which the rows do not say why there are none.
	unsure []int
	// appended is how many rows should exist by now for ops that are unsure but
	// have no limit to reach.
	appended int64
}

// errChanged makes the committer repeat the ops of a batch one by one.
var errChanged = errors.New("the account has a message of that id, or was changed by another node meanwhile")

func newRound(b bulk, ops []*op) *round {
	r := &round{ops: ops, results: make([]error, len(ops)), limits: limits(ops)}
	var messages messageTable
	var marks markTable
	var streams streamTable
	for i, o := range ops {
		switch {
		case o.stream != nil:
			streams.add(o.stream)
		case o.append != nil && !r.counted(o):
			messages.add(i, o.append.message)
			if o.append.Undelivered {
				marks.add(o.append.message)
			}
		}
	}
	early, late := splitSettled(ops)
	r.settle(b, early)
	r.appendAll(b, &messages, &marks)
	r.add(streams.statement(b.saveStreams))
	r.others(b.idSlot)
	r.settle(b, late)
	return r
}

// limits returns the accounts that a limited append of these ops is for.
func limits(ops []*op) map[string]bool {
	var accounts map[string]bool
	for _, o := range ops {
		if o.append != nil && o.append.Undelivered && o.append.MaxUndelivered > 0 {
			if accounts == nil {
				accounts = map[string]bool{}
			}
			accounts[o.key] = true
		}
	}
	return accounts
}

// counted tells appends that take part in the counting, and so have to be made
// in their order, from the many that do not.
func (r *round) counted(o *op) bool { return o.append.Undelivered && r.limits[o.key] }

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

// appendAll stores messages without a limit. An account that does not exist
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
		switch {
		case o.append != nil && r.counted(o):
			r.appendCounted(i, o.append)
		case o.plan.judge != nil:
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

func (r *round) appendCounted(i int, a *appended) {
	at := len(r.statements) + 1
	r.statements = append(r.statements, a.statements()...)
	r.judges = append(r.judges, func(affected []int64) {
		if affected[at] == 0 {
			r.unsure = append(r.unsure, i)
		}
	})
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
		switch o := r.ops[i]; {
		case !exists[o.key]:
			r.results[i] = storage.ErrNotFound
		case r.counted(o):
			r.results[i] = storage.ErrQuota
		default:
			r.appended--
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
