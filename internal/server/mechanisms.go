package server

import (
	"context"

	"parley/internal/sasl"
	"parley/internal/stanzaid"
)

// mechanisms are the ways to log in.
func (s *Server) mechanisms(ctx context.Context) (*sasl.Server, error) {
	secret, err := s.store.Secret(ctx, "sasl", 32)
	if err != nil {
		return nil, err
	}
	tokens, err := s.tokenOptions(ctx)
	if err != nil {
		return nil, err
	}
	return sasl.New(sasl.Options{
		Domain: s.domain, Store: s.store, Secret: secret, Iterations: s.cfg.SASL.Iterations, Tokens: tokens,
		Told: s.cfg.Admin.Addr != "", // by the command line, too
	})
}

func (s *Server) tokenOptions(ctx context.Context) (sasl.TokenOptions, error) {
	if s.cfg.SASL.TokenLifetime == 0 {
		return sasl.TokenOptions{}, nil
	}
	secret, err := s.store.Secret(ctx, "fast", 32)
	return sasl.TokenOptions{
		Store: audited{s.store, s.trail}, Secret: secret, Max: s.cfg.Limits.TokensPerAccount,
		Lifetime: s.cfg.SASL.TokenLifetime, Rotate: s.cfg.SASL.TokenRotation,
	}, err
}

// stanzaIDs hides the order and time of messages from who sees their ids.
func (s *Server) stanzaIDs(ctx context.Context) (*stanzaid.Codec, error) {
	key, err := s.store.Secret(ctx, "stanza-id", stanzaid.KeySize)
	if err != nil {
		return nil, err
	}
	return stanzaid.New(key)
}
