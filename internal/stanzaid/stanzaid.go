// Package stanzaid writes the ids of archived messages as clients see them
// (XEP-0359 §3.1): unpredictable, as XEP-0313 §3.1 demands of them, though the
// numbers behind them grow with the time. A number and the zeros after it are
// encrypted as one block; what does not decrypt to such a block is no id.
package stanzaid

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"encoding/hex"
	"fmt"
)

// KeySize is the length of a key, in bytes.
const KeySize = 16

// Codec turns numbers into ids and back. It may be used by many goroutines.
type Codec struct{ block cipher.Block }

// New returns the codec of a key: random, secret, and the same for as long as
// the archives live.
func New(key []byte) (*Codec, error) {
	if len(key) != KeySize {
		return nil, fmt.Errorf("stanzaid: the key has %d bytes, want %d", len(key), KeySize)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("stanzaid: %w", err)
	}
	return &Codec{block}, nil
}

// Format returns the id of a message: 32 hexadecimal digits.
func (c *Codec) Format(number int64) string {
	var plain, secret [aes.BlockSize]byte
	binary.BigEndian.PutUint64(plain[:], uint64(number))
	c.block.Encrypt(secret[:], plain[:])
	return hex.EncodeToString(secret[:])
}

// Parse returns the number behind an id, written just as Format does.
func (c *Codec) Parse(id string) (number int64, ok bool) {
	if len(id) != hex.EncodedLen(aes.BlockSize) { // mostly there is none
		return 0, false
	}
	return c.parse(id)
}

func (c *Codec) parse(id string) (number int64, ok bool) {
	var plain, secret [aes.BlockSize]byte
	if _, err := hex.Decode(secret[:], []byte(id)); err != nil || hex.EncodeToString(secret[:]) != id {
		return 0, false
	}
	c.block.Decrypt(plain[:], secret[:])
	number = int64(binary.BigEndian.Uint64(plain[:]))
	return number, number > 0 && binary.BigEndian.Uint64(plain[8:]) == 0
}
