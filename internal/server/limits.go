package server

import (
	"parley/c2s"
	"parley/internal/config"
	"parley/internal/session"
	"parley/stanza"
)

// limits gives c2s what the configuration says.
func limits(l config.Limits) c2s.Limits {
	return c2s.Limits{
		BeforeAuth: stanza.Limits{
			Bytes: l.StanzaSizeUnauthenticated, Elements: l.StanzaElementsUnauthenticated,
			Depth: l.StanzaDepthUnauthenticated, Attributes: l.StanzaAttributes,
		},
		AfterAuth: stanza.Limits{
			Bytes: l.StanzaSize, Elements: l.StanzaElements, Depth: l.StanzaDepth, Attributes: l.StanzaAttributes,
		},
		Fragments:        l.WebSocketFragments,
		AuthTime:         l.AuthTimeout,
		AuthFailures:     l.AuthFailuresPerStream,
		PerAddress:       l.ConnectionsPerAddress,
		PerAddressUnauth: l.UnauthenticatedPerAddress,
		BytesPerSecond:   l.RateBytes,
		BurstBytes:       l.RateBytesBurst,
		StanzasPerSecond: l.RateStanzas,
		BurstStanzas:     l.RateStanzasBurst,
		Session:          session.Limits{QueueBytes: l.OutboundQueue, HeldBytes: l.OutboundQueue / 4, Unacked: l.Unacked},
		Resume:           l.ResumeTime,
		PingAfter:        l.PingInterval,
		DeadAfter:        l.DeadAfter,
	}
}

func guessOptions(l config.Limits) c2s.GuessOptions {
	return c2s.GuessOptions{
		AddressLimit: l.AuthFailuresPerAddress, AccountLimit: l.AuthFailuresPerAccount,
		Window: l.AuthFailuresWindow, Backoff: l.AuthBackoff,
		PerAddress: l.PasswordTriesPerAddress, PerAccount: l.PasswordTriesPerAccount,
	}
}
