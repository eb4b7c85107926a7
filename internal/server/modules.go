package server

import (
	"parley/c2s"
	"parley/internal/audit"
	"parley/internal/config"
	"parley/internal/jid"
	"parley/internal/module"
	"parley/internal/xep/blocking"
	"parley/internal/xep/carbons"
	"parley/internal/xep/disco"
	"parley/internal/xep/entitytime"
	"parley/internal/xep/lastactivity"
	"parley/internal/xep/mam"
	"parley/internal/xep/muc"
	"parley/internal/xep/offline"
	"parley/internal/xep/ping"
	"parley/internal/xep/register"
	"parley/internal/xep/version"
	"parley/presence"
	"parley/roster"
	"parley/storage/sqlstore"
)

// modules are all features, in the order in which their hooks run within a
// stage. A new one is one line in All.
type modules struct {
	roster   *roster.Module
	presence *presence.Module
	offline  *offline.Module
	archive  *mam.Module
	rooms    *muc.Module // nil: there are none
	register *register.Module
	all      []module.Module
}

// secrets are what modules make things with that nobody else can make.
type secrets struct {
	ids       mam.IDs
	occupants []byte // XEP-0421
}

func newModules(cfg *config.Config, store *sqlstore.Store, accounts register.Accounts, trail *audit.Trail, secret secrets) *modules {
	ids := secret.ids
	m := &modules{
		roster:  roster.New(store, roster.Options{MaxItems: cfg.Limits.RosterItems}),
		offline: offline.New(store, offline.Options{IDs: ids, Window: cfg.Limits.OutboundQueue / 4}),
	}
	m.presence = presence.New(m.roster, presence.Options{HideDetached: cfg.C2S.HideDetached})
	m.roster.SetPresences(m.presence)
	blocks := blocking.New(audited{store, trail}, m.presence, blockingOptions(cfg))
	m.roster.SetBarrier(blocks)
	m.presence.SetBarrier(blocks)
	m.archive = mam.New(store, m.roster, m.offline, archiveOptions(cfg, ids))
	m.register = register.New(registerOptions(cfg), accounts, store)
	services := disco.New(disco.Options{}, m.roster)
	m.all = []module.Module{
		c2s.LegacySession{},
		m.roster,
		m.presence,
		blocks,
		m.offline,
		m.archive,
		carbons.New(),
		m.register,
		services,
		lastactivity.New(store, m.roster),
		ping.New(),
		entitytime.New(),
		version.New(version.Options{Version: Version()}),
	}
	if cfg.MUC.Host != "" {
		opts := roomOptions(cfg, secret)
		m.rooms = muc.New(store, store, m.archive.Rooms(), opts)
		m.all = append(m.all, m.rooms)
		services.AddItem(disco.Item{JID: opts.Host, Name: "Rooms"})
	}
	return m
}

// roomOptions: the addresses were checked when they were read.
func roomOptions(cfg *config.Config, secret secrets) muc.Options {
	opts := muc.Options{
		IDs: secret.ids, Secret: secret.occupants, Occupants: cfg.MUC.Occupants, RoomsPerUser: cfg.MUC.RoomsPerUser,
		Creations: cfg.MUC.Creations, NameBytes: cfg.MUC.NameBytes, Affiliations: cfg.MUC.Affiliations,
		History: cfg.MUC.History, Retention: cfg.Archive.Retention, Linger: cfg.Limits.ResumeTime,
	}
	opts.Host, _ = jid.New("", cfg.MUC.Host, "")
	for _, creator := range cfg.MUC.Creators {
		if j, err := jid.Parse(creator); err == nil {
			opts.Creators = append(opts.Creators, j.Bare())
		}
	}
	return opts
}

func blockingOptions(cfg *config.Config) blocking.Options {
	l := cfg.Limits
	return blocking.Options{
		MaxItems: l.Blocked, MaxReports: l.Reports, MaxText: l.ReportText, MaxMessages: l.ReportMessages,
	}
}

func archiveOptions(cfg *config.Config, ids mam.IDs) mam.Options {
	return mam.Options{
		IDs: ids, Default: cfg.Archive.Default, Page: cfg.Archive.Page, PageBytes: cfg.Limits.OutboundQueue / 4,
		MaxRules: cfg.Archive.Rules, MaxUndelivered: cfg.Limits.OfflineMessages, Retention: cfg.Archive.Retention,
	}
}

func registerOptions(cfg *config.Config) register.Options {
	opts := register.Options{Mode: register.Mode(cfg.Registration)}
	if cfg.LoopbackOnly() {
		// Nobody but the owner of this machine can register.
		opts.PerHour, opts.MinPassword = register.Off, 1
	}
	return opts
}

// Specs returns the support table: what each module says of itself.
func Specs() []module.Spec {
	out := core()
	for _, m := range newModules(config.Default(), nil, nil, nil, secrets{}).all {
		out = append(out, m.Spec()...)
	}
	return out
}
