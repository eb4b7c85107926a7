package muc

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"

	"parley/internal/xep/muc/standing"
	"parley/storage"
)

// Config is what the owners of a room decide (XEP-0045 §15.5.3). It is kept as
// JSON; a field that is not there yet has its default.
type Config struct {
	Name, Description, Lang string
	Public, Persistent      bool
	Moderated, MembersOnly  bool
	PasswordProtected       bool
	Password                string
	Whois                   string // "moderators": semi-anonymous, or "anyone"
	ChangeSubject           bool   // participants may
	AllowInvites            bool   // members may, where only members enter
	AllowPM                 string // "anyone", "participants", "moderators", "none"
	MaxUsers                int    // 0: as many as the service allows
	Broadcast               []string
	MemberList              []string
	History                 int // messages shown to who enters
	Archive                 bool
	Logging                 bool // to where everybody can read it
	Logs                    string
	Pubsub                  string
	Contacts                []string
	Registration            bool // users may become members by themselves
	LockNicks               bool // who has a reserved nickname uses that
	SlowMode                int  // seconds between messages of a participant

	// Not in the form: what ad-hoc commands change.
	Hats    []Hat
	Wearers map[string][]string // bare JID to the URIs of its hats
}

// defaultConfig is that of a new room: open, listed, semi-anonymous, temporary.
func defaultConfig() Config {
	all := []string{"moderator", "participant", "visitor"}
	return Config{
		Public: true, Whois: "moderators", AllowPM: "anyone", Broadcast: all, MemberList: all,
		History: 20, Archive: true, Registration: true,
	}
}

func (c *Config) anonymous() bool { return c.Whois != "anyone" }

func (c *Config) kind() standing.Type {
	return standing.Type{Moderated: c.Moderated, MembersOnly: c.MembersOnly}
}

func (c *Config) gate() standing.Gate {
	g := standing.Gate{Anonymous: c.anonymous()}
	for _, name := range c.MemberList {
		if r, ok := standing.ParseRole(name); ok {
			g.Lists = append(g.Lists, r)
		}
	}
	return g
}

// shows reports whether presence of that role is broadcast
// (muc#roomconfig_presencebroadcast).
func (c *Config) shows(r standing.Role) bool { return slices.Contains(c.Broadcast, r.String()) }

// clone shares nothing with c.
func (c Config) clone() Config {
	c.Broadcast, c.MemberList, c.Contacts = slices.Clone(c.Broadcast), slices.Clone(c.MemberList), slices.Clone(c.Contacts)
	c.Hats = slices.Clone(c.Hats)
	wearers := make(map[string][]string, len(c.Wearers))
	for who, worn := range c.Wearers {
		wearers[who] = slices.Clone(worn)
	}
	c.Wearers = wearers
	return c
}

// row writes the configuration into the room's row.
func (c *Config) row(r *storage.Room) error {
	b, err := json.Marshal(c)
	if err != nil {
		return fmt.Errorf("muc: write configuration: %w", err)
	}
	r.Config, r.Persistent, r.Public = b, c.Persistent, c.Public
	r.Name, r.Description, r.Lang = c.Name, c.Description, c.Lang
	return nil
}

func readConfig(r *storage.Room) (Config, error) {
	c := defaultConfig()
	if err := json.Unmarshal(r.Config, &c); err != nil {
		return c, fmt.Errorf("muc: configuration of %s: %w", r.JID, err)
	}
	return c, nil
}

// same reports whether two configurations say the same.
func (c Config) same(o Config) bool { return reflect.DeepEqual(c.clone(), o.clone()) }
