package clients_test

import (
	"context"
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"github.com/coder/websocket"
)

// wire is a client of a few lines that says what it is told and returns errors,
// for tests in which connections break.
type wire struct {
	link
	user string // once it is logged in
	ids  int
	held []node // what came before an answer
}

// link carries whole elements.
type link interface {
	open() error // a new stream, up to the server's header
	send(text string) error
	next() (node, error)
	close()
}

// node is an element.
type node struct {
	XMLName  xml.Name
	Attrs    []xml.Attr `xml:",any,attr"`
	Children []node     `xml:",any"`
	Text     string     `xml:",chardata"`
}

func (n node) attr(name string) string {
	for _, a := range n.Attrs {
		if a.Name.Space == "" && a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// child returns the first child of that name, or an empty element.
func (n node) child(name string) node {
	for _, c := range n.Children {
		if c.XMLName.Local == name {
			return c
		}
	}
	return node{}
}

// refusal is an answer that says no.
type refusal struct{ node }

func (r refusal) Error() string { return fmt.Sprintf("refused: %+v", r.node) }

// tcpLink is a stream without TLS (RFC 6120), which loopback may use where TLS
// is not required.
type tcpLink struct {
	conn    net.Conn
	decoder *xml.Decoder
}

func dialPlain(p *parley) (*wire, error) {
	conn, err := net.Dial("tcp", p.c2s)
	if err != nil {
		return nil, err
	}
	return &wire{link: &tcpLink{conn: conn}}, nil
}

func (l *tcpLink) open() error {
	if err := l.send("<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='localhost' version='1.0'>"); err != nil {
		return err
	}
	l.decoder = xml.NewDecoder(l.conn)
	for {
		tok, err := l.decoder.Token()
		if err != nil {
			return err
		}
		if _, ok := tok.(xml.StartElement); ok {
			return nil
		}
	}
}

func (l *tcpLink) send(text string) error {
	_, err := io.WriteString(l.conn, text)
	return err
}

func (l *tcpLink) next() (n node, err error) {
	if err := l.conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		return n, err
	}
	for {
		tok, err := l.decoder.Token()
		if err != nil {
			return n, err
		}
		switch tok := tok.(type) {
		case xml.StartElement:
			return n, l.decoder.DecodeElement(&n, &tok)
		case xml.EndElement:
			return n, io.EOF
		}
	}
}

func (l *tcpLink) close() { _ = l.conn.Close() }

// wsLink is one element in each message (RFC 7395).
type wsLink struct{ conn *websocket.Conn }

func dialSocket(p *parley) (*wire, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	conn, _, err := websocket.Dial(ctx, "ws://"+p.http+"/xmpp-websocket", &websocket.DialOptions{Subprotocols: []string{"xmpp"}})
	if err != nil {
		return nil, err
	}
	return &wire{link: &wsLink{conn}}, nil
}

func (l *wsLink) open() error {
	if err := l.send("<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='localhost' version='1.0'/>"); err != nil {
		return err
	}
	_, err := l.next()
	return err
}

func (l *wsLink) send(text string) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	return l.conn.Write(ctx, websocket.MessageText, []byte(text))
}

func (l *wsLink) next() (n node, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	_, text, err := l.conn.Read(ctx)
	if err != nil {
		return n, err
	}
	return n, xml.Unmarshal(text, &n)
}

func (l *wsLink) close() { _ = l.conn.CloseNow() }

// begin opens a stream and takes its features.
func (w *wire) begin() error {
	if err := w.open(); err != nil {
		return err
	}
	_, err := w.next()
	return err
}

// ask sends an IQ and returns its result, giving what comes before it to others,
// or to until.
func (w *wire) ask(kind, payload string, others func(node)) (node, error) {
	return w.askAt("", kind, payload, others)
}

// askAt is ask for another one than the own account.
func (w *wire) askAt(to, kind, payload string, others func(node)) (node, error) {
	if to != "" {
		to = " to='" + to + "'"
	}
	if others == nil {
		others = func(n node) { w.held = append(w.held, n) }
	}
	w.ids++
	id := fmt.Sprintf("q%d", w.ids)
	if err := w.send("<iq xmlns='jabber:client' type='" + kind + "' id='" + id + "'" + to + ">" + payload + "</iq>"); err != nil {
		return node{}, err
	}
	for {
		n, err := w.next()
		switch {
		case err != nil:
			return n, err
		case n.XMLName.Local != "iq" || n.attr("id") != id:
			others(n)
		case n.attr("type") != "result":
			return n, refusal{n}
		default:
			return n, nil
		}
	}
}

// ping makes a round trip: what was sent before it has been handled.
func (w *wire) ping(others func(node)) error {
	_, err := w.ask("get", "<ping xmlns='urn:xmpp:ping'/>", others)
	return err
}

// register makes an account (XEP-0077) on a stream that has begun.
func (w *wire) register(user, password string) error {
	_, err := w.ask("set", "<query xmlns='jabber:iq:register'><username>"+user+"</username><password>"+password+"</password></query>", nil)
	return err
}

// login authenticates on a stream that has begun and binds a resource.
func (w *wire) login(user, password string) error {
	plain := base64.StdEncoding.EncodeToString([]byte("\x00" + user + "\x00" + password))
	if err := w.send("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>" + plain + "</auth>"); err != nil {
		return err
	}
	n, err := w.next()
	if err != nil {
		return err
	}
	if n.XMLName.Local != "success" {
		return refusal{n}
	}
	if err := w.begin(); err != nil {
		return err
	}
	w.user = user
	_, err = w.ask("set", "<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>", nil)
	return err
}

// enter begins a stream and logs in.
func (w *wire) enter(user, password string) error {
	if err := w.begin(); err != nil {
		return err
	}
	return w.login(user, password)
}

func (w *wire) say(to, body string) error {
	return w.send("<message xmlns='jabber:client' type='chat' to='" + to + "'><body>" + body + "</body></message>")
}

// add puts a contact on the roster.
func (w *wire) add(jid string) error {
	_, err := w.ask("set", "<query xmlns='jabber:iq:roster'><item jid='"+jid+"'/></query>", nil)
	return err
}

// roster returns the addresses on it.
func (w *wire) roster() (map[string]bool, error) {
	n, err := w.ask("get", "<query xmlns='jabber:iq:roster'/>", nil)
	if err != nil {
		return nil, err
	}
	out := map[string]bool{}
	for _, item := range n.child("query").Children {
		out[item.attr("jid")] = true
	}
	return out, nil
}

// said returns the sender's bare address and the body of a message.
func said(n node) (from, body string) {
	if n.XMLName.Local != "message" {
		return "", ""
	}
	from, _, _ = strings.Cut(n.attr("from"), "/")
	return from, n.child("body").Text
}
