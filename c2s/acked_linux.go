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

// The states of a connection that was not reset: both directions open, and the
// peer's closed (enum in Linux's tcp_states.h).
const (
	tcpEstablished = 1
	tcpCloseWait   = 8
)

// allAcked reports, after the peer's FIN, whether its kernel has acknowledged
// all that was written. Then its program has read it: a socket that is closed
// with unread data, or gets data after it was closed, answers with a reset
// (RFC 1122 §4.2.2.13), not with a FIN and acknowledgements.
func allAcked(conn net.Conn) bool {
	for deadline := time.Now().Add(settleTime); ; time.Sleep(settleTime / 30) {
		if n := unackedBytes(conn); n <= 0 || time.Now().After(deadline) {
			return n == 0
		}
	}
}

// unackedBytes returns how many written bytes wait for an acknowledgement; -1
// when nobody knows: the connection was reset, or is not the client's own.
func unackedBytes(conn net.Conn) int {
	if secure, ok := conn.(*tls.Conn); ok {
		conn = secure.NetConn()
	}
	tcp, ok := conn.(*net.TCPConn)
	if !ok {
		return -1 // a proxy's word about its own side says nothing of the client's
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return -1
	}
	n := -1
	err = raw.Control(func(fd uintptr) {
		// Not SO_ERROR: to ask for it takes it away from the reader.
		info, err := unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO)
		if err != nil || info.State != tcpEstablished && info.State != tcpCloseWait {
			return
		}
		if left, err := unix.IoctlGetInt(int(fd), unix.SIOCOUTQ); err == nil {
			n = left
		}
	})
	if err != nil {
		return -1
	}
	return n
}
