package xmpptest

import "testing"

// Addr returns host:port of a listener of the server: "http", "c2s" or
// "c2s-tls", for tests that speak to it byte by byte.
func (s *Server) Addr(listener string) string { return s.running.Addr(listener).String() }

// Stop stops the server before the test ends.
func (s *Server) Stop(t testing.TB) {
	t.Helper()
	if err := s.running.Stop(); err != nil {
		t.Error("stop:", err)
	}
}
