package server

import (
	"context"

	"parley/internal/admin"
	"parley/internal/audit"
	"parley/storage"
	"parley/storage/sqlstore"
)

// audited is the store as features have it whose writes belong into the audit
// trail.
type audited struct {
	*sqlstore.Store
	trail *audit.Trail
}

// AddReport implements blocking.Store. What was reported is for `parley report
// list` alone.
func (a audited) AddReport(ctx context.Context, r storage.Report, maxReports int) error {
	err := a.Store.AddReport(ctx, r, maxReports)
	args := []any{"reason", r.Reason, "n", len(r.Messages)}
	if err != nil {
		args = append(args, "err", err)
	}
	a.trail.Record(ctx, audit.Reported, r.JID, r.Reporter, args...)
	return err
}

// DeleteTokens implements sasl.TokenStore: a client gives its own back, or those
// of others go that are too many.
func (a audited) DeleteTokens(ctx context.Context, account, client string) (int, error) {
	n, err := a.Store.DeleteTokens(ctx, account, client)
	if n > 0 {
		a.trail.Record(ctx, audit.TokensRevoked, account, account, "client", client, "n", n)
	}
	return n, err
}

// operatorEvents are what the operator does to accounts, as the trail has it.
var operatorEvents = map[admin.What]string{
	admin.Removed: audit.AccountRemoved, admin.Disabled: audit.AccountDisabled, admin.Enabled: audit.AccountEnabled,
	admin.PasswordChanged: audit.PasswordChanged, admin.TokensRevoked: audit.TokensRevoked,
}

// RecordOperator puts what the operator did into the trail.
func RecordOperator(ctx context.Context, trail *audit.Trail, c admin.Change) {
	if event := operatorEvents[c.What]; event != "" {
		trail.Record(ctx, event, c.JID, audit.Operator, "client", c.Client)
	}
}
