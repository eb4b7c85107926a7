package websocket

import (
	"fmt"
	"testing"

	"parley/internal/config"
)

// TestSizes is group 9: long messages, in one frame, in fragments, and in
// pieces of TCP; and many of them. It is about what arrives, not about how fast.
func TestSizes(t *testing.T) {
	t.Parallel()
	s := start(t, manyFragments, func(c *config.Config) { c.Limits.StanzaSize, c.Limits.OutboundQueue = 8<<20, 32<<20 })
	cases := map[string]func(*testing.T, *socket){}
	for _, size := range []int{64 << 10, 256 << 10, 1 << 20, 4 << 20} {
		cases[fmt.Sprintf("9.1 %d bytes", size)] = func(_ *testing.T, c *socket) {
			e := c.sized(size)
			c.frame(fin|text, e)
			c.echoed(e)
		}
	}
	for _, n := range []int{64, 1 << 10, 64 << 10, 256 << 10} {
		cases[fmt.Sprintf("9.3 256 KiB in fragments of %d", n)] = func(_ *testing.T, c *socket) {
			e := c.sized(256 << 10)
			c.Send(string(fragments(e, n)))
			c.echoed(e)
		}
	}
	for _, n := range []int{64, 1 << 10} {
		cases[fmt.Sprintf("9.5 64 KiB in pieces of %d", n)] = func(_ *testing.T, c *socket) {
			e := c.sized(64 << 10)
			c.chopped(encode(fin|text, e), n)
			c.echoed(e)
		}
	}
	for _, size := range []int{128, 4 << 10} {
		cases[fmt.Sprintf("9.7 a thousand of %d bytes", size)] = func(_ *testing.T, c *socket) {
			e := c.sized(size)
			frame := string(encode(fin|text, e))
			sent := make(chan struct{})
			go func() {
				defer close(sent)
				for range 1000 {
					if _, err := c.Write([]byte(frame)); err != nil {
						c.t.Error(err)
						return
					}
				}
			}()
			for range 1000 {
				c.echoed(e)
			}
			<-sent
		}
	}
	// Group 10: fragments of 1300 bytes, as a program makes them by itself.
	cases["10.1.1"] = func(_ *testing.T, c *socket) {
		e := c.sized(65536)
		c.Send(string(fragments(e, 1300)))
		c.echoed(e)
	}
	runAll(t, s, cases)
}
