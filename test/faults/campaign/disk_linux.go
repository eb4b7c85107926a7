package campaign

import (
	"fmt"
	"syscall"
)

// smallDisk is a file system of its own in memory.
type smallDisk struct{ dir string }

func newSmallDisk(dir string, size int64) (*smallDisk, error) {
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("mode=0755,size=%d", size)); err != nil {
		return nil, fmt.Errorf("a disk that can be filled needs a mount namespace: run as root, or allow user namespaces: %w", err)
	}
	return &smallDisk{dir}, nil
}

func (d *smallDisk) remove() error { return syscall.Unmount(d.dir, syscall.MNT_DETACH) }
