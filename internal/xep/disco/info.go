package disco

import (
	"cmp"
	"crypto/sha1" // #nosec G505 -- the hash that XEP-0115 §9 makes mandatory
	"encoding/base64"
	"slices"
	"strings"

	"parley/internal/module"
	"parley/stanza"
)

// info is the content of a disco#info answer.
type info struct {
	identities []identity
	features   []string
	forms      []form
}

// identity is a module.Identity with the language that other software may give.
type identity struct {
	module.Identity
	lang string
}

func plain(ids []module.Identity) []identity {
	var out []identity
	for _, id := range ids {
		out = append(out, identity{Identity: id})
	}
	return out
}

// form is a data form of XEP-0128.
type form struct {
	formType string
	fields   []field
}

type field struct {
	name   string
	values []string
}

// element builds the answer; node is mirrored (XEP-0030 §3.2).
func (in info) element(node string) *stanza.Element {
	query := stanza.New(NSInfo, "query")
	if node != "" {
		query.Set("node", node)
	}
	for _, id := range in.identities {
		e := stanza.New(NSInfo, "identity", "category", id.Category, "type", id.Type)
		if id.Name != "" {
			e.Set("name", id.Name)
		}
		query.Add(e)
	}
	for _, f := range in.features {
		query.Add(stanza.New(NSInfo, "feature", "var", f))
	}
	for _, f := range in.forms {
		query.Add(f.element())
	}
	return query
}

// ver computes the verification string (XEP-0115 §5.1). All sorting is by
// bytes ("i;octet"), which is what Go's string order is.
func (in info) ver() string {
	sum := sha1.Sum([]byte(in.input())) // #nosec G401 -- not used for secrecy
	return base64.StdEncoding.EncodeToString(sum[:])
}

func (in info) input() string {
	var b strings.Builder
	for _, id := range slices.SortedFunc(slices.Values(in.identities), compare) {
		b.WriteString(id.Category + "/" + id.Type + "/" + id.lang + "/" + id.Name + "<")
	}
	for _, f := range slices.Sorted(slices.Values(in.features)) {
		b.WriteString(f + "<")
	}
	forms := slices.SortedFunc(slices.Values(in.forms), func(a, b form) int {
		return strings.Compare(a.formType, b.formType)
	})
	for _, f := range forms {
		f.appendTo(&b)
	}
	return b.String()
}

func compare(a, b identity) int {
	return cmp.Or(
		strings.Compare(a.Category, b.Category),
		strings.Compare(a.Type, b.Type),
		strings.Compare(a.lang, b.lang),
	)
}

func (f form) appendTo(b *strings.Builder) {
	b.WriteString(f.formType + "<")
	fields := slices.SortedFunc(slices.Values(f.fields), func(a, b field) int {
		return strings.Compare(a.name, b.name)
	})
	for _, fl := range fields {
		b.WriteString(fl.name + "<")
		for _, v := range slices.Sorted(slices.Values(fl.values)) {
			b.WriteString(v + "<")
		}
	}
}

func (f form) element() *stanza.Element {
	x := stanza.New(nsData, "x", "type", "result")
	x.Add(stanza.New(nsData, "field", "var", "FORM_TYPE", "type", "hidden").Add(value(f.formType)))
	for _, fl := range f.fields {
		e := stanza.New(nsData, "field", "var", fl.name, "type", "list-multi")
		for _, v := range fl.values {
			e.Add(value(v))
		}
		x.Add(e)
	}
	return x
}

func value(s string) *stanza.Element { return stanza.New(nsData, "value").AddText(s) }

// forms returns the contact addresses as a form (XEP-0157 §3), none if there
// are no addresses.
func (c Contacts) forms() []form {
	all := []field{
		{"abuse-addresses", c.Abuse}, {"admin-addresses", c.Admin}, {"feedback-addresses", c.Feedback},
		{"sales-addresses", c.Sales}, {"security-addresses", c.Security}, {"status-addresses", c.Status},
		{"support-addresses", c.Support},
	}
	given := slices.DeleteFunc(all, func(f field) bool { return len(f.values) == 0 })
	if len(given) == 0 {
		return nil
	}
	return []form{{formServer, given}}
}
