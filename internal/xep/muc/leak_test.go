package muc_test

import (
	"strings"
	"testing"
)

// GOALS "Dangers", XEP-0045 §7.2.4, §13.5: an occupant of a semi-anonymous room
// never sees the real address of another one, whatever either of them does.
func TestNoAddressLeaks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	owner := w.make("persistentroom", "1", "moderatedroom", "0")
	spy := w.Bind(t, hag)
	other := w.enter(wicca, "secondwitch")
	// Where an address might show: what others do, and what the spy asks.
	spy.Send("<presence/>")
	spy.Send(join("spy", ""))
	other.Send("<presence to='" + room + "/secondwitch'><show>away</show></presence>")
	other.Send(groupchat("g", "hello"))
	other.Send("<message type='groupchat' to='" + room + "'><subject>x</subject></message>")
	owner.Send("<message type='groupchat' to='" + room + "'><subject>x</subject></message>")
	other.Send("<message type='chat' to='" + room + "/spy'><body>psst</body></message>")
	spy.Send("<message type='chat' id='pm' to='" + room + "/secondwitch'><body>psst</body></message>")
	other.Send("<message type='error' id='pm' to='" + room + "/spy'><error type='cancel' by='wiccarocks@localhost'><gone xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>xmpp:wiccarocks@localhost</gone></error></message>")
	for _, payload := range []string{"<query xmlns='jabber:iq:version'/>", "<vCard xmlns='vcard-temp'/>", "<query xmlns='http://jabber.org/protocol/disco#info'/>"} {
		spy.Send("<iq type='get' id='iq' to='" + room + "/secondwitch'>" + payload + "</iq>")
	}
	for _, got := range other.Got() { // answers each request
		if id, ok := strings.CutPrefix(got[strings.Index(got, " id='")+1:], "id='"); ok && strings.Contains(got, "type='get'") {
			id = id[:strings.IndexByte(id, '\'')]
			other.Send("<iq type='error' id='" + id + "' to='" + room + "/spy'><error type='cancel' by='wiccarocks@localhost/laptop'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>")
		}
	}
	other.Send("<message to='" + room + "'><x xmlns='" + nsUser + "'><invite to='hag66@localhost'/></x></message>")
	spy.Send("<message to='" + room + "'><x xmlns='" + nsUser + "'><decline to='" + room + "/secondwitch'/></x></message>")
	spy.Send("<message to='" + room + "'><x xmlns='" + nsUser + "'><invite to='wiccarocks@localhost'/></x></message>")
	spy.Send(request("set", "a", "<query xmlns='urn:xmpp:mam:2'/>"))
	spy.Send(request("get", "i", "<query xmlns='http://jabber.org/protocol/disco#items'/>"))
	spy.Send(request("get", "l", "<query xmlns='"+nsAdmin+"'><item affiliation='owner'/></query>"))
	other.Send(request("set", "r", "<query xmlns='jabber:iq:register'><x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'><value>"+
		"http://jabber.org/protocol/muc#register</value></field><field var='muc#register_roomnick'><value>secondwitch</value></field></x></query>"))
	other.Send("<presence to='" + room + "/renamed'/>")
	owner.Send(admin("v", "<item nick='renamed' role='visitor'/>"))
	other.Send("<message to='" + room + "'><x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'><value>http://jabber.org/protocol/muc#request</value></field><field var='muc#role'><value>participant</value></field></x></message>")
	owner.Send(admin("k", "<item nick='renamed' role='none'><reason>x</reason></item>"))
	other.Send(join("again", ""))
	owner.Send(admin("b", "<item affiliation='outcast' jid='wiccarocks@localhost'><reason>x</reason></item>"))
	owner.Send(config("c", "moderatedroom", "1"))
	owner.Break()
	for _, got := range spy.Got() {
		// Its own address, as that of the recipient, is no secret.
		text := strings.ReplaceAll(got, "hag66@localhost", "")
		if strings.Contains(text, "@localhost") {
			t.Errorf("an address shows: %s", got)
		}
	}
}
