//go:build unix && !linux

package campaign

import "errors"

// smallDisk needs Linux.
type smallDisk struct{}

func newSmallDisk(string, int64) (*smallDisk, error) {
	return nil, errors.New("campaign: a disk that can be filled needs Linux")
}

func (*smallDisk) remove() error { return nil }
