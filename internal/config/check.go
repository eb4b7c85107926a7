package config

import (
	"os"
	"strings"
)

// databaseURL settles database.url and database.url_file: what stands in the
// environment beats the file, and both in one place is a mistake.
func (l *loader) databaseURL() error {
	d := &l.config.Database
	if d.URLFile == "" || l.envBeats("database.url", "database.url_file") {
		d.URLFile = ""
		return nil
	}
	where := l.origins["database.url_file"]
	if d.URL != "" && !l.envBeats("database.url_file", "database.url") {
		return where.error("database.url_file", "database.url is set, too", "keep one of the two")
	}
	b, err := os.ReadFile(d.URLFile)
	if err != nil {
		return where.error("database.url_file", d.URLFile+": "+cause(err), "name a file that holds the database URL")
	}
	v := text{&d.URL, "one line of the form postgres://user:password@host/database into that file", checkDatabaseURL}
	k := key{name: "database.url_file"}
	return explain(where, k, v, v.set(strings.TrimSpace(string(b))))
}

// envBeats reports whether a was set by the environment and b was not.
func (l *loader) envBeats(a, b string) bool {
	return l.origins[a].env != "" && l.origins[b].env == "" && l.isSet(a)
}

func (l *loader) isSet(name string) bool {
	k, _ := findKey(name)
	return k.at(l.config).yaml() != `""`
}

// check looks at values together.
func (l *loader) check() error {
	for _, f := range []func() error{l.checkListeners, l.checkTLS, l.checkLimits, l.checkRooms} {
		if err := f(); err != nil {
			return err
		}
	}
	return nil
}

// fail points at name or, where that has its default, at the first of others
// that was set.
func (l *loader) fail(name, problem, advice string, others ...string) error {
	where := l.origins[name]
	for _, o := range others {
		if where == (origin{}) {
			where = l.origins[o]
		}
	}
	return where.error(name, problem, advice)
}

func (l *loader) checkListeners() error {
	c := l.config
	named := []struct{ key, addr string }{
		{"http.addr", c.HTTP.Addr}, {"http.tls_addr", c.HTTP.TLSAddr}, {"c2s.addr", c.C2S.Addr},
		{"c2s.tls_addr", c.C2S.TLSAddr}, {"admin.addr", c.Admin.Addr},
	}
	taken := map[string]string{}
	for _, n := range named {
		if other, ok := taken[n.addr]; ok && n.addr != "" && !strings.HasSuffix(n.addr, ":0") {
			return l.fail(n.key, "is the same address as "+other, "give each listener a port of its own", other)
		}
		taken[n.addr] = n.key
	}
	if len(c.Listeners()) == 0 {
		return l.fail("http.addr", "every listener is off", "give at least one of http.addr, http.tls_addr, c2s.addr and c2s.tls_addr an address", "c2s.addr", "c2s.tls_addr")
	}
	if c.C2S.ProxyProtocol && len(c.TrustedProxies) == 0 {
		return l.fail("c2s.proxy_protocol", "no proxy is trusted", "name the proxy in trusted_proxies")
	}
	return nil
}

func (l *loader) checkTLS() error {
	t := l.config.TLS
	switch {
	case t.CertFile != "" && t.KeyFile == "":
		return l.fail("tls.cert_file", "there is no tls.key_file", "set both or none")
	case t.KeyFile != "" && t.CertFile == "":
		return l.fail("tls.key_file", "there is no tls.cert_file", "set both or none")
	case t.CertFile != "" && len(t.ACME.Domains) > 0:
		return l.fail("tls.acme.domains", "tls.cert_file is set, too", "keep one of the two")
	case len(t.ACME.Domains) > 0 && l.config.HTTP.TLSAddr == "":
		return l.fail("tls.acme.domains", "http.tls_addr is off", "set it, since the certificate authority connects there (as port 443)")
	}
	return nil
}

func (l *loader) checkLimits() error {
	c, n := l.config, l.config.limits
	switch {
	case c.limitsMode == limitsOff && !c.LoopbackOnly():
		return l.fail("limits.mode", "limits can be off only while every listener is on loopback",
			"leave it at default, or set the single limits that you need")
	case n.StanzaSize < n.StanzaSizeUnauthenticated:
		return l.fail("limits.stanza_size", "is less than limits.stanza_size_unauthenticated", "make it at least as large",
			"limits.stanza_size_unauthenticated")
	case n.OutboundQueue < n.StanzaSize:
		return l.fail("limits.outbound_queue", "one stanza of limits.stanza_size does not fit", "make it at least as large", "limits.stanza_size")
	case n.DeadAfter <= n.PingInterval:
		return l.fail("limits.dead_after", "is not longer than limits.ping_interval", "give clients time to answer", "limits.ping_interval")
	case (n.RateBytes == 0) != (n.RateBytesBurst == 0):
		return l.fail("limits.rate_bytes", "one of rate_bytes and rate_bytes_burst is 0", "set both or none to 0", "limits.rate_bytes_burst")
	case (n.RateStanzas == 0) != (n.RateStanzasBurst == 0):
		return l.fail("limits.rate_stanzas", "one of rate_stanzas and rate_stanzas_burst is 0", "set both or none to 0", "limits.rate_stanzas_burst")
	}
	return nil
}

// presenceBytes is about what the presence of one occupant takes in a queue: who
// enters a room gets that of all.
const presenceBytes = 512

func (l *loader) checkRooms() error {
	c := l.config
	switch {
	case c.MUC.Host == c.Domain:
		return l.fail("muc.host", "is the domain of the accounts", "give the rooms a domain of their own, or leave it at auto", "domain")
	case c.MUC.Host != "" && c.MUC.Occupants*presenceBytes > c.limits.OutboundQueue:
		return l.fail("muc.occupants", "the presence of so many does not fit into limits.outbound_queue",
			"allow less, or raise limits.outbound_queue to 512 bytes for each", "limits.outbound_queue")
	}
	return nil
}
