package sasl

import "fmt"

// The conditions of RFC 6120 §6.5.
const (
	Aborted              = "aborted"
	AccountDisabled      = "account-disabled"
	CredentialsExpired   = "credentials-expired"
	EncryptionRequired   = "encryption-required"
	IncorrectEncoding    = "incorrect-encoding"
	InvalidAuthzid       = "invalid-authzid"
	InvalidMechanism     = "invalid-mechanism"
	MalformedRequest     = "malformed-request"
	MechanismTooWeak     = "mechanism-too-weak"
	NotAuthorized        = "not-authorized"
	TemporaryAuthFailure = "temporary-auth-failure"
)

// Failure ends an exchange. Condition and Text go to the peer; Err is for the
// log and never holds anything that the peer sent.
type Failure struct {
	Condition string // one of the conditions of RFC 6120 §6.5
	Text      string // for people; may be empty
	Err       error  // the cause; may be nil
}

// Error describes the failure for the log.
func (f *Failure) Error() string {
	s := "sasl: " + f.Condition
	if f.Text != "" {
		s += ": " + f.Text
	}
	if f.Err != nil {
		s += fmt.Sprintf(": %v", f.Err)
	}
	return s
}

// Unwrap returns the cause.
func (f *Failure) Unwrap() error { return f.Err }

func fail(condition, text string) *Failure {
	return &Failure{Condition: condition, Text: text}
}

// notAuthorized is the one answer to an unknown account, a wrong password and
// a wrong proof: RFC 6120 §6.5.10 asks that they cannot be told apart.
func notAuthorized() *Failure {
	return fail(NotAuthorized, "The user name or the password is not right.")
}
