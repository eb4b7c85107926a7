package register

import (
	"fmt"

	"parley/stanza"
)

// input is what a user has filled in.
type input struct{ username, password string }

// readForm reads the fields of <query/>, or of the data form in it, which
// takes precedence (XEP-0077 §4, §6). ok is false for a form that is not a
// submission.
func readForm(query *stanza.Element) (in input, ok bool) {
	x := query.Child(nsData, "x")
	if x == nil {
		return input{
			username: query.Child(NS, "username").Text(),
			password: query.Child(NS, "password").Text(),
		}, true
	}
	if x.Attr("type") != "submit" {
		return input{}, false
	}
	for f := range x.Elements() {
		if !f.Is(nsData, "field") {
			continue
		}
		switch v := f.Child(nsData, "value").Text(); f.Attr("var") {
		case "username":
			in.username = v
		case "password":
			in.password = v
		}
	}
	return in, true
}

func children(e *stanza.Element) (n int) {
	for range e.Elements() {
		n++
	}
	return n
}

func (m *Module) shortPassword() string {
	if m.opts.MinPassword == 1 {
		return "The password is empty."
	}
	return fmt.Sprintf("The password needs at least %d characters.", m.opts.MinPassword)
}
