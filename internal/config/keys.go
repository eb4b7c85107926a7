package config

import (
	"math"
	"strings"
	"time"
)

// key is one line of the table that everything else is made from.
type key struct {
	name   string // "limits.roster_items"
	doc    string // what it means
	secret bool   // not printed unless asked for
	env    string // the variable, if it is not PARLEY_ and the name
	at     func(*Config) value
}

// Env is the environment variable that overrides the key.
func (k key) Env() string {
	if k.env != "" {
		return k.env
	}
	return "PARLEY_" + strings.ToUpper(strings.ReplaceAll(k.name, ".", "_"))
}

// sections say what the keys below them are about.
var sections = map[string]string{
	"http":     "The web side: chat page, WebSocket (RFC 7395), host-meta.",
	"c2s":      "XMPP over TCP, for desktop and phone clients.",
	"admin":    "The operator's listener: health, metrics, and how `parley user …` tells the running server what it changed.",
	"tls":      "Certificates: from files, by ACME, or else a self-signed one, made once and kept in the data folder.",
	"tls.acme": "Certificates from Let's Encrypt or another ACME server. http.tls_addr must be reachable as port 443.",
	"database": "Where accounts, rosters and messages are kept.",
	"sasl":     "Logging in.",
	"archive":  "Message archives (XEP-0313).",
	"muc":      "Rooms (XEP-0045).",
	"log":      "What the server says about itself, on standard error.",
	"limits":   "What one client may cost. They hold for every transport.",
}

