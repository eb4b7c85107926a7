package wire

import "syscall"

// shareSource lets connections from one address share ports when their other
// ends differ (IP_BIND_ADDRESS_NO_PORT): the port is chosen by connect.
func shareSource(_, _ string, c syscall.RawConn) error {
	const ipBindAddressNoPort = 24
	return c.Control(func(fd uintptr) {
		_ = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_IP, ipBindAddressNoPort, 1) // an optimisation only
	})
}
