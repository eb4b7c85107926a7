package server

import "parley/internal/module"

// core is what the server itself implements, outside the modules.
func core() []module.Spec {
	return []module.Spec{
		{Number: "RFC 6120", Title: "XMPP: Core", Status: "client to server; no server to server yet"},
		{Number: "RFC 7395", Title: "XMPP over WebSocket", Status: "complete; and the framing of the drafts before it"},
		{Number: "RFC 7590", Title: "Use of TLS in XMPP", Status: "complete for clients"},
		{Number: "RFC 7622", Title: "XMPP: Address Format", Status: "complete"},
		{Number: "RFC 5802, RFC 7677", Title: "SCRAM-SHA-1 and SCRAM-SHA-256", Status: "complete, with -PLUS"},
		{Number: "RFC 4616", Title: "SASL PLAIN", Status: "only under TLS or on loopback"},
		{Number: "RFC 9266, RFC 5929", Title: "Channel bindings for TLS", Status: "tls-exporter and tls-server-end-point"},
		{Number: "XEP-0156", Title: "Discovering Alternative XMPP Connection Methods", Version: "1.4.0", Status: "host-meta, host-meta.json"},
		{Number: "XEP-0198", Title: "Stream Management", Version: "1.6.3", Status: "complete; a count is told when it is stored, streams are resumed over an orderly restart"},
		{Number: "XEP-0352", Title: "Client State Indication", Version: "1.0.0", Status: "complete"},
		{Number: "XEP-0368", Title: "SRV records for XMPP over TLS", Version: "1.1.0", Status: "direct TLS with ALPN; the DNS records are the operator's"},
		{Number: "XEP-0386", Title: "Bind 2", Version: "1.1.0", Status: "complete"},
		{Number: "XEP-0388", Title: "Extensible SASL Profile", Version: "1.0.4", Status: "complete but for tasks: nothing asks for a second factor"},
		{Number: "XEP-0440", Title: "SASL Channel-Binding Type Capability", Version: "1.0.0", Status: "complete"},
		{Number: "XEP-0474", Title: "SASL SCRAM Downgrade Protection", Version: "0.5.0", Status: "complete, in both profiles"},
		{Number: "XEP-0478", Title: "Stream Limits Advertisement", Version: "0.2.0", Status: "complete for clients"},
		{Number: "XEP-0484", Title: "Fast Authentication Streamlining Tokens", Version: "0.2.0", Status: "complete but for TLS 0-RTT; HT-SHA-256 with EXPR, ENDP and NONE"},
	}
}
