package config

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// checkAddr: host:port, or nothing.
var errEmpty = errors.New("is empty")

func checkAddr(s string) error {
	if s == "" {
		return nil
	}
	_, port, err := net.SplitHostPort(s)
	if err != nil {
		return fmt.Errorf("%q is not host:port", s)
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n > 65535 {
		return fmt.Errorf("%q has no port number from 0 to 65535", s)
	}
	return nil
}

// loopbackAddr reports whether only this machine can reach addr. A host name
// other than localhost may resolve to anything.
func loopbackAddr(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return false
	}
	return localName(host)
}

func localName(host string) bool {
	host = strings.ToLower(host)
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && ip.Unmap().IsLoopback()
}

// checkDomain looks at the form only; package jid prepares it.
func checkDomain(s string) error {
	bad := func(r rune) bool {
		return r <= ' ' || strings.ContainsRune("@/:,\"'&<>\\[]()*", r) || r >= 'A' && r <= 'Z' || r == 0x7f
	}
	switch {
	case s == "":
		return errEmpty
	case len(s) > 1023:
		return errors.New("is longer than 1023 bytes")
	case strings.ContainsFunc(s, bad), strings.Contains(s, ".."), strings.Trim(s, ".-") != s:
		return fmt.Errorf("%q is not a domain name in lower case", s)
	}
	return nil
}

// checkOrigin: what browsers send in Origin (RFC 6454 §6.2).
func checkOrigin(s string) error {
	u, err := url.Parse(s)
	if err != nil || u.Scheme == "" || u.Host == "" || s != u.Scheme+"://"+u.Host {
		return fmt.Errorf("%q is not an origin", s)
	}
	return nil
}

// checkPublicURL: an http(s) origin, or nothing.
func checkPublicURL(s string) error {
	if s == "" {
		return nil
	}
	if err := checkOrigin(s); err != nil || !strings.HasPrefix(s, "https://") && !strings.HasPrefix(s, "http://") {
		return fmt.Errorf("%q is not of the form https://host", s)
	}
	return nil
}

func checkDirectory(s string) error {
	if s != "" && !strings.HasPrefix(s, "https://") {
		return fmt.Errorf("%q is not an https:// address", s)
	}
	return nil
}

// checkDatabaseURL never repeats what it was given: there may be a password in it.
func checkDatabaseURL(s string) error {
	if s == "" {
		return nil
	}
	u, err := url.Parse(s)
	if err != nil {
		return errors.New("cannot be read as an address")
	}
	if u.Scheme != "postgres" && u.Scheme != "postgresql" {
		return errors.New("does not start with postgres://")
	}
	return nil
}

// prefixes is a list of networks.
type prefixes struct{ p *[]netip.Prefix }

func (v prefixes) set(s string) error { return v.setList(splitList(s)) }

func (v prefixes) setList(items []string) error {
	var out []netip.Prefix
	for _, it := range items {
		p, err := parsePrefix(it)
		if err != nil {
			return fmt.Errorf("%q is neither an address nor a network", it)
		}
		out = append(out, p)
	}
	*v.p = out
	return nil
}

func parsePrefix(s string) (netip.Prefix, error) {
	if ip, err := netip.ParseAddr(s); err == nil {
		return netip.PrefixFrom(ip, ip.BitLen()), nil
	}
	p, err := netip.ParsePrefix(s)
	return p.Masked(), err
}

func (v prefixes) yaml() string {
	items := make([]string, len(*v.p))
	for i, p := range *v.p {
		items[i] = p.String()
	}
	return yamlList(items)
}

func (v prefixes) accepts() string { return "a list of addresses and networks such as 10.0.0.0/8" }

// checkHost is for a domain that has a default and may be left away.
func checkHost(s string) error {
	if s == "" || s == mucHostAuto {
		return nil
	}
	return checkDomain(s)
}

// checkAccount is for the address of an account.
func checkAccount(s string) error {
	local, domain, ok := strings.Cut(s, "@")
	if !ok || local == "" || strings.Contains(domain, "/") {
		return fmt.Errorf("%q is not an address such as alice@localhost", s)
	}
	return checkDomain(domain)
}
