package sasl

import (
	"crypto"
	_ "crypto/sha256" // the hashes of endPointHash
	_ "crypto/sha512"
	"crypto/tls"
	"crypto/x509"
)

// The channel-binding types that may be offered.
const (
	TLSExporter       = "tls-exporter"         // RFC 9266
	TLSServerEndPoint = "tls-server-end-point" // RFC 5929 §4
)

// ChannelBinding is what both ends of one TLS connection know and nobody
// between two connections can make equal.
type ChannelBinding struct {
	Type string
	Data []byte
}

// TLSBindings returns the bindings of a server's finished TLS handshake in
// which it showed leaf (nil if that is not known): the list that XEP-0440
// announces.
func TLSBindings(cs tls.ConnectionState, leaf *x509.Certificate) []ChannelBinding {
	if !cs.HandshakeComplete {
		return nil
	}
	var out []ChannelBinding
	// RFC 9266 §3: TLS 1.3, or 1.2 with the extended master secret; without
	// that ExportKeyingMaterial refuses.
	if data, err := cs.ExportKeyingMaterial("EXPORTER-Channel-Binding", nil, 32); err == nil {
		out = append(out, ChannelBinding{TLSExporter, data})
	}
	if h, ok := endPointHash(leaf); ok {
		d := h.New()
		d.Write(leaf.Raw)
		out = append(out, ChannelBinding{TLSServerEndPoint, d.Sum(nil)})
	}
	return out
}

// endPointHash: RFC 5929 §4.1: the hash of the certificate's signature, but
// SHA-256 in place of MD5 and SHA-1; undefined where the signature has none of
// its own.
func endPointHash(leaf *x509.Certificate) (crypto.Hash, bool) {
	if leaf == nil {
		return 0, false
	}
	switch leaf.SignatureAlgorithm {
	case x509.MD5WithRSA, x509.SHA1WithRSA, x509.ECDSAWithSHA1,
		x509.SHA256WithRSA, x509.SHA256WithRSAPSS, x509.ECDSAWithSHA256:
		return crypto.SHA256, true
	case x509.SHA384WithRSA, x509.SHA384WithRSAPSS, x509.ECDSAWithSHA384:
		return crypto.SHA384, true
	case x509.SHA512WithRSA, x509.SHA512WithRSAPSS, x509.ECDSAWithSHA512:
		return crypto.SHA512, true
	}
	return 0, false
}

// BindingTypes returns the names of bindings, in order (XEP-0440 §3).
func BindingTypes(bindings []ChannelBinding) []string {
	out := make([]string, len(bindings))
	for i, b := range bindings {
		out[i] = b.Type
	}
	return out
}

func findBinding(bindings []ChannelBinding, name string) (ChannelBinding, bool) {
	for _, b := range bindings {
		if b.Type == name && len(b.Data) > 0 {
			return b, true
		}
	}
	return ChannelBinding{}, false
}
