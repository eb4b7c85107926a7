package wire

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
)

// RFC 6455 §5.2
const (
	opText   = 0x1
	opBinary = 0x2
	opClose  = 0x8
	opPing   = 0x9
	opPong   = 0xa

	finBit  = 0x80
	maskBit = 0x80
)

// appendFrame appends a client's frame: whole, masked (RFC 6455 §5.3).
func appendFrame(dst []byte, opcode byte, payload []byte) []byte {
	dst = append(dst, finBit|opcode)
	switch n := len(payload); {
	case n < 126:
		dst = append(dst, maskBit|byte(n))
	case n < 1<<16:
		dst = append(dst, maskBit|126)
		dst = binary.BigEndian.AppendUint16(dst, uint16(n))
	default:
		dst = append(dst, maskBit|127)
		dst = binary.BigEndian.AppendUint64(dst, uint64(n))
	}
	key := rand.Uint32()
	dst = binary.LittleEndian.AppendUint32(dst, key)
	at := len(dst)
	dst = append(dst, payload...)
	mask(dst[at:], key)
	return dst
}

// mask applies a key whose first byte is the lowest, eight bytes at a time.
func mask(b []byte, key uint32) {
	wide := uint64(key)<<32 | uint64(key)
	for len(b) >= 8 {
		binary.LittleEndian.PutUint64(b, binary.LittleEndian.Uint64(b)^wide)
		b = b[8:]
	}
	for i := range b {
		b[i] ^= byte(key >> (8 * (i & 3)))
	}
}

// What a server may not send, or does not send to such a client.
var (
	errMasked     = errors.New("a frame of the server is masked (RFC 6455 §5.1)")
	errFragmented = errors.New("a message comes in fragments, which this generator does not put together")
	errReserved   = errors.New("a frame has reserved bits set")
)

// frame is a server's frame.
type frame struct {
	opcode  byte
	payload []byte
}

// cutFrame takes a frame off b; n is 0 while it is not whole.
func cutFrame(b []byte) (f frame, n int, err error) {
	if len(b) < 2 {
		return frame{}, 0, nil
	}
	switch {
	case b[1]&maskBit != 0:
		return frame{}, 0, errMasked
	case b[0]&0x70 != 0:
		return frame{}, 0, errReserved
	case b[0]&finBit == 0 || b[0]&0x0f == 0:
		return frame{}, 0, errFragmented
	}
	size, head := uint64(b[1]), 2
	switch {
	case size == 126 && len(b) >= 4:
		size, head = uint64(binary.BigEndian.Uint16(b[2:])), 4
	case size == 127 && len(b) >= 10:
		size, head = binary.BigEndian.Uint64(b[2:]), 10
	case size >= 126:
		return frame{}, 0, nil
	}
	if size > maxInput {
		return frame{}, 0, errTooLong
	}
	if uint64(len(b)-head) < size {
		return frame{}, 0, nil
	}
	n = head + int(size)
	return frame{b[0] & 0x0f, b[head:n]}, n, nil
}

// closed turns a close frame's payload into an error (RFC 6455 §5.5.1, §7.4.1).
func closed(payload []byte) error {
	const normal, goingAway = 1000, 1001
	if len(payload) < 2 {
		return ErrClosed
	}
	switch code := binary.BigEndian.Uint16(payload); code {
	case normal, goingAway:
		return ErrClosed
	default:
		return fmt.Errorf("the server closed the WebSocket with code %d %s", code, payload[2:])
	}
}
