package muc

import (
	"slices"
	"strconv"

	"parley/internal/jid"
	"parley/internal/xep/muc/standing"
	"parley/stanza"
)

// formConfig is the FORM_TYPE of the configuration (XEP-0045 §15.5.3).
const formConfig = NS + "#roomconfig"

const (
	fieldAdmins = "muc#roomconfig_roomadmins"
	fieldOwners = "muc#roomconfig_roomowners"
)

// configField is one field of the configuration form.
type configField struct {
	name, typ, label string
	options          []string // of lists
	get              func(*Config) []string
	set              func(*Config, answers, string) error
}

// configFields are in the order in which they are shown.
func configFields() []configField {
	roles := []string{"moderator", "participant", "visitor"}
	return []configField{
		textField("muc#roomconfig_roomname", "Name", func(c *Config) *string { return &c.Name }),
		textField("muc#roomconfig_roomdesc", "Description", func(c *Config) *string { return &c.Description }),
		textField("muc#roomconfig_lang", "Language of the discussion", func(c *Config) *string { return &c.Lang }),
		boolField("muc#roomconfig_publicroom", "List the room publicly", func(c *Config) *bool { return &c.Public }),
		boolField("muc#roomconfig_persistentroom", "Keep the room when nobody is in it", func(c *Config) *bool { return &c.Persistent }),
		boolField("muc#roomconfig_membersonly", "Only members may enter", func(c *Config) *bool { return &c.MembersOnly }),
		boolField("muc#roomconfig_moderatedroom", "Only who has voice may speak", func(c *Config) *bool { return &c.Moderated }),
		boolField("muc#roomconfig_passwordprotectedroom", "A password is needed to enter", func(c *Config) *bool { return &c.PasswordProtected }),
		secretField("muc#roomconfig_roomsecret", "Password", func(c *Config) *string { return &c.Password }),
		choiceField("muc#roomconfig_whois", "Who sees real addresses", []string{"moderators", "anyone"}, func(c *Config) *string { return &c.Whois }),
		boolField("muc#roomconfig_changesubject", "Participants may change the subject", func(c *Config) *bool { return &c.ChangeSubject }),
		boolField("muc#roomconfig_allowinvites", "Members may invite others", func(c *Config) *bool { return &c.AllowInvites }),
		choiceField("muc#roomconfig_allowpm", "Who may send private messages", []string{"anyone", "participants", "moderators", "none"}, func(c *Config) *string { return &c.AllowPM }),
		maxUsersField(),
		listField("muc#roomconfig_presencebroadcast", "Whose presence is shown", roles, func(c *Config) *[]string { return &c.Broadcast }),
		listField("muc#roomconfig_getmemberlist", "Who may read the member list", roles, func(c *Config) *[]string { return &c.MemberList }),
		numberField("muc#maxhistoryfetch", "Messages shown to who enters", func(c *Config) *int { return &c.History }),
		boolField("muc#roomconfig_enablearchiving", "Keep an archive", func(c *Config) *bool { return &c.Archive }),
		boolField("muc#roomconfig_enablelogging", "The discussion is published elsewhere", func(c *Config) *bool { return &c.Logging }),
		textField("{urn:x-parley:muc}logs", "Address of the published discussion", func(c *Config) *string { return &c.Logs }),
		textField("muc#roomconfig_pubsub", "Associated pubsub node", func(c *Config) *string { return &c.Pubsub }),
		contactsField(),
		boolField("{urn:x-parley:muc}registration", "Users may register as members", func(c *Config) *bool { return &c.Registration }),
		boolField("{urn:x-parley:muc}lock_nicks", "Who has a reserved nickname must use it", func(c *Config) *bool { return &c.LockNicks }),
		numberField("muc#roomconfig_slow_mode_duration", "Seconds between two messages of one participant", func(c *Config) *int { return &c.SlowMode }), // XEP-0500 §5.1
	}
}

func textField(name, label string, at func(*Config) *string) configField {
	return configField{
		name: name, typ: "text-single", label: label,
		get: func(c *Config) []string { return []string{*at(c)} },
		set: func(c *Config, a answers, name string) error { *at(c) = a.one(name); return nil },
	}
}

func secretField(name, label string, at func(*Config) *string) configField {
	f := textField(name, label, at)
	f.typ = "text-private"
	return f
}

func boolField(name, label string, at func(*Config) *bool) configField {
	return configField{
		name: name, typ: "boolean", label: label,
		get: func(c *Config) []string { return []string{truth(*at(c))} },
		set: func(c *Config, a answers, name string) (err error) { *at(c), err = a.yes(name); return err },
	}
}

func choiceField(name, label string, options []string, at func(*Config) *string) configField {
	return configField{
		name: name, typ: "list-single", label: label, options: options,
		get: func(c *Config) []string { return []string{*at(c)} },
		set: func(c *Config, a answers, name string) error {
			if !slices.Contains(options, a.one(name)) {
				return notAcceptable(name + " has no such value")
			}
			*at(c) = a.one(name)
			return nil
		},
	}
}