// keys are in the order in which they are printed.
var keys = []key{
	{name: "domain", doc: "The part after the @ of every account: alice@localhost.",
		at: func(c *Config) value {
			return text{&c.Domain, "a domain name in lower case", checkDomain}
		}},
	{name: "data_dir", doc: "The folder for everything that the server keeps in files: the SQLite database, certificates, the passwords of the demo users. It is made if it does not exist.",
		at: func(c *Config) value { return text{&c.DataDir, "a path", notEmpty} }},
	{name: "public_url", doc: "How browsers reach the server, if that differs from the address they ask for. It stands in host-meta, and its origin is always allowed.",
		at: func(c *Config) value {
			return text{&c.PublicURL, "https://host[:port], or empty: the address of each request", checkPublicURL}
		}},
	{name: "registration", doc: "Who may make an account over the network: anybody, who has an invitation (`parley invite`), or nobody. auto is open when every listener is on loopback, else closed.",
		at: func(c *Config) value {
			return choice[string]{&c.registration, []string{registrationAuto, "open", "invite", "closed"}}
		}},
	{name: "require_tls", doc: "Whether TCP clients must encrypt before they log in. false lets clients on loopback log in without TLS; all others must encrypt in any case.",
		at: func(c *Config) value { return truth{&c.RequireTLS} }},
	{name: "trusted_proxies", doc: "Whose Forwarded and X-Forwarded-For headers, and PROXY protocol lines, are believed.",
		at: func(c *Config) value { return prefixes{&c.TrustedProxies} }},
	{name: "local_networks", doc: "Networks that count as this machine, besides loopback: plain connections from them may log in. It is for containers whose ports are published on the host's loopback, where the host's connections come from the container network.",
		at: func(c *Config) value { return prefixes{&c.LocalNetworks} }},
	{name: "shutdown_grace", doc: "How long clients are given to leave when the server stops.",
		at: func(c *Config) value { return duration{&c.ShutdownGrace, 0, 10 * time.Minute} }},

	{name: "http.addr", doc: "Where plain HTTP is served. Put a TLS proxy in front, or use http.tls_addr, before others than this machine can reach it.",
		at: func(c *Config) value { return addr(&c.HTTP.Addr) }},
	{name: "http.tls_addr", doc: "Where HTTPS is served.",
		at: func(c *Config) value { return addr(&c.HTTP.TLSAddr) }},
	{name: "http.origins", doc: "Further web sites whose pages may open a WebSocket here. The server's own origin always may.",
		at: func(c *Config) value {
			return words{&c.HTTP.Origins, "origins such as https://www.example.org", checkOrigin}
		}},

	{name: "c2s.addr", doc: "Where TCP clients connect and start TLS (RFC 6120).",
		at: func(c *Config) value { return addr(&c.C2S.Addr) }},
	{name: "c2s.tls_addr", doc: "Where TCP clients connect with TLS from the first byte (XEP-0368).",
		at: func(c *Config) value { return addr(&c.C2S.TLSAddr) }},
	{name: "c2s.proxy_protocol", doc: "Whether connections from trusted_proxies begin with a PROXY protocol line that names the client.",
		at: func(c *Config) value { return truth{&c.C2S.ProxyProtocol} }},
	{name: "c2s.hide_detached", doc: "Whether contacts see somebody whose connection was lost as unavailable at once, and not only when limits.resume_time is over.",
		at: func(c *Config) value { return truth{&c.C2S.HideDetached} }},

	{name: "admin.addr", doc: "Keep it on loopback: metrics need no password.",
		at: func(c *Config) value { return addr(&c.Admin.Addr) }},

	{name: "tls.cert_file", doc: "The certificate chain in PEM. It is read again when it changes.",
		at: func(c *Config) value { return text{&c.TLS.CertFile, "a path, or empty", nil} }},
	{name: "tls.key_file", doc: "Its private key in PEM.",
		at: func(c *Config) value { return text{&c.TLS.KeyFile, "a path, or empty", nil} }},
	{name: "tls.hosts_dir", doc: "A folder with a folder for each further certificate, fullchain.pem and privkey.pem in it, as certbot has them in live/. Clients that ask for one of its names (SNI) get it. Changes are noticed; new folders with SIGHUP. Not used with ACME.",
		at: func(c *Config) value { return text{&c.TLS.HostsDir, "a path, or empty", nil} }},
	{name: "tls.acme.domains", doc: "The host names to get certificates for; empty turns ACME off.",
		at: func(c *Config) value { return words{&c.TLS.ACME.Domains, "domain names", checkDomain} }},
	{name: "tls.acme.email", doc: "Whom the certificate authority may write to.",
		at: func(c *Config) value { return text{&c.TLS.ACME.Email, "a mail address, or empty", nil} }},
	{name: "tls.acme.directory", doc: "The ACME server.",
		at: func(c *Config) value {
			return text{&c.TLS.ACME.Directory, "https://…, or empty: Let's Encrypt", checkDirectory}
		}},

	{name: "database.url", doc: "A Postgres database. Empty: SQLite, in parley.db in the data folder.", secret: true,
		at: func(c *Config) value {
			return text{&c.Database.URL, "postgres://user:password@host/database, or empty", checkDatabaseURL}
		}},
	{name: "database.url_file", doc: "A file that holds the database URL, so that its password stands neither here nor in the environment.",
		at: func(c *Config) value { return text{&c.Database.URLFile, "a path, or empty", nil} }},
	{name: "database.queue", doc: "Writes that wait for the database at most. Above it clients are not read from, until there is room.",
		at: func(c *Config) value { return number{&c.Database.Queue, 1, 1_000_000} }},
	{name: "database.batch", doc: "Writes that share a transaction at most. All that wait go into the next one, up to this.",
		at: func(c *Config) value { return number{&c.Database.Batch, 1, 10_000} }},

	{name: "sasl.iterations", doc: "How often a new password is hashed (RFC 5802 §5.1). Existing accounts keep their number until the password changes; until then the number tells an outsider which accounts are older than the change.",
		at: func(c *Config) value { return number{&c.SASL.Iterations, 4096, 1_000_000} }},
	{name: "sasl.token_lifetime", doc: "How long a client can stay away and then still log in with its token instead of the password (XEP-0484); 0 gives no tokens.",
		at: func(c *Config) value { return duration{&c.SASL.TokenLifetime, 0, 366 * 24 * time.Hour} }},
	{name: "sasl.token_rotation", doc: "The age from which a token is replaced when it is used.",
		at: func(c *Config) value { return duration{&c.SASL.TokenRotation, 0, 366 * 24 * time.Hour} }},

	{name: "archive.default", doc: "Whose messages are archived unless an account says otherwise: everybody's, those from and to contacts, or nobody's.",
		at: func(c *Config) value {
			return choice[string]{&c.Archive.Default, []string{"always", "roster", "never"}}
		}},
	{name: "archive.retention", doc: "How long messages stay in archives; 0 is for ever. What nobody has received yet stays longer.",
		at: func(c *Config) value { return duration{&c.Archive.Retention, 0, 100 * 365 * 24 * time.Hour} }},
	{name: "archive.page", doc: "The most messages that one query brings, and the most ids that it may name. A client that asks for more gets so many.",
		at: func(c *Config) value { return number{&c.Archive.Page, 1, 1000} }},
	{name: "archive.rules", doc: "The most addresses in an account's archiving preferences (XEP-0441).",
		at: func(c *Config) value { return number{&c.Archive.Rules, 1, 100_000} }},

	{name: "muc.host", doc: "The domain of the rooms; auto is conference. and the domain. It needs DNS records of its own only for other servers.",
		at: func(c *Config) value {
			return text{&c.mucHost, "auto, a domain name in lower case, or empty: no rooms", checkHost}
		}},
	{name: "muc.creators", doc: "Who may make rooms; with none, everybody may.",
		at: func(c *Config) value {
			return words{&c.MUC.Creators, "addresses such as alice@localhost", checkAccount}
		}},
	{name: "muc.occupants", doc: "The most occupants of one room; its owners can set less.",
		at: func(c *Config) value { return number{&c.MUC.Occupants, 1, 10_000} }},
	{name: "muc.rooms_per_user", doc: "The most rooms that one account is in at once.",
		at: func(c *Config) value { return number{&c.MUC.RoomsPerUser, 1, 10_000} }},
	{name: "muc.creations", doc: "The most rooms that one account has made and that still exist.",
		at: func(c *Config) value { return number{&c.MUC.Creations, 1, 1_000_000} }},
	{name: "muc.name_bytes", doc: "The longest name of a room, in bytes.",
		at: func(c *Config) value { return number{&c.MUC.NameBytes, 1, 4096} }},
	{name: "muc.affiliations", doc: "The most people that one room knows as owners, admins, members or banned.",
		at: func(c *Config) value { return number{&c.MUC.Affiliations, 1, 1_000_000} }},
	{name: "muc.history", doc: "The most messages of the past that a room can show who enters.",
		at: func(c *Config) value { return number{&c.MUC.History, 1, 1000} }},

	{name: "log.level", doc: "The least important lines that are written.",
		at: func(c *Config) value {
			return choice[string]{&c.Log.Level, []string{"debug", "info", "warn", "error"}}
		}},
	{name: "log.format", doc: "For people or for programs.",
		at: func(c *Config) value { return choice[string]{&c.Log.Format, []string{"text", "json"}} }},

	{name: "log.audit", doc: "The file for what is done to accounts: passwords changed, accounts made and removed, tokens revoked, reports of abuse; a line of JSON each. It is opened anew for each line, so it can be moved away at any time. Without a file these lines are in the log, marked module=audit.",
		at: func(c *Config) value { return text{&c.Log.Audit, "a path, or empty", nil} }},

	{name: "limits.mode", env: "PARLEY_LIMITS", doc: "off lifts rates, failure counts and counts per address, for load tests. It is refused unless every listener is on loopback.",
		at: func(c *Config) value {
			return choice[string]{&c.limitsMode, []string{limitsDefault, limitsOff}}
		}},
	limit("stanza_size_unauthenticated", "The largest stanza before a client is authenticated.",
		func(l *Limits) value { return size{&l.StanzaSizeUnauthenticated, 2 << 10, 1 << 20} }),
	limit("stanza_elements_unauthenticated", "The most elements in it.",
		func(l *Limits) value { return number{&l.StanzaElementsUnauthenticated, 8, 100_000} }),
	limit("stanza_depth_unauthenticated", "The deepest nesting in it.",
		func(l *Limits) value { return number{&l.StanzaDepthUnauthenticated, 4, 1000} }),
	limit("auth_timeout", "How long a client may take from connecting to being authenticated.",
		func(l *Limits) value { return duration{&l.AuthTimeout, time.Second, time.Hour} }),
	limit("stanza_size", "The largest stanza of a client (RFC 6120 §13.12 asks for at least 10000 bytes).",
		func(l *Limits) value { return size{&l.StanzaSize, 10_000, 64 << 20} }),
	limit("stanza_depth", "The deepest nesting in it.",
		func(l *Limits) value { return number{&l.StanzaDepth, 8, 1000} }),
	limit("stanza_elements", "The most elements in it.",
		func(l *Limits) value { return number{&l.StanzaElements, 32, 1_000_000} }),
	limit("stanza_attributes", "The most attributes of one element.",
		func(l *Limits) value { return number{&l.StanzaAttributes, 8, 10_000} }),
	limit("websocket_fragments", "The most frames of one WebSocket message.",
		func(l *Limits) value { return number{&l.WebSocketFragments, 1, 10_000} }),
	limit("auth_failures_per_stream", "Failed attempts to log in, then the stream is closed.",
		func(l *Limits) value { return number{&l.AuthFailuresPerStream, 1, 100} }),
	limit("auth_failures_per_address", "Failed attempts from one address within auth_failures_window, then it is refused for that long.",
		func(l *Limits) value { return number{&l.AuthFailuresPerAddress, 0, 1_000_000} }),
	limit("auth_failures_per_account", "Failed attempts for one account within auth_failures_window, then further ones must wait, unless they come with a token or from where the account has logged in.",
		func(l *Limits) value { return number{&l.AuthFailuresPerAccount, 0, 1_000_000} }),
	limit("auth_failures_window", "The time over which failed attempts are counted.",
		func(l *Limits) value { return duration{&l.AuthFailuresWindow, time.Second, 24 * time.Hour} }),
	limit("auth_backoff", "The first wait of an account with too many failures; it doubles with each further one, up to 8 seconds.",
		func(l *Limits) value { return duration{&l.AuthBackoff, time.Millisecond, time.Hour} }),
	limit("password_tries_per_address", "Passwords per second that are tried at one account from one address; further ones wait.",
		func(l *Limits) value { return number{&l.PasswordTriesPerAddress, 0, 10_000} }),
	limit("password_tries_per_account", "Passwords per second that are tried at one account from all addresses, but for those from where it has logged in since the start of the server.",
		func(l *Limits) value { return number{&l.PasswordTriesPerAccount, 0, 10_000} }),
	limit("connections_per_address", "Connections from one address (IPv6: one /64).",
		func(l *Limits) value { return number{&l.ConnectionsPerAddress, 0, 10_000_000} }),
	limit("unauthenticated_per_address", "Those of them that are not authenticated yet.",
		func(l *Limits) value { return number{&l.UnauthenticatedPerAddress, 0, 10_000_000} }),
	limit("rate_bytes", "Bytes per second that are read from one client over time. A faster one is slowed down, not cut.",
		func(l *Limits) value { return size{&l.RateBytes, 0, 1 << 30} }),
	limit("rate_bytes_burst", "Bytes that may come at once.",
		func(l *Limits) value { return size{&l.RateBytesBurst, 0, 1 << 30} }),
	limit("rate_stanzas", "Stanzas per second that are read from one client over time.",
		func(l *Limits) value { return number{&l.RateStanzas, 0, 10_000_000} }),
	limit("rate_stanzas_burst", "Stanzas that may come at once.",
		func(l *Limits) value { return number{&l.RateStanzasBurst, 0, 10_000_000} }),
	limit("resources_per_account", "Clients of one account that are online at once.",
		func(l *Limits) value { return number{&l.ResourcesPerAccount, 1, 10_000} }),
	limit("roster_items", "Contacts of one account.",
		func(l *Limits) value { return number{&l.RosterItems, 1, 1_000_000} }),
	limit("offline_messages", "Messages kept for an account that is offline; above it the sender gets an error.",
		func(l *Limits) value { return number{&l.OfflineMessages, 1, 1_000_000} }),
	limit("tokens_per_account", "Clients of one account that can log in with a token; the one that was away longest has to use the password again.",
		func(l *Limits) value { return number{&l.TokensPerAccount, 1, 10_000} }),
	limit("blocked", "Addresses that one account blocks (XEP-0191).",
		func(l *Limits) value { return number{&l.Blocked, 1, 100_000} }),
	limit("reports", "Reports of abuse (XEP-0377) by one account that are kept for `parley report list`; further ones are only logged.",
		func(l *Limits) value { return number{&l.Reports, 1, 1_000_000} }),
	limit("report_text", "What is kept of the texts of one report.",
		func(l *Limits) value { return size{&l.ReportText, 1, 1 << 20} }),
	limit("report_messages", "Messages that one report names; further ones are left out.",
		func(l *Limits) value { return number{&l.ReportMessages, 1, 10_000} }),
	limit("outbound_queue", "What may wait for a slow client, then its session ends.",
		func(l *Limits) value { return size{&l.OutboundQueue, 64 << 10, math.MaxInt32} }),
	limit("unacked_stanzas", "Stanzas that wait for a client's acknowledgement (XEP-0198): more are not written, and a session without a connection ends.",
		func(l *Limits) value { return number{&l.Unacked, 16, 1_000_000} }),
	limit("resume_time", "How long the session of a client whose connection was lost waits for it to come back; 0 turns that off.",
		func(l *Limits) value { return duration{&l.ResumeTime, 0, 24 * time.Hour} }),
	limit("ping_interval", "Silence after which the server asks whether a client is still there.",
		func(l *Limits) value { return duration{&l.PingInterval, time.Second, 24 * time.Hour} }),
	limit("dead_after", "Silence after which a connection is taken for dead.",
		func(l *Limits) value { return duration{&l.DeadAfter, 2 * time.Second, 48 * time.Hour} }),
}

func limit(name, doc string, at func(*Limits) value) key {
	return key{name: "limits." + name, doc: doc, at: func(c *Config) value { return at(&c.limits) }}
}

func addr(p *string) value { return text{p, "host:port, or empty: off", checkAddr} }

func notEmpty(s string) error {
	if s == "" {
		return errEmpty
	}
	return nil
}

func findKey(name string) (key, bool) {
	for _, k := range keys {
		if k.name == name {
			return k, true
		}
	}
	return key{}, false
}

// isSection reports whether name has keys below it.
func isSection(name string) bool { _, ok := sections[name]; return ok }

func keyNames() []string {
	out := make([]string, 0, len(keys)+len(sections))
	for _, k := range keys {
		out = append(out, k.name)
	}
	for s := range sections {
		out = append(out, s)
	}
	return out
}

// EnvOf returns the environment variable that overrides the named key.
func EnvOf(name string) string {
	k, ok := findKey(name)
	if !ok {
		return ""
	}
	return k.Env()
}
