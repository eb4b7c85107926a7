package sqlstore

import "context"

// runAll runs the ops of a batch in order and returns the result of each,
// neighbours that are plain together. It returns an error when one failed in a
// way that spoils the transaction.
func (b bulk) runAll(ctx context.Context, tx Tx, ops []*op) ([]error, error) {
	board(ops)
	results := make([]error, 0, len(ops))
	for rest := ops; len(rest) > 0; {
		n := plain(rest)
		var done []error
		var err error
		if n == 0 {
			n = 1
			done, err = runFunction(ctx, tx, rest[0])
		} else {
			done, err = b.runPlain(ctx, tx, rest[:n])
		}
		if err != nil {
			return nil, err
		}
		results, rest = append(results, done...), rest[n:]
	}
	return results, b.alight(ctx, tx, ops, results)
}

// plain counts the leading ops that are no functions.
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

// runPlain makes the statements of plain ops, most of them one for all ops of a
// kind.
func (b bulk) runPlain(ctx context.Context, tx Tx, ops []*op) ([]error, error) {
	early, late := splitSettled(ops)
	limited := limits(ops)
	var waiting waiting
	if len(limited.accounts) > 0 { // count what is left when the others have been settled
		settled := &round{}
		settled.settle(b, early)
		early = refTable{}
		if _, err := tx.Batch(ctx, settled.statements); err != nil {
			return nil, err
		}
		var err error
		if waiting, err = limited.count(ctx, tx); err != nil {
			return nil, err
		}
	}
	r := newRound(b, ops, early, late, waiting)
	affected, err := tx.Batch(ctx, r.statements)
	if err != nil {
		return nil, err
	}
	for _, judge := range r.judges {
		judge(affected)
	}
	return r.results, r.ask(ctx, tx)
}
