// Package disco implements Service Discovery (XEP-0030) for the server and for
// accounts, the caps of the server (XEP-0115) and its contact addresses
// (XEP-0157, a form of XEP-0128).
//
// Nobody keeps a second list: the features are the namespaces that modules
// have registered, plus those of this package.
//
// Done: info and items of the server and of a bare JID, nodes of the form
// node#ver, the stream feature of XEP-0115 §6.3 after authentication. An
// account answers its owner and those who may see its presence; everybody else
// gets what an account that does not exist gives (XEP-0030 §9):
// service-unavailable for info, an empty list for items. Left out: publishing
// items (removed from the text), caps optimisation (XEP-0115 §8.4).
//
// It stores nothing and uses no hook.
package disco

import (
	"parley/internal/jid"
	"parley/internal/module"
)

// The namespaces in use.
const (
	NSInfo  = "http://jabber.org/protocol/disco#info"
	NSItems = "http://jabber.org/protocol/disco#items"
	NSCaps  = "http://jabber.org/protocol/caps"

	nsData     = "jabber:x:data"
	formServer = "http://jabber.org/network/serverinfo" // XEP-0157 §3
)

// Options is what the server tells about itself.
type Options struct {
	Name     string   // of the server's identity; "Parley" if empty
	Node     string   // URI of the software in caps (XEP-0115 §4); "urn:x-parley:server" if empty
	Contacts Contacts // left out where empty
}

// Contacts are the addresses of XEP-0157, as URIs.
type Contacts struct {
	Abuse, Admin, Feedback, Sales, Security, Status, Support []string
}

// Item is one entry of the server's disco#items (XEP-0030 §4.1).
type Item struct {
	JID  jid.JID
	Name string
}

// Spec names the standards.
func (*Module) Spec() []module.Spec {
	return []module.Spec{
		{Number: "XEP-0030", Title: "Service Discovery", Version: "2.5.0", Status: "complete"},
		{Number: "XEP-0115", Title: "Entity Capabilities", Version: "1.6.0", Status: "caps of the server; no caps optimisation"},
		{Number: "XEP-0128", Title: "Service Discovery Extensions", Version: "1.0.1", Status: "complete"},
		{Number: "XEP-0157", Title: "Contact Addresses for XMPP Services", Version: "1.1.1", Status: "complete"},
	}
}
