package c2s

import "errors"

var errFrames = errors.New("a message has too many fragments")

// frameCounter follows the frame headers (RFC 6455 §5.2) in what a client
// sends and counts the frames of one message, which the WebSocket library does
// not tell. Everything else about frames is the library's to check.
type frameCounter struct {
	max   int // 0: no limit
	n     int // data frames of the current message
	state byte
	first byte
	need  int    // header bytes still to come
	size  uint64 // payload length so far
	skip  uint64 // payload bytes still to come
}

const (
	wantFirst = iota
	wantLength
	wantExtended
	wantMask
	wantPayload
)

// inside reports whether a frame or a fragmented message has begun and not ended.
func (f *frameCounter) inside() bool { return f.state != wantFirst || f.n > 0 }

// count looks at p, the next bytes from the client.
func (f *frameCounter) count(p []byte) error {
	for len(p) > 0 {
		if f.state == wantPayload {
			n := min(f.skip, uint64(len(p)))
			p, f.skip = p[n:], f.skip-n
			if f.skip == 0 {
				f.state = wantFirst
			}
			continue
		}
		if err := f.header(p[0]); err != nil {
			return err
		}
		p = p[1:]
	}
	return nil
}

func (f *frameCounter) header(b byte) error {
	switch f.state {
	case wantFirst:
		f.first, f.state = b, wantLength
		return f.begin()
	case wantLength:
		f.length(b)
	case wantExtended:
		f.size = f.size<<8 | uint64(b)
		if f.need--; f.need == 0 {
			f.toMask()
		}
	case wantMask:
		if f.need--; f.need == 0 {
			f.toPayload()
		}
	}
	return nil
}

// begin counts a data frame; control frames (opcode 8 and up) may come between.
func (f *frameCounter) begin() error {
	const finBit, controlBit, opcodes = 0x80, 0x08, 0x0f
	if f.first&controlBit != 0 {
		return nil
	}
	if f.first&opcodes != 0 {
		f.n = 0 // text or binary: a new message
	}
	f.n++
	if f.max > 0 && f.n > f.max {
		return errFrames
	}
	if f.first&finBit != 0 {
		f.n = 0
	}
	return nil
}

func (f *frameCounter) length(b byte) {
	const maskBit = 0x80
	masked := b&maskBit != 0
	f.size = uint64(b &^ maskBit)
	f.first = 0
	if masked {
		f.first = 1 // from here on: whether a mask follows
	}
	switch f.size {
	case 126:
		f.state, f.need, f.size = wantExtended, 2, 0
	case 127:
		f.state, f.need, f.size = wantExtended, 8, 0
	default:
		f.toMask()
	}
}

func (f *frameCounter) toMask() {
	if f.first == 1 {
		f.state, f.need = wantMask, 4
		return
	}
	f.toPayload()
}

func (f *frameCounter) toPayload() {
	f.state, f.skip = wantPayload, f.size
	if f.size == 0 {
		f.state = wantFirst
	}
}
