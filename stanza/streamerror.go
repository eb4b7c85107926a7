package stanza

// StreamCondition is a defined stream error condition (RFC 6120 §4.9.3).
type StreamCondition string

// The defined conditions.
const (
	StreamBadFormat              StreamCondition = "bad-format"
	StreamBadNamespacePrefix     StreamCondition = "bad-namespace-prefix"
	StreamConflict               StreamCondition = "conflict"
	StreamConnectionTimeout      StreamCondition = "connection-timeout"
	StreamHostGone               StreamCondition = "host-gone"
	StreamHostUnknown            StreamCondition = "host-unknown"
	StreamImproperAddressing     StreamCondition = "improper-addressing"
	StreamInternalServerError    StreamCondition = "internal-server-error"
	StreamInvalidFrom            StreamCondition = "invalid-from"
	StreamInvalidNamespace       StreamCondition = "invalid-namespace"
	StreamInvalidXML             StreamCondition = "invalid-xml"
	StreamNotAuthorized          StreamCondition = "not-authorized"
	StreamNotWellFormed          StreamCondition = "not-well-formed"
	StreamPolicyViolation        StreamCondition = "policy-violation"
	StreamRemoteConnectionFailed StreamCondition = "remote-connection-failed"
	StreamReset                  StreamCondition = "reset"
	StreamResourceConstraint     StreamCondition = "resource-constraint"
	StreamRestrictedXML          StreamCondition = "restricted-xml"
	StreamSeeOtherHost           StreamCondition = "see-other-host"
	StreamSystemShutdown         StreamCondition = "system-shutdown"
	StreamUndefinedCondition     StreamCondition = "undefined-condition"
	StreamUnsupportedEncoding    StreamCondition = "unsupported-encoding"
	StreamUnsupportedFeature     StreamCondition = "unsupported-feature"
	StreamUnsupportedStanzaType  StreamCondition = "unsupported-stanza-type"
	StreamUnsupportedVersion     StreamCondition = "unsupported-version"
)

// StreamError is a stream error (RFC 6120 §4.9): it ends the stream.
type StreamError struct {
	Condition StreamCondition
	// Text is for people.
	Text string
	// Address is the host to connect to instead: a domain name or IP address,
	// IPv6 in brackets, with a port behind a colon if need be (RFC 6120
	// §4.9.3.19). Only see-other-host carries one; with any other condition it
	// is not written.
	Address string
	// App is the application-specific condition (RFC 6120 §4.9.4), or nil.
	App *Element
	// Err is the cause, for the log. It never goes on the wire.
	Err error
}

// Error returns the condition, the text and the cause.
func (e *StreamError) Error() string {
	s := "stream error: " + string(e.Condition)
	if e.Text != "" {
		s += ": " + e.Text
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap returns the cause.
func (e *StreamError) Unwrap() error { return e.Err }

// Is reports whether target is a stream error with the same condition.
func (e *StreamError) Is(target error) bool {
	t, ok := target.(*StreamError)
	return ok && t != nil && e.Condition == t.Condition
}

// Element returns <stream:error/> (RFC 6120 §4.9.2). The writer gives it the
// prefix stream and declares that on the element itself, so it may be sent
// with or without a stream header around it.
func (e *StreamError) Element() *Element {
	c := e.Condition
	if c == "" {
		c = StreamUndefinedCondition
	}
	condition := New(NSStreamErrors, string(c))
	if c == StreamSeeOtherHost {
		condition.AddText(e.Address)
	}
	el := New(NSStream, "error").Add(condition)
	if e.Text != "" {
		el.Add(New(NSStreamErrors, "text", "xml:lang", textLang).AddText(e.Text))
	}
	return el.Add(e.App)
}

// Append appends the written Element.
func (e *StreamError) Append(dst []byte) []byte { return e.Element().Append(dst, NSClient) }
