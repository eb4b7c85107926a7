package config

import (
	"net/netip"
	"path/filepath"
	"time"
)

// Registration says who may make an account over the network.
type Registration string

// The values of registration.
const (
	RegistrationOpen   Registration = "open"   // anybody
	RegistrationInvite Registration = "invite" // who has an invitation
	RegistrationClosed Registration = "closed" // nobody; only the operator makes accounts
)

// Config is the whole configuration. Make one with Default or Load.
type Config struct {
	Domain         string
	DataDir        string
	PublicURL      string // scheme and host that browsers use; "": as in each request
	Registration   Registration
	RequireTLS     bool
	TrustedProxies []netip.Prefix
	LocalNetworks  []netip.Prefix
	ShutdownGrace  time.Duration

	HTTP     HTTP
	C2S      C2S
	Admin    Admin
	TLS      TLS
	Database Database
	SASL     SASL
	Archive  Archive
	MUC      MUC
	Log      Log
	Limits   Limits // what applies: after limits.mode

	// Ignored are the PARLEY_ variables that set nothing and are not like any
	// that does; one that is like another is an error, since it is a slip.
	Ignored []string

	mucHost      string // as written: "auto", "" or a domain
	registration string // as written: "auto" or a Registration
	limitsMode   string // "default" or "off"
	limits       Limits // as written
}

// HTTP is the web side: chat page, WebSocket, host-meta.
type HTTP struct {
	Addr    string // "": off
	TLSAddr string // "": off
	Origins []string
}

// C2S is XMPP over TCP.
type C2S struct {
	Addr          string // STARTTLS; "": off
	TLSAddr       string // direct TLS; "": off
	ProxyProtocol bool
	HideDetached  bool // show sessions without a connection as unavailable
}

// Admin is the operator's listener: metrics and the running server's ear for
// the command line.
type Admin struct {
	Addr string // "": off
}

// TLS says where certificates come from: files, ACME, or by default a
// self-signed one that is made once.
type TLS struct {
	CertFile, KeyFile string
	HostsDir          string // of certificates for further names; "": none
	ACME              ACME
}

// ACME asks for certificates by RFC 8555.
type ACME struct {
	Domains   []string // empty: off
	Email     string
	Directory string // "": Let's Encrypt
}

// Database says where everything is kept.
type Database struct {
	URL     string // "": SQLite in the data folder
	URLFile string
	Queue   int // writes that wait at most
	Batch   int // writes that share a transaction at most
}

// SASL holds the parameters of logging in.
type SASL struct {
	Iterations    int
	TokenLifetime time.Duration // of XEP-0484; 0: no tokens
	TokenRotation time.Duration // the age from which a used one is replaced
}

// Archive says what is kept of messages (XEP-0313).
type Archive struct {
	Default   string        // always, roster, never
	Retention time.Duration // 0: forever
	Page      int           // results of one query
	Rules     int           // addresses in the preferences of an account
}

// MUC is the rooms (XEP-0045).
type MUC struct {
	Host         string   // their domain; "": there are none
	Creators     []string // who may make rooms; empty: everybody
	Occupants    int      // in one room
	RoomsPerUser int      // that one account is in at once
	Creations    int      // that one account has made
	NameBytes    int      // of a room's name
	Affiliations int      // of one room
	History      int      // messages that a room can show who enters
}

// Log says what is logged and how.
type Log struct {
	Level  string // debug, info, warn, error
	Format string // text, json
	Audit  string // file; "": in the log
}

// Limits bound what one client can cost (0: no bound where that is allowed).
type Limits struct {
	// Before the client is authenticated.
	StanzaSizeUnauthenticated     int // bytes
	StanzaElementsUnauthenticated int
	StanzaDepthUnauthenticated    int
	AuthTimeout                   time.Duration // from accept to success

	// One stanza of an authenticated client.
	StanzaSize         int // bytes
	StanzaDepth        int
	StanzaElements     int
	StanzaAttributes   int // per element
	WebSocketFragments int // frames per message

	// Failed attempts to log in.
	AuthFailuresPerStream  int
	AuthFailuresPerAddress int // within AuthFailuresWindow
	AuthFailuresPerAccount int // within AuthFailuresWindow, then AuthBackoff
	AuthFailuresWindow     time.Duration
	AuthBackoff            time.Duration // doubles with each further failure

	// Passwords tried at one account, per second.
	PasswordTriesPerAddress int // from one address
	PasswordTriesPerAccount int // from all

	// Connections per address (IPv6: per /64).
	ConnectionsPerAddress     int
	UnauthenticatedPerAddress int

	// How fast one connection is read: above it the reader waits.
	RateBytes        int // bytes per second
	RateBytesBurst   int // bytes
	RateStanzas      int // per second
	RateStanzasBurst int

	// One account.
	ResourcesPerAccount int
	RosterItems         int
	OfflineMessages     int
	TokensPerAccount    int // clients that have one
	Blocked             int // addresses (XEP-0191)
	Reports             int // of abuse (XEP-0377)
	ReportText          int // bytes of one
	ReportMessages      int // that one names

	// One session.
	OutboundQueue int           // bytes
	Unacked       int           // stanzas written and not acknowledged (XEP-0198)
	ResumeTime    time.Duration // how long a session outlives its stream; 0: not
	PingInterval  time.Duration // of silence, then the server pings
	DeadAfter     time.Duration // of silence, then the connection is cut
}

