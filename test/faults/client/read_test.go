package client

import (
	"net"
	"testing"
)

func TestNumber(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][2]int{
		"m3-17":                {3, 17},
		"m0-0 is what I say":   {0, 0},
		"hello":                {-1, -1},
		"m3-":                  {-1, -1},
		"":                     {-1, -1},
		"mx-1":                 {-1, -1},
		"m12-345 m6-7 is more": {12, 345},
	} {
		from, n, ok := number([]byte(text))
		if got := ([2]int{from, n}); ok != (want[0] >= 0) || ok && got != want {
			t.Errorf("%q: %v, %v", text, got, ok)
		}
	}
}

// XEP-0359 §3.1: only the id that our server gave counts.
func TestStanzaID(t *testing.T) {
	t.Parallel()
	e := []byte("<message><stanza-id xmlns='urn:xmpp:sid:0' by='room@example' id='1'/><stanza-id id='2' by='me@example' xmlns='urn:xmpp:sid:0'/></message>")
	if got := stanzaID(e, "me@example"); got != "2" {
		t.Errorf("got %q, want 2", got)
	}
	if got := stanzaID(e, "you@example"); got != "" {
		t.Errorf("got %q, want none", got)
	}
}

func TestCutInMessage(t *testing.T) {
	t.Parallel()
	a, b := net.Pipe()
	defer b.Close()
	l := &link{Conn: a, cut: -1}
	read := make(chan string)
	go func() {
		buf := make([]byte, 100)
		n, _ := b.Read(buf)
		read <- string(buf[:n])
		n, err := b.Read(buf)
		read <- string(buf[:n])
		for err == nil {
			_, err = b.Read(buf)
		}
		close(read)
	}()
	if _, err := l.Write([]byte("whole")); err != nil {
		t.Fatal(err)
	}
	if got := <-read; got != "whole" {
		t.Errorf("got %q", got)
	}
	l.cutNext(3)
	if n, err := l.Write([]byte("broken")); n != 3 || err == nil {
		t.Errorf("%d bytes, %v; want 3 and an error", n, err)
	}
	if got := <-read; got != "bro" {
		t.Errorf("got %q", got)
	}
	<-read // the connection has ended
}
