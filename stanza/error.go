package stanza

// ErrorType says what the sender may do about an error (RFC 6120 §8.3.2).
type ErrorType string

// The error types.
const (
	Auth     ErrorType = "auth"     // retry after providing credentials
	Cancel   ErrorType = "cancel"   // do not retry
	Continue ErrorType = "continue" // it was only a warning
	Modify   ErrorType = "modify"   // retry after changing the data sent
	Wait     ErrorType = "wait"     // retry after waiting
)

// Condition is a defined stanza error condition (RFC 6120 §8.3.3).
type Condition string

// The defined conditions.
const (
	BadRequest            Condition = "bad-request"
	Conflict              Condition = "conflict"
	FeatureNotImplemented Condition = "feature-not-implemented"
	Forbidden             Condition = "forbidden"
	Gone                  Condition = "gone"
	InternalServerError   Condition = "internal-server-error"
	ItemNotFound          Condition = "item-not-found"
	JIDMalformed          Condition = "jid-malformed"
	NotAcceptable         Condition = "not-acceptable"
	NotAllowed            Condition = "not-allowed"
	NotAuthorized         Condition = "not-authorized"
	PolicyViolation       Condition = "policy-violation"
	RecipientUnavailable  Condition = "recipient-unavailable"
	Redirect              Condition = "redirect"
	RegistrationRequired  Condition = "registration-required"
	RemoteServerNotFound  Condition = "remote-server-not-found"
	RemoteServerTimeout   Condition = "remote-server-timeout"
	ResourceConstraint    Condition = "resource-constraint"
	ServiceUnavailable    Condition = "service-unavailable"
	SubscriptionRequired  Condition = "subscription-required"
	UndefinedCondition    Condition = "undefined-condition"
	UnexpectedRequest     Condition = "unexpected-request"
)

// defaultTypes holds the error type that RFC 6120 §8.3.3 associates with each
// condition. Where it names two, or says that any will do, the first fits best:
// policy-violation is modify or wait, unexpected-request wait or modify.
var defaultTypes = map[Condition]ErrorType{
	BadRequest:            Modify,
	Conflict:              Cancel,
	FeatureNotImplemented: Cancel,
	Forbidden:             Auth,
	Gone:                  Cancel,
	InternalServerError:   Cancel,
	ItemNotFound:          Cancel,
	JIDMalformed:          Modify,
	NotAcceptable:         Modify,
	NotAllowed:            Cancel,
	NotAuthorized:         Auth,
	PolicyViolation:       Modify,
	RecipientUnavailable:  Wait,
	Redirect:              Modify,
	RegistrationRequired:  Auth,
	RemoteServerNotFound:  Cancel,
	RemoteServerTimeout:   Wait,
	ResourceConstraint:    Wait,
	ServiceUnavailable:    Cancel,
	SubscriptionRequired:  Auth,
	UndefinedCondition:    Cancel,
	UnexpectedRequest:     Wait,
}

// Error is a stanza error (RFC 6120 §8.3): the request failed, the stream goes
// on. It is a Go error whose condition errors.Is compares.
type Error struct {
	Type      ErrorType
	Condition Condition
	// Text is for people. By is the JID of who found the error.
	Text, By string
	// Address is where to go instead, a URI or IRI, mostly of the scheme xmpp
	// (RFC 6120 §8.3.3.5, §8.3.3.14). Only gone and redirect carry one; with
	// any other condition it is not written.
	Address string
	// App is the application-specific condition (RFC 6120 §8.3.4), or nil.
	App *Element
}

// textLang is the language of the texts of errors, whatever the stream's is (RFC
// 6120 §4.9.2, §8.3.2).
const textLang = "en"

// NewError returns an error of the type that RFC 6120 §8.3.3 associates with
// the condition. The text may be empty.
func NewError(c Condition, text string) *Error {
	t, ok := defaultTypes[c]
	if !ok {
		t = Cancel
	}
	return &Error{Type: t, Condition: c, Text: text}
}

// Error returns the condition and the text.
func (e *Error) Error() string {
	s := "stanza error: " + string(e.Condition)
	if e.Text != "" {
		s += ": " + e.Text
	}
	return s
}

// Is reports whether target is a stanza error with the same condition.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t != nil && e.Condition == t.Condition
}

// Element returns the <error/> child of an error stanza (RFC 6120 §8.3.2).
func (e *Error) Element() *Element {
	t, c := e.Type, e.Condition
	if c == "" {
		c = UndefinedCondition
	}
	if t == "" {
		t = NewError(c, "").Type
	}
	el := New(NSClient, "error", "type", string(t))
	if e.By != "" {
		el.Set("by", e.By)
	}
	condition := New(NSStanzaErrors, string(c))
	if c == Gone || c == Redirect {
		condition.AddText(e.Address)
	}
	el.Add(condition)
	if e.Text != "" {
		el.Add(New(NSStanzaErrors, "text", "xml:lang", textLang).AddText(e.Text))
	}
	return el.Add(e.App)
}
