package admin

import (
	"crypto/rand"
	"math/big"
	"strings"
)

const (
	consonants = "bdfgklmnprstvz"
	vowels     = "aeiou"
	groups     = 5 // of two syllables each: 61 bits in all
)

// GeneratePassword returns a random password that can be read out and typed:
// "bato-kimu-lera-nosi-pude".
func GeneratePassword() string {
	words := make([]string, groups)
	for i := range words {
		words[i] = syllable() + syllable()
	}
	return strings.Join(words, "-")
}

func syllable() string { return pick(consonants) + pick(vowels) }

func pick(letters string) string {
	n, err := rand.Int(rand.Reader, big.NewInt(int64(len(letters))))
	if err != nil {
		panic(err) // crypto/rand never fails
	}
	i := n.Int64()
	return letters[i : i+1]
}
