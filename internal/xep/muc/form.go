package muc

import (
	"strings"

	"parley/stanza"
)

// form is a data form in the making (XEP-0004).
type form struct{ x *stanza.Element }

// newForm begins a form of a kind, "form" or "result", with its FORM_TYPE
// (XEP-0068).
func newForm(kind, formType string) form {
	f := form{stanza.New(nsData, "x", "type", kind)}
	f.add("hidden", "FORM_TYPE", "", formType)
	return f
}

// say adds title and instructions.
func (f form) say(title, instructions string) form {
	f.x.Add(stanza.New(nsData, "title").AddText(title), stanza.New(nsData, "instructions").AddText(instructions))
	return f
}

// add appends a field with its values; empty ones are left out.
func (f form) add(typ, name, label string, values ...string) *stanza.Element {
	e := stanza.New(nsData, "field", "var", name)
	if typ != "" {
		e.Set("type", typ)
	}
	if label != "" {
		e.Set("label", label)
	}
	for _, v := range values {
		if v != "" {
			e.Add(stanza.New(nsData, "value").AddText(v))
		}
	}
	f.x.Add(e)
	return e
}

func addOption(field *stanza.Element, value, label string) {
	field.Add(stanza.New(nsData, "option", "label", label).Add(stanza.New(nsData, "value").AddText(value)))
}

// truth is a boolean as forms write it.
func truth(b bool) string {
	if b {
		return "1"
	}
	return "0"
}

// answers are the fields of a submitted form.
type answers map[string][]string

// readAnswers reads a form of type submit. One without any field need not tell
// its FORM_TYPE.
func readAnswers(x *stanza.Element, formType string) (answers, error) {
	if x == nil || x.Attr("type") != "submit" {
		return nil, badRequest("a form of type submit is expected")
	}
	a := answers{}
	for e := range x.Elements() {
		if !e.Is(nsData, "field") {
			continue
		}
		name := e.Attr("var")
		if _, twice := a[name]; twice && name != "" {
			return nil, badRequest("a field is there twice")
		}
		a[name] = values(e)
	}
	if len(a) > 0 && a.one("FORM_TYPE") != formType {
		return nil, badRequest("FORM_TYPE is not " + formType)
	}
	return a, nil
}

func values(field *stanza.Element) []string {
	out := []string{}
	for v := range field.Elements() {
		if v.Is(nsData, "value") {
			out = append(out, v.Text())
		}
	}
	return out
}

func (a answers) has(name string) bool { _, ok := a[name]; return ok }

// one is the text of a field; several lines are joined (text-multi).
func (a answers) one(name string) string { return strings.Join(a[name], "\n") }

// yes is a boolean field.
func (a answers) yes(name string) (bool, error) {
	switch a.one(name) {
	case "1", "true":
		return true, nil
	case "0", "false", "":
		return false, nil
	}
	return false, badRequest(name + " is neither true nor false")
}

func badRequest(text string) *stanza.Error { return stanza.NewError(stanza.BadRequest, text) }
