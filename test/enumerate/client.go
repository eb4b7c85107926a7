package main

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"strings"
	"time"
)

const header = "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='localhost' version='1.0'>"

// client is one stream on which one attempt after another fails.
type client struct {
	net.Conn
	in *bufio.Reader
}

func dial(addr string) (*client, error) {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	c := &client{conn, bufio.NewReader(conn)}
	_, _, err = c.ask(header, "</stream:features>")
	return c, err
}

// ask sends text and reads up to the mark.
func (c *client) ask(text, mark string) (answer string, took time.Duration, err error) {
	_ = c.SetDeadline(time.Now().Add(time.Minute))
	begin := time.Now()
	if _, err := io.WriteString(c, text); err != nil {
		return "", 0, err
	}
	var got bytes.Buffer
	for !bytes.HasSuffix(got.Bytes(), []byte(mark)) {
		b, err := c.in.ReadByte()
		if err != nil {
			return got.String(), 0, fmt.Errorf("%w after %q", err, got.String())
		}
		got.WriteByte(b)
	}
	return got.String(), time.Since(begin), nil
}

// refused makes one attempt with a wrong password or proof, and returns how long
// each answer took.
func (c *client) refused(mechanism, user string) ([]time.Duration, error) {
	auth := func(text string) string {
		return "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='" + mechanism + "'>" + base64.StdEncoding.EncodeToString([]byte(text)) + "</auth>"
	}
	if mechanism == "PLAIN" {
		took, err := c.failure(auth("\x00" + user + "\x00wrong password"))
		return []time.Duration{took}, err
	}
	challenge, first, err := c.ask(auth("n,,n="+user+",r=0123456789abcdef"), "</challenge>")
	if err != nil {
		return nil, err
	}
	second, err := c.failure("<response xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>" + final(mechanism, challenge) + "</response>")
	return []time.Duration{first, second}, err
}

func (c *client) failure(text string) (time.Duration, error) {
	answer, took, err := c.ask(text, "</failure>")
	if err == nil && !strings.Contains(answer, "<not-authorized") {
		err = fmt.Errorf("got %s", answer)
	}
	return took, err
}

// final is a client-final-message (RFC 5802 §3) whose proof has the right size
// and is wrong.
func final(mechanism, challenge string) string {
	_, text, _ := strings.Cut(challenge, ">")
	text, _, _ = strings.Cut(text, "<")
	first, _ := base64.StdEncoding.DecodeString(text)
	nonce, _, _ := strings.Cut(strings.TrimPrefix(string(first), "r="), ",")
	size := map[string]int{"SCRAM-SHA-1": 20, "SCRAM-SHA-256": 32}[mechanism]
	proof := base64.StdEncoding.EncodeToString(make([]byte, size))
	return base64.StdEncoding.EncodeToString([]byte("c=biws,r=" + nonce + ",p=" + proof))
}
