package c2s

import (
	"encoding/binary"
	"testing"
)

// frame is one frame of a client (RFC 6455 §5.2).
type frame struct {
	fin    bool
	opcode byte
	masked bool
	size   uint64
	wide   byte // the length is written in 7 bits, or in 16 or 64 if this asks for more than is needed
}

func (f frame) append(b []byte) []byte {
	first := f.opcode
	if f.fin {
		first |= 0x80
	}
	var mask byte
	if f.masked {
		mask = 0x80
	}
	switch {
	case f.size > 0xffff || f.wide == 2:
		b = append(b, first, mask|127)
		b = binary.BigEndian.AppendUint64(b, f.size)
	case f.size > 125 || f.wide == 1:
		b = append(b, first, mask|126)
		b = binary.BigEndian.AppendUint16(b, uint16(f.size))
	default:
		b = append(b, first, mask|byte(f.size))
	}
	if f.masked {
		b = append(b, 1, 2, 3, 4)
	}
	for range min(f.size, 1<<16) { // longer ones are cut off
		b = append(b, byte(len(b)))
	}
	return b
}

// tooMany is the rule in a few words: more than most data frames from one that
// begins a message to one that ends it.
func tooMany(frames []frame, most int) bool {
	n := 0
	for _, f := range frames {
		if f.opcode&8 != 0 {
			continue
		}
		if f.opcode != 0 {
			n = 0
		}
		if n++; n > most {
			return true
		}
		if f.fin {
			n = 0
		}
	}
	return false
}

func fragments(n int, between ...frame) []frame {
	var out []frame
	for i := range n {
		f := frame{masked: true, size: 1, fin: i == n-1}
		if i == 0 {
			f.opcode = 1
		}
		out = append(append(out, f), between...)
	}
	return out
}

func TestFrameCounter(t *testing.T) {
	t.Parallel()
	ping := frame{fin: true, opcode: 9, masked: true, size: 125}
	cases := map[string]struct {
		frames []frame
		refuse bool
	}{
		"32 fragments":                    {fragments(32), false},
		"33 fragments":                    {fragments(33), true},
		"32 fragments with pings between": {fragments(32, ping, ping), false},
		"33 fragments with pings between": {fragments(33, ping, ping), true},
		"messages one after another":      {append(append(fragments(32), fragments(32)...), fragments(1)...), false},
		"pings only":                      {[]frame{ping, ping, ping}, false},
		"lengths of all kinds":            {[]frame{{opcode: 1, masked: true, size: 125}, {size: 126, masked: true}, {size: 1 << 16}, {size: 3, wide: 1}, {fin: true, size: 0, wide: 2}}, false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			checkFrames(t, c.frames, 32, 1, c.refuse)
			checkFrames(t, c.frames, 32, 7, c.refuse)
			checkFrames(t, c.frames, 32, 1<<20, c.refuse)
		})
	}
}

func checkFrames(t *testing.T, frames []frame, most, cut int, refuse bool) {
	t.Helper()
	var b []byte
	for _, f := range frames {
		b = f.append(b)
	}
	c := frameCounter{max: most}
	for len(b) > 0 {
		n := min(cut, len(b))
		if err := c.count(b[:n]); err != nil {
			if !refuse {
				t.Fatalf("refused %d bytes before the end: %v", len(b), frames)
			}
			return
		}
		b = b[n:]
	}
	if refuse {
		t.Fatalf("not refused: %v", frames)
	}
}

// FuzzFrameCounter makes frames of the input, three bytes each, and compares
// the counter, fed in pieces, with the rule.
func FuzzFrameCounter(f *testing.F) {
	f.Add([]byte{0x01, 5, 0, 0x80, 5, 0}, 3, 1)
	f.Add([]byte{0x01, 126, 1, 0x89, 0, 0, 0x00, 127, 2, 0x80, 255, 1}, 2, 5)
	f.Add([]byte{0x81, 0, 0, 0x02, 1, 0, 0x01, 1, 0, 0x80, 1, 0, 0x80, 1, 0}, 1, 2)
	f.Fuzz(func(t *testing.T, in []byte, most, cut int) {
		if most < 1 || cut < 1 || len(in) > 300 {
			return
		}
		var frames []frame
		for ; len(in) >= 3; in = in[3:] {
			frames = append(frames, frame{
				fin: in[0]&0x80 != 0, opcode: in[0] & 0x0f, masked: in[2]&0x80 != 0, size: uint64(in[1]), wide: in[2] & 3,
			})
		}
		checkFrames(t, frames, most, cut, tooMany(frames, most))
	})
}

// TestFrameCounterHugeLength: a length is only counted down. It is not parallel,
// to count allocations.
func TestFrameCounterHugeLength(t *testing.T) {
	c := frameCounter{max: 32}
	b := append(frame{fin: true, opcode: 1, masked: true, size: 1 << 63}.append(nil)[:14], make([]byte, 4096)...)
	if n := testing.AllocsPerRun(10, func() {
		if err := c.count(b); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
	if c.state != wantPayload {
		t.Errorf("state %d", c.state)
	}
}
