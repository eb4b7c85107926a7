package pgtest

import (
	"errors"
	"os"
	"os/user"
	"strconv"
)

// account is the system user the server runs as.
type account struct{ uid, gid uint32 }

// unprivileged finds a user to run the server as, nil meaning ourselves:
// PostgreSQL refuses to run as root.
func unprivileged() (*account, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		if u, err := user.Lookup(name); err == nil {
			return parseAccount(u)
		}
	}
	return nil, errors.New("PostgreSQL does not run as root and there is no user postgres or nobody: run the tests as another user")
}

func parseAccount(u *user.User) (*account, error) {
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil {
		return nil, err
	}
	return &account{uid: uint32(uid), gid: uint32(gid)}, nil
}