// Off returns l without rates and per-address counts, for load tests.
func (l Limits) Off() Limits {
	l.AuthFailuresPerAddress = 0
	l.AuthFailuresPerAccount = 0
	l.PasswordTriesPerAddress = 0
	l.PasswordTriesPerAccount = 0
	l.ConnectionsPerAddress = 0
	l.UnauthenticatedPerAddress = 0
	l.RateBytes, l.RateBytesBurst = 0, 0
	l.RateStanzas, l.RateStanzasBurst = 0, 0
	return l
}

// Default is the configuration without file and environment.
func Default() *Config {
	c := &Config{
		Domain:        "localhost",
		DataDir:       "./data",
		RequireTLS:    true,
		ShutdownGrace: 5 * time.Second,
		HTTP:          HTTP{Addr: "127.0.0.1:5280"},
		C2S:           C2S{Addr: "127.0.0.1:5222", TLSAddr: "127.0.0.1:5223"},
		Admin:         Admin{Addr: "127.0.0.1:5281"},
		SASL:          SASL{Iterations: 10000, TokenLifetime: 21 * 24 * time.Hour, TokenRotation: 24 * time.Hour},
		Database:      Database{Queue: 8192, Batch: 1024},
		Archive:       Archive{Default: "always", Page: 100, Rules: 1000},
		MUC:           MUC{Occupants: 500, RoomsPerUser: 100, Creations: 100, NameBytes: 256, Affiliations: 5000, History: 100},
		Log:           Log{Level: "info", Format: "text"},
		mucHost:       mucHostAuto,
		registration:  registrationAuto,
		limitsMode:    limitsDefault,
		limits:        defaultLimits(),
	}
	c.derive()
	return c
}

func defaultLimits() Limits {
	return Limits{
		StanzaSizeUnauthenticated: 8 << 10, StanzaElementsUnauthenticated: 32, StanzaDepthUnauthenticated: 16,
		AuthTimeout: 30 * time.Second,
		StanzaSize:  256 << 10, StanzaDepth: 64, StanzaElements: 4096, StanzaAttributes: 128,
		WebSocketFragments:    32,
		AuthFailuresPerStream: 5, AuthFailuresPerAddress: 20, AuthFailuresPerAccount: 10,
		AuthFailuresWindow: 10 * time.Minute, AuthBackoff: 2 * time.Second,
		PasswordTriesPerAddress: 2, PasswordTriesPerAccount: 50,
		ConnectionsPerAddress: 100, UnauthenticatedPerAddress: 10,
		RateBytes: 20_000, RateBytesBurst: 256 << 10, RateStanzas: 100, RateStanzasBurst: 1000,
		ResourcesPerAccount: 20, RosterItems: 2000, OfflineMessages: 1000, TokensPerAccount: 50,
		Blocked: 1000, Reports: 500, ReportText: 4 << 10, ReportMessages: 50,
		OutboundQueue: 1 << 20, Unacked: 1000, ResumeTime: 10 * time.Minute, PingInterval: 30 * time.Second, DeadAfter: 60 * time.Second,
	}
}

const (
	mucHostAuto      = "auto"
	registrationAuto = "auto"
	limitsDefault    = "default"
	limitsOff        = "off"
)

// derive computes what follows from other keys.
func (c *Config) derive() {
	c.Registration = Registration(c.registration)
	if c.registration == registrationAuto {
		c.Registration = RegistrationClosed
		if c.LoopbackOnly() {
			c.Registration = RegistrationOpen
		}
	}
	if c.MUC.Host = c.mucHost; c.mucHost == mucHostAuto {
		c.MUC.Host = "conference." + c.Domain
	}
	c.Limits = c.limits
	if c.limitsMode == limitsOff {
		c.Limits = c.limits.Off()
	}
}

// SQLitePath is the database file used without a database URL.
func (c *Config) SQLitePath() string { return filepath.Join(c.DataDir, "parley.db") }

// Listeners returns the addresses of the listeners that clients reach.
func (c *Config) Listeners() []string {
	var out []string
	for _, a := range []string{c.HTTP.Addr, c.HTTP.TLSAddr, c.C2S.Addr, c.C2S.TLSAddr} {
		if a != "" {
			out = append(out, a)
		}
	}
	return out
}

// LoopbackOnly reports whether no other machine can reach a listener.
func (c *Config) LoopbackOnly() bool {
	for _, a := range c.Listeners() {
		if !loopbackAddr(a) {
			return false
		}
	}
	return true
}

// LocalDomain reports whether the domain names this machine only (RFC 6761 §6.3).
func (c *Config) LocalDomain() bool { return localName(c.Domain) }
