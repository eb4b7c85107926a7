package wire

import (
	"bytes"
	"encoding/binary"
	"errors"
	"strings"
	"testing"
)

// unmasked reads a client's frame as a server does (RFC 6455 §5.3).
func unmasked(t *testing.T, b []byte) (opcode byte, payload []byte) {
	t.Helper()
	if len(b) < 6 || b[0]&finBit == 0 || b[1]&maskBit == 0 {
		t.Fatalf("% x is no whole masked frame", b)
	}
	size, head := int(b[1]&^maskBit), 2
	switch size {
	case 126:
		size, head = int(binary.BigEndian.Uint16(b[2:])), 4
	case 127:
		size, head = int(binary.BigEndian.Uint64(b[2:])), 10
	}
	key, payload := b[head:head+4], bytes.Clone(b[head+4:])
	if len(payload) != size {
		t.Fatalf("payload of %d bytes, the frame says %d", len(payload), size)
	}
	for i := range payload {
		payload[i] ^= key[i%4]
	}
	return b[0] & 0x0f, payload
}

func TestAppendFrame(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 7, 8, 9, 125, 126, 127, 65535, 65536, 100_000} {
		want := bytes.Repeat([]byte("abcdefghijk"), n/11+1)[:n]
		opcode, got := unmasked(t, appendFrame(nil, opText, want))
		if opcode != opText || !bytes.Equal(got, want) {
			t.Errorf("%d bytes come back as %d bytes of opcode %d", n, len(got), opcode)
		}
	}
}

// serverFrame is a frame as servers send it.
func serverFrame(first byte, payload string) []byte {
	b := []byte{first}
	switch n := len(payload); {
	case n < 126:
		b = append(b, byte(n))
	case n < 1<<16:
		b = binary.BigEndian.AppendUint16(append(b, 126), uint16(n))
	default:
		b = binary.BigEndian.AppendUint64(append(b, 127), uint64(n))
	}
	return append(b, payload...)
}

func TestCutFrame(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 125, 126, 65535, 65536} {
		payload := strings.Repeat("x", n)
		whole := serverFrame(finBit|opText, payload)
		for _, short := range []int{0, 1, 2, 3, 9, len(whole) - 1} {
			if _, used, err := cutFrame(whole[:min(short, len(whole)-1)]); used != 0 || err != nil {
				t.Errorf("%d of %d bytes: used %d, %v", short, len(whole), used, err)
			}
		}
		f, used, err := cutFrame(append(whole, "next"...))
		if err != nil || used != len(whole) || f.opcode != opText || string(f.payload) != payload {
			t.Errorf("%d bytes: opcode %d, %d bytes of payload, used %d, %v", n, f.opcode, len(f.payload), used, err)
		}
	}
}

func TestBadFrames(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		frame []byte
		want  error
	}{
		"masked":           {[]byte{finBit | opText, maskBit | 1, 0, 0, 0, 0, 'x'}, errMasked},
		"reserved bit":     {[]byte{finBit | 0x40 | opText, 0}, errReserved},
		"first of several": {[]byte{opText, 1, 'x'}, errFragmented},
		"last of several":  {[]byte{finBit, 1, 'x'}, errFragmented},
		"too long":         {[]byte{finBit | opText, 127, 0, 0, 1, 0, 0, 0, 0, 0}, errTooLong},
	} {
		if _, _, err := cutFrame(tt.frame); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", name, err, tt.want)
		}
	}
}

func TestClosed(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		payload string
		orderly bool
	}{{"", true}, {"\x03\xe8", true}, {"\x03\xe9bye", true}, {"\x03\xf0policy", false}} {
		if err := closed([]byte(tt.payload)); errors.Is(err, ErrClosed) != tt.orderly {
			t.Errorf("%q: %v", tt.payload, err)
		}
	}
}

func FuzzCutFrame(f *testing.F) {
	f.Add(serverFrame(finBit|opText, "<message/>"))
	f.Add(serverFrame(finBit|opPing, ""))
	f.Add([]byte{finBit | opText, 127, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, b []byte) {
		got, n, err := cutFrame(b)
		if n < 0 || n > len(b) || len(got.payload) > n || err != nil && n != 0 {
			t.Errorf("used %d of %d, payload %d, %v", n, len(b), len(got.payload), err)
		}
	})
}
