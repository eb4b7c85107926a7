package c2s

import (
	"crypto/tls"
	"net"
	"time"

	"golang.org/x/sys/unix"
)

// settleTime is how long the acknowledgements of the last packets may take
// after the client's FIN.
const settleTime = 300 * time.Millisecond

// allAcked reports, after the peer's FIN, whether its kernel has acknowledged
// all that was written. Then its program has read it: a socket that is closed
// with unread data, or gets data after it was closed, answers with a reset
// (RFC 1122 §4.2.2.13), not with a FIN and acknowledgements.
func allAcked(conn net.Conn) bool {
	if secure, ok := conn.(*tls.Conn); ok {
		conn = secure.NetConn()
	}
	tcp, ok := conn.(*net.TCPConn)
	if !ok {
		return false // a proxy's word about its own side says nothing of the client's
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return false
	}
	for deadline := time.Now().Add(settleTime); ; time.Sleep(settleTime / 30) {
		left, ok := unacked(raw)
		if !ok || left == 0 || time.Now().After(deadline) {
			return ok && left == 0
		}
	}
}

// unacked returns how many written bytes wait for an acknowledgement; not ok
// when the connection was reset.
func unacked(raw interface{ Control(func(uintptr)) error }) (n int, ok bool) {
	err := raw.Control(func(fd uintptr) {
		broken, e := unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_ERROR)
		if e != nil || broken != 0 {
			return
		}
		n, e = unix.IoctlGetInt(int(fd), unix.SIOCOUTQ)
		ok = e == nil
	})
	return n, ok && err == nil
}
