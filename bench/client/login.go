package client

import (
	"encoding/base64"
	"fmt"
	"strings"

	"parley/bench/wire"
)

// Account is whom to log in.
type Account struct {
	User, Domain, Password string
	Resource               string // "": the server makes one
	Mechanism              Mechanism
}

// Bare returns the account's JID.
func (a Account) Bare() string { return a.User + "@" + a.Domain }

const (
	nsSASL = "urn:ietf:params:xml:ns:xmpp-sasl"
	nsBind = "urn:ietf:params:xml:ns:xmpp-bind"
)

// Login opens a stream on conn, authenticates and binds a resource. On failure
// the connection is the caller's to close.
func Login(conn *wire.Conn, a Account, k *Keys) (*Session, error) {
	l := login{conn: conn, account: a, keys: k}
	steps := append(l.toAuthenticate(), step{"bind a resource", l.bind})
	switch a.Mechanism {
	case Token:
		steps = l.toEnter()
	case None:
		steps = l.toJoin()
	}
	if err := l.do(steps); err != nil {
		return nil, err
	}
	return newSession(conn, l.jid), nil
}

// Authenticate opens a stream on conn, authenticates, and opens the stream on
// which a resource is bound or a session resumed.
func Authenticate(conn *wire.Conn, a Account, k *Keys) error {
	l := login{conn: conn, account: a, keys: k}
	return l.do(l.toAuthenticate())
}

// Bind binds a resource on an authenticated stream and returns the full JID.
func Bind(conn *wire.Conn, a Account) (string, error) {
	l := login{conn: conn, account: a}
	err := l.do([]step{{"bind a resource", l.bind}})
	return l.jid, err
}

type step struct {
	name string
	do   func() error
}

func (l *login) toAuthenticate() []step {
	return []step{{"open the stream", l.open}, {"authenticate", l.authenticate}, {"open the stream again", l.open}}
}

func (l *login) do(steps []step) error {
	for _, s := range steps {
		if err := s.do(); err != nil {
			return fmt.Errorf("%s cannot log in: %s: %w", l.account.Bare(), s.name, err)
		}
	}
	return nil
}

type login struct {
	conn    *wire.Conn
	account Account
	keys    *Keys
	jid     string
}

// open sends a stream header and reads the server's and its features.
func (l *login) open() error {
	if err := l.conn.Open(l.account.Domain); err != nil {
		return err
	}
	if _, err := l.expect("open", "stream:stream"); err != nil {
		return err
	}
	_, err := l.expect("stream:features", "features")
	return err
}

// expect reads one element, which must have one of the names.
func (l *login) expect(names ...string) ([]byte, error) {
	e, err := l.conn.Next()
	if err != nil {
		return nil, err
	}
	for _, n := range names {
		if wire.Is(e, n) {
			return e, nil
		}
	}
	return nil, fmt.Errorf("the server answers %s instead of <%s>", e, names[0])
}

func (l *login) authenticate() error {
	if l.account.Mechanism == Plain {
		return l.plain()
	}
	return l.scram()
}

// plain: RFC 4616.
func (l *login) plain() error {
	if err := l.send("auth", "\x00"+l.account.User+"\x00"+l.account.Password); err != nil {
		return err
	}
	_, err := l.expect("success")
	return err
}

func (l *login) scram() error {
	s := scram{keys: l.keys, mechanism: l.account.Mechanism, password: l.account.Password}
	if err := l.send("auth", s.start(l.account.User)); err != nil {
		return err
	}
	challenge, err := l.receive("challenge")
	if err != nil {
		return err
	}
	answer, err := s.final(string(challenge))
	if err != nil {
		return err
	}
	if err := l.send("response", answer); err != nil {
		return err
	}
	signature, err := l.receive("success")
	if err != nil {
		return err
	}
	return s.verify(signature)
}

// send writes an element of SASL (RFC 6120 §6.4).
func (l *login) send(name, data string) error {
	mechanism := ""
	if name == "auth" {
		mechanism = " mechanism='" + string(l.account.Mechanism) + "'"
	}
	return l.conn.Send([]byte("<" + name + " xmlns='" + nsSASL + "'" + mechanism + ">" +
		base64.StdEncoding.EncodeToString([]byte(data)) + "</" + name + ">"))
}

func (l *login) receive(name string) ([]byte, error) {
	e, err := l.expect(name)
	if err != nil {
		return nil, err
	}
	return base64.StdEncoding.DecodeString(string(wire.Text(e, name)))
}

// bind: RFC 6120 §7.
func (l *login) bind() error {
	resource := ""
	if l.account.Resource != "" {
		resource = "<resource>" + l.account.Resource + "</resource>"
	}
	err := l.conn.Send([]byte("<iq" + l.conn.Namespace() + " type='set' id='bind'><bind xmlns='" + nsBind + "'>" + resource + "</bind></iq>"))
	if err != nil {
		return err
	}
	e, err := l.expect("iq")
	if err != nil {
		return err
	}
	l.jid = string(wire.Text(e, "jid"))
	if string(wire.Attr(e, "type")) != "result" || !strings.HasPrefix(l.jid, l.account.Bare()+"/") {
		return fmt.Errorf("the server answers %s", e)
	}
	return nil
}
