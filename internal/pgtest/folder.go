package pgtest

import (
	"os"
	"path/filepath"
	"syscall"
)

const folderPrefix = "parley-pgtest-"

// maxFolder keeps the socket's path within what the system takes (107 bytes).
const maxFolder = 80

// usualParent is where the folders are made if nobody says otherwise.
func usualParent() string {
	if dir := os.TempDir(); len(dir) <= maxFolder-len(folderPrefix) {
		return dir
	}
	return "/tmp"
}

// makeFolder makes the server's folder and locks it as in use. The lock file
// gets its name when it is locked, so that nobody takes the folder for stale.
func (s *Server) makeFolder(parent string) (err error) {
	if parent == "" {
		parent = usualParent()
	}
	if s.folder, err = os.MkdirTemp(parent, folderPrefix); err != nil {
		return err
	}
	if s.lock, err = os.Create(lockFile(s.folder) + ".new"); err != nil {
		return err
	}
	if err := lockNow(s.lock); err != nil {
		return err
	}
	if err := os.Rename(s.lock.Name(), lockFile(s.folder)); err != nil {
		return err
	}
	if s.owner == nil {
		return nil
	}
	return os.Chown(s.folder, int(s.owner.uid), int(s.owner.gid))
}

func lockFile(folder string) string { return filepath.Join(folder, "in-use") }

// lockNow takes the file's lock or fails at once. The kernel lets it go when
// its process ends, however that happens.
func lockNow(f *os.File) error {
	return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
}

// removeStale removes the folders of test binaries that were killed.
func removeStale() {
	folders, err := filepath.Glob(filepath.Join(usualParent(), folderPrefix+"*"))
	if err != nil {
		return
	}
	for _, folder := range folders {
		f, err := os.OpenFile(lockFile(folder), os.O_RDWR, 0)
		if err != nil {
			continue // just being made, or not ours to touch
		}
		// The lock file goes last: if the server is just ending and the rest
		// does not go yet, the next run finds it.
		if lockNow(f) == nil && os.RemoveAll(filepath.Join(folder, "data")) == nil {
			_ = os.RemoveAll(folder)
		}
		_ = f.Close()
	}
}