func listField(name, label string, options []string, at func(*Config) *[]string) configField {
	return configField{
		name: name, typ: "list-multi", label: label, options: options,
		get: func(c *Config) []string { return *at(c) },
		set: func(c *Config, a answers, name string) error {
			for _, v := range a[name] {
				if !slices.Contains(options, v) {
					return notAcceptable(name + " has no such value")
				}
			}
			*at(c) = slices.Clone(a[name])
			return nil
		},
	}
}

func numberField(name, label string, at func(*Config) *int) configField {
	return configField{
		name: name, typ: "text-single", label: label,
		get: func(c *Config) []string { return []string{strconv.Itoa(*at(c))} },
		set: func(c *Config, a answers, name string) error {
			n, err := strconv.ParseUint(a.one(name), 10, 31)
			if err != nil {
				return notAcceptable(name + " is not a number")
			}
			*at(c) = int(n) //nolint:gosec // 31 bits
			return nil
		},
	}
}

// maxUsersField: "none" is as many as the service allows.
func maxUsersField() configField {
	f := numberField("muc#roomconfig_maxusers", "Most occupants", func(c *Config) *int { return &c.MaxUsers })
	f.typ, f.options = "list-single", []string{"10", "20", "50", "100", "none"}
	get, set := f.get, f.set
	f.get = func(c *Config) []string {
		if c.MaxUsers == 0 {
			return []string{"none"}
		}
		return get(c)
	}
	f.set = func(c *Config, a answers, name string) error {
		if a.one(name) == "none" || a.one(name) == "" {
			c.MaxUsers = 0
			return nil
		}
		return set(c, a, name)
	}
	return f
}

func contactsField() configField {
	return configField{
		name: "muc#roominfo_contactjid", typ: "jid-multi", label: "Contacts",
		get: func(c *Config) []string { return c.Contacts },
		set: func(c *Config, a answers, name string) error {
			list, err := readJIDs(a[name])
			c.Contacts = list
			return err
		},
	}
}

// readJIDs reads the lines of a jid-multi field, as bare addresses.
func readJIDs(lines []string) (out []string, err error) {
	for _, line := range lines {
		if line == "" {
			continue
		}
		j, err := jid.Parse(line)
		if err != nil {
			return nil, notAcceptable("an address is malformed")
		}
		out = append(out, j.Bare().String())
	}
	return out, nil
}

// configForm shows the configuration (§10.2).
func (r *Room) configForm() *stanza.Element {
	f := newForm("form", formConfig).say("Configuration of "+r.jid.String(), "Change what you like and submit the form.")
	for _, field := range configFields() {
		e := f.add(field.typ, field.name, field.label, field.get(&r.config)...)
		for _, o := range field.options {
			addOption(e, o, o)
		}
	}
	f.add("jid-multi", fieldAdmins, "Administrators", r.affiliated(standing.Admin)...)
	f.add("jid-multi", fieldOwners, "Owners", r.affiliated(standing.Owner)...)
	return f.x
}

// configured returns the configuration that a form makes of c. What it does not
// mention stays.
func (m *Module) configured(c Config, a answers) (Config, error) {
	c = c.clone()
	for _, field := range configFields() {
		if !a.has(field.name) {
			continue
		}
		if err := field.set(&c, a, field.name); err != nil {
			return c, err
		}
	}
	return c, m.acceptable(&c)
}

// Limits of what a configuration may hold beside its name.
const (
	maxDescription = 1024 // bytes
	maxShortText   = 256  // bytes
	maxContacts    = 16
)

// acceptable: a configuration against the policy of the service gets
// not-acceptable (§10.1.3).
func (m *Module) acceptable(c *Config) error {
	switch {
	case c.PasswordProtected && c.Password == "":
		return notAcceptable("a password is needed")
	case len(c.Name) > m.opts.NameBytes:
		return notAcceptable("the name is longer than " + strconv.Itoa(m.opts.NameBytes) + " bytes")
	case len(c.Description) > maxDescription, len(c.Contacts) > maxContacts,
		max(len(c.Lang), len(c.Password), len(c.Logs), len(c.Pubsub)) > maxShortText:
		return notAcceptable("a text or list is too long")
	case c.MaxUsers > m.opts.Occupants:
		return notAcceptable("at most " + strconv.Itoa(m.opts.Occupants) + " occupants are possible")
	case c.History > m.opts.History:
		return notAcceptable("at most " + strconv.Itoa(m.opts.History) + " messages of the history are possible")
	}
	return nil
}

func notAcceptable(text string) *stanza.Error {
	return &stanza.Error{Type: stanza.Modify, Condition: stanza.NotAcceptable, Text: text}
}
