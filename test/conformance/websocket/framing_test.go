package websocket

import (
	"strings"
	"testing"
)

// TestFraming is group 1: messages of all sizes come back; binary ones are
// refused with 1003 (RFC 7395 §3.2).
func TestFraming(t *testing.T) {
	t.Parallel()
	s := start(t)
	for name, c := range map[string]struct{ size, chop int }{
		"1.1.2": {125, 1 << 20}, "1.1.3": {126, 1 << 20}, "1.1.4": {127, 1 << 20}, "1.1.5": {128, 1 << 20},
		"1.1.6": {65535, 1 << 20}, "1.1.7": {65536, 1 << 20}, "1.1.8": {65536, 997},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c1 := bound(t, s)
			e := c1.sized(c.size)
			c1.chopped(encode(fin|text, e), c.chop)
			c1.echoed(e)
		})
	}
	t.Run("1.1.1", func(t *testing.T) {
		t.Parallel()
		c := bound(t, s)
		c.frame(fin|text, "") // a keep-alive of old clients: there is nothing to echo
		c.alive()
	})
	for name, size := range map[string]int{"1.2.1": 0, "1.2.2": 125, "1.2.3": 126, "1.2.4": 127, "1.2.5": 128, "1.2.6": 65535, "1.2.7": 65536} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := bound(t, s)
			c.frame(fin|binaryData, strings.Repeat("\xfe", size))
			c.expectClose(1003)
		})
	}
}

// TestPings is group 2: each ping has its pong, with the same payload; a pong
// that nobody asked for means nothing.
func TestPings(t *testing.T) {
	t.Parallel()
	s := start(t)
	for name, payload := range map[string]string{
		"2.1": "", "2.2": "Hello, world!", "2.3": "\x00\xff\xfe\xfd\xfc\xfb\x00\xff", "2.4": strings.Repeat("\xfe", 125),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := bound(t, s)
			c.frame(fin|ping, payload)
			c.expect(fin|pong, payload)
			c.alive()
		})
	}
	cases := map[string]func(*testing.T, *socket){
		"2.5 too long": func(_ *testing.T, c *socket) {
			c.frame(fin|ping, strings.Repeat("\xfe", 126))
			c.expectClose(1002)
		},
		"2.6 byte by byte": func(_ *testing.T, c *socket) {
			payload := strings.Repeat("\xfe", 125)
			c.chopped(encode(fin|ping, payload), 1)
			c.expect(fin|pong, payload)
		},
		"2.7 unsolicited pong": func(_ *testing.T, c *socket) {
			c.frame(fin|pong, "")
			c.alive()
		},
		"2.8 unsolicited pong with payload": func(_ *testing.T, c *socket) {
			c.frame(fin|pong, "unsolicited")
			c.alive()
		},
		"2.9 pong, then ping": func(_ *testing.T, c *socket) {
			c.frame(fin|pong, "unsolicited")
			c.frame(fin|ping, "ping")
			c.expect(fin|pong, "ping")
		},
		"2.10 ten pings": func(_ *testing.T, c *socket) { tenPings(c, 1<<20) },
		"2.11 ten pings, byte by byte": func(_ *testing.T, c *socket) {
			tenPings(c, 1)
		},
	}
	runAll(t, s, cases)
}

func tenPings(c *socket, chop int) {
	var frames []byte
	for i := range 10 {
		frames = append(frames, encode(fin|ping, "payload-"+string(rune('0'+i)))...)
	}
	c.chopped(frames, chop)
	for i := range 10 {
		c.expect(fin|pong, "payload-"+string(rune('0'+i)))
	}
}

// TestReservedBits is group 3: nothing was negotiated that gives them a meaning
// (RFC 6455 §5.2).
func TestReservedBits(t *testing.T) {
	t.Parallel()
	s := start(t)
	runAll(t, s, map[string]func(*testing.T, *socket){
		"3.1": func(_ *testing.T, c *socket) {
			c.frame(fin|0x10|text, c.envelope("x"))
			c.expectClose(1002)
		},
		"3.2": func(_ *testing.T, c *socket) { afterGood(c, fin|0x20|text, 1<<20) },
		"3.3": func(_ *testing.T, c *socket) { afterGood(c, fin|0x30|text, 7) },
		"3.4": func(_ *testing.T, c *socket) { afterGood(c, fin|0x40|text, 1) },
		"3.5": func(_ *testing.T, c *socket) {
			c.frame(fin|0x50|binaryData, "\x00\xff")
			c.expectClose(1002)
		},
		"3.6": func(_ *testing.T, c *socket) {
			c.frame(fin|0x60|ping, "x")
			c.expectClose(1002)
		},
		"3.7": func(_ *testing.T, c *socket) {
			c.frame(fin|0x70|closing, closePayload(1000, ""))
			c.expectClose(1002)
		},
	})
}

// afterGood sends a good message, then one that is not and a ping: the first
// comes back, and then the end. What comes back is sent by a writer of its own,
// so it is waited for.
func afterGood(c *socket, first byte, chop int) {
	c.t.Helper()
	e := c.envelope("good")
	c.chopped(encode(fin|text, e), chop)
	c.echoed(e)
	c.chopped(append(encode(first, c.envelope("bad")), encode(fin|ping, "")...), chop)
	c.expectClose(1002)
}

// TestOpcodes is group 4: those that are reserved.
func TestOpcodes(t *testing.T) {
	t.Parallel()
	s := start(t)
	cases := map[string]func(*testing.T, *socket){}
	for name, opcode := range map[string]byte{
		"4.1.1": 3, "4.1.3": 5, "4.1.4": 6, "4.1.5": 7, "4.2.1": 11, "4.2.3": 13, "4.2.4": 14, "4.2.5": 15,
	} {
		cases[name] = func(_ *testing.T, c *socket) { afterGood(c, fin|opcode, 1<<20) }
	}
	for name, opcode := range map[string]byte{"4.1.2": 4, "4.2.2": 12} {
		cases[name] = func(_ *testing.T, c *socket) {
			c.frame(fin|opcode, "reserved opcode payload")
			c.expectClose(1002)
		}
	}
	runAll(t, s, cases)
}
