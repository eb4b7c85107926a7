package c2s

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/netip"
	"slices"
	"time"

	"parley/stanza"
)

// ServeTCP accepts connections until l is closed. With direct, TLS comes first
// (XEP-0368 §4); else STARTTLS is offered.
func (s *Server) ServeTCP(l net.Listener, direct bool) error {
	for {
		conn, err := l.Accept()
		var temporary net.Error
		switch {
		case errors.Is(err, net.ErrClosed):
			return nil
		case errors.As(err, &temporary) && temporary.Timeout(), isTemporary(err):
			s.Log.Warn("accept failed", "err", err)
			time.Sleep(acceptPause)
			continue
		case err != nil:
			return err
		}
		s.start(func() { s.serveTCP(conn, direct) }, func() { _ = conn.Close() })
	}
}

// acceptPause is waited when the process is out of descriptors.
const acceptPause = 50 * time.Millisecond

// isTemporary: running out of descriptors or memory passes.
func isTemporary(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Temporary() //nolint:staticcheck // the only way to know EMFILE apart
}

func (s *Server) serveTCP(raw net.Conn, direct bool) {
	stop := context.AfterFunc(s.early, func() { _ = raw.Close() })
	defer stop()
	addr := remoteAddr(raw) // waits for the line of a proxy, if one is to come
	peer := Peer{Addr: addr, Loopback: s.isLocal(addr) && !proxied(raw), Proxied: proxied(raw)}
	if err := s.Admit(addr); err != nil {
		s.refuse(raw, addr, direct, err)
		return
	}
	conn := raw
	if direct {
		secure, bindings, err := handshake(raw, s.directTLS(), time.Now().Add(s.handshakeTime()))
		if err != nil {
			s.Log.Debug("refused", "addr", addr.String(), "err", err)
			s.addresses.release(addr, false)
			_ = raw.Close()
			return
		}
		conn, peer.Secure, peer.Bindings = secure, true, bindings
	}
	stop()
	s.run(newTCP(raw, conn, &s.watch), peer)
}

// proxied reports whether the address is a proxy's word: an address of its own
// machine says nothing about this one.
func proxied(c net.Conn) bool {
	_, plain := c.(*net.TCPConn)
	return !plain
}

func (s *Server) isLocal(a netip.Addr) bool {
	return a.IsLoopback() || slices.ContainsFunc(s.Local, func(p netip.Prefix) bool { return p.Contains(a) })
}

func (s *Server) handshakeTime() time.Duration {
	if s.Limits.AuthTime > 0 {
		return s.Limits.AuthTime
	}
	return tlsTime
}

// directTLS adds the protocol name of XEP-0368 §4. A client without ALPN is
// served too.
func (s *Server) directTLS() *tls.Config {
	cfg := s.TLS.Clone()
	cfg.NextProtos = []string{"xmpp-client"}
	return cfg
}

// refuse tells the client why it is not served. Over direct TLS that would cost
// a handshake, which is just what the limit is to save.
func (s *Server) refuse(raw net.Conn, addr netip.Addr, direct bool, err error) {
	s.refused("tcp", addr, err)
	defer func() { _ = raw.Close() }()
	if direct {
		return
	}
	t := newTCP(raw, raw, nil)
	t.boundWrites(time.Now().Add(closeGrace))
	e := streamError(stanza.StreamPolicyViolation, ErrTooMany.Error())
	if t.writeOpen(openReply{from: s.Domain.String(), id: randomID(), lang: "en"}) == nil &&
		t.write(e.Append(nil), []byte("</stream:stream>")) == nil {
		t.shutdown(e)
	}
}

// remoteAddr returns the peer's address without port; the zero Addr for
// connections that have none.
func remoteAddr(c net.Conn) netip.Addr {
	if a, ok := c.RemoteAddr().(*net.TCPAddr); ok {
		return a.AddrPort().Addr().Unmap()
	}
	return netip.Addr{}
}
