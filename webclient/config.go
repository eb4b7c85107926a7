package webclient

import (
	"encoding/json"
	"fmt"
)

// Registration says who may create an account from the page.
type Registration string

// The policies that the page knows.
const (
	RegistrationOpen   Registration = "open"
	RegistrationInvite Registration = "invite"
	RegistrationClosed Registration = "closed"
)

// Config is what the page learns from /config.json, and who may frame it.
type Config struct {
	// Domain is the one that a name without @ belongs to.
	Domain string `json:"domain"`
	// WebSocketPath is where XMPP is spoken on the page's origin; empty means
	// /xmpp-websocket.
	WebSocketPath string `json:"websocketPath"`
	// Registration decides whether the page offers to create an account;
	// empty means closed.
	Registration Registration `json:"registration"`
	// Version is the server's, shown in the settings.
	Version string `json:"version"`
	// Demo says that the demo users exist, for a hint at the login.
	Demo bool `json:"demo"`
	// FrameAncestors are the sources of the policy's frame-ancestors; empty
	// means 'self'.
	FrameAncestors []string `json:"-"`
}

func (c Config) withDefaults() Config {
	if c.WebSocketPath == "" {
		c.WebSocketPath = "/xmpp-websocket"
	}
	if c.Registration == "" {
		c.Registration = RegistrationClosed
	}
	if len(c.FrameAncestors) == 0 {
		c.FrameAncestors = []string{"'self'"}
	}
	return c
}

func (c Config) json() []byte {
	b, err := json.Marshal(c)
	if err != nil {
		panic(fmt.Sprintf("webclient: a struct of strings marshals: %v", err))
	}
	return append(b, '\n')
}
