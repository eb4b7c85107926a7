package sqlstore

import "context"

// runAll runs the ops of a batch in order and returns the result of each,
// neighbours that are plain together. It returns an error when one failed in a
// way that spoils the transaction.
func runAll(ctx context.Context, tx Tx, ops []*op) ([]error, error) {
	var results []error
	for len(ops) > 0 {
		n := plain(ops)
		var done []error
		var err error
		if n == 0 {
			n = 1
			done, err = runFunction(ctx, tx, ops[0])
		} else {
			done, err = runPlain(ctx, tx, ops[:n])
		}
		if err != nil {
			return nil, err
		}
		results, ops = append(results, done...), ops[n:]
	}
	return results, nil
}

// plain counts the leading ops that are statements only.
func plain(ops []*op) int {
	for i, o := range ops {
		if o.run != nil {
			return i
		}
	}
	return len(ops)
}

func runFunction(ctx context.Context, tx Tx, o *op) ([]error, error) {
	tracked := &trackedTx{Tx: tx}
	err := o.call(ctx, tracked)
	if err != nil && tracked.dirty {
		return nil, err
	}
	return []error{err}, nil
}

func runPlain(ctx context.Context, tx Tx, ops []*op) ([]error, error) {
	plans := planAll(ops)
	var all []Statement
	for _, p := range plans {
		all = append(all, p.statements...)
	}
	affected, err := tx.Batch(ctx, all)
	if err != nil {
		return nil, err
	}
	var results []error
	for _, p := range plans {
		n := len(p.statements)
		results = append(results, p.judge(affected[:n])...)
		affected = affected[n:]
	}
	return results, nil
}

func planAll(ops []*op) []plan {
	var plans []plan
	for len(ops) > 0 {
		n, p := 1, ops[0].plan
		if ops[0].append != nil {
			n = appends(ops)
			p = planAppend(ops[:n])
		}
		plans, ops = append(plans, p), ops[n:]
	}
	return plans
}
