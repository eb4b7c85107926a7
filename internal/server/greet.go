package server

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"path/filepath"
	"strings"

	"parley/internal/admin"
)

// makeDemoUsers makes the two demo users on the first run of a server that
// only this machine can reach.
func (s *Server) makeDemoUsers(ctx context.Context) (err error) {
	if s.opts.NoDemo || !s.cfg.LoopbackOnly() || !s.cfg.LocalDomain() {
		return nil
	}
	s.demo, err = admin.EnsureDemo(ctx, s.store, admin.DemoOptions{
		DataDir: s.cfg.DataDir, Domain: s.cfg.Domain, Iterations: s.cfg.SASL.Iterations,
	})
	return err
}

// greet tells a person what to do next.
func (s *Server) greet() {
	var b strings.Builder
	fmt.Fprintf(&b, "\nParley is running (%s).\n\n", Version())
	line := func(name, format string, args ...any) {
		fmt.Fprintf(&b, "  %-12s %s\n", name, fmt.Sprintf(format, args...))
	}
	if url := s.pageURL(); url != "" {
		line("Chat page", "%s", url)
	}
	if a := s.Addr(listenC2S); a != nil {
		line("XMPP", "%s, STARTTLS", a)
	}
	if a := s.Addr(listenC2STLS); a != nil {
		line("", "%s, TLS%s", a, s.certificateNote())
	}
	line("Data", "%s", s.dataPlace())
	for i, u := range s.demo {
		name := ""
		if i == 0 {
			name = "Demo users"
		}
		line(name, "%s   password: %s", u.JID, u.Password)
	}
	line("New user", "%s user add NAME@%s", cmp.Or(s.opts.Command, "parley"), s.cfg.Domain)
	b.WriteString("\n  Ctrl-C stops the server.\n\n")
	_, _ = fmt.Fprint(s.opts.Out, b.String()) // a closed standard output does not stop a server
}

func (s *Server) certificateNote() string {
	if s.certs.SelfSigned() {
		return " (self-signed certificate: clients ask whether to trust it)"
	}
	return ""
}

// pageURL is the address for a browser on this machine.
func (s *Server) pageURL() string {
	if s.cfg.PublicURL != "" {
		return s.cfg.PublicURL + "/"
	}
	if a := s.Addr(listenHTTP); a != nil {
		return "http://" + browserHost(a) + "/"
	}
	if a := s.Addr(listenHTTPS); a != nil {
		return "https://" + browserHost(a) + "/"
	}
	return ""
}

// browserHost names loopback and "every address" as localhost: browsers give
// that name the rights of a secure page.
func browserHost(a net.Addr) string {
	tcp, ok := a.(*net.TCPAddr)
	if !ok || !tcp.IP.IsLoopback() && !tcp.IP.IsUnspecified() {
		return a.String()
	}
	return fmt.Sprintf("localhost:%d", tcp.Port)
}

func (s *Server) dataPlace() string {
	dir, err := filepath.Abs(s.cfg.DataDir)
	if err != nil {
		dir = s.cfg.DataDir
	}
	if s.cfg.Database.URL == "" {
		return filepath.Join(dir, filepath.Base(s.cfg.SQLitePath()))
	}
	return "Postgres; certificates in " + dir
}
