package router_test

import (
	"context"
	"errors"
	"testing"

	"parley/internal/module"
	"parley/stanza"
)

// TestIQ: RFC 6120 §8.2.3 and §8.4, RFC 6121 §8.5.
func TestIQ(t *testing.T) {
	t.Parallel()
	const q = "<q xmlns='urn:q'/>"
	cases := map[string]struct {
		xml       string
		alice, at []string // what the asker gets, and bob's session x
	}{
		"to the server":           {"<iq type='get' id='1' to='localhost'>" + q + "</iq>", []string{"iq result 1"}, nil},
		"to the own account":      {"<iq type='get' id='1'>" + q + "</iq>", []string{"iq result 1"}, nil},
		"to another account":      {"<iq type='get' id='1' to='bob@localhost'>" + q + "</iq>", []string{"iq result 1"}, nil},
		"to a resource":           {"<iq type='get' id='1' to='bob@localhost/x'>" + q + "</iq>", nil, []string{"iq get 1"}},
		"unknown payload there":   {"<iq type='set' id='1' to='bob@localhost/x'><u xmlns='urn:u'/></iq>", nil, []string{"iq set 1"}},
		"to a resource not there": {"<iq type='get' id='1' to='bob@localhost/z'>" + q + "</iq>", []string{"iq error 1 service-unavailable"}, nil},
		"to nobody's resource":    {"<iq type='get' id='1' to='nobody@localhost/z'>" + q + "</iq>", []string{"iq error 1 service-unavailable"}, nil},
		"to a server's resource":  {"<iq type='get' id='1' to='localhost/z'>" + q + "</iq>", []string{"iq error 1 service-unavailable"}, nil},
		"elsewhere":               {"<iq type='get' id='1' to='example.org'>" + q + "</iq>", []string{"iq error 1 remote-server-not-found"}, nil},
		"other type":              {"<iq type='set' id='1' to='localhost'>" + q + "</iq>", []string{"iq error 1 service-unavailable"}, nil},
		"other name":              {"<iq type='get' id='1' to='localhost'><p xmlns='urn:q'/></iq>", []string{"iq error 1 service-unavailable"}, nil},
		"other namespace":         {"<iq type='get' id='1' to='bob@localhost'><q xmlns='urn:p'/></iq>", []string{"iq error 1 service-unavailable"}, nil},
		"no namespace of its own": {"<iq type='get' id='1'><q/></iq>", []string{"iq error 1 service-unavailable"}, nil},
		"fails":                   {"<iq type='get' id='1'><fail xmlns='urn:q'/></iq>", []string{"iq error 1 internal-server-error"}, nil},
		"refused":                 {"<iq type='get' id='1'><refuse xmlns='urn:q'/></iq>", []string{"iq error 1 not-allowed"}, nil},
		"later":                   {"<iq type='get' id='1'><later xmlns='urn:q'/></iq>", nil, nil},
		"no id":                   {"<iq type='get' to='localhost'>" + q + "</iq>", []string{"iq error  bad-request"}, nil},
		"no id, to a resource":    {"<iq type='get' to='bob@localhost/x'>" + q + "</iq>", []string{"iq error  bad-request"}, nil},
		"no type":                 {"<iq id='1' to='localhost'>" + q + "</iq>", []string{"iq error 1 bad-request"}, nil},
		"unknown type":            {"<iq type='put' id='1' to='bob@localhost/x'>" + q + "</iq>", []string{"iq error 1 bad-request"}, nil},
		"no payload":              {"<iq type='get' id='1' to='localhost'/>", []string{"iq error 1 bad-request"}, nil},
		"two payloads":            {"<iq type='get' id='1' to='bob@localhost/x'>" + q + q + "</iq>", []string{"iq error 1 bad-request"}, nil},
		"result with two":         {"<iq type='result' id='1' to='bob@localhost/x'>" + q + q + "</iq>", nil, nil},
		"result":                  {"<iq type='result' id='1' to='bob@localhost/x'/>", nil, []string{"iq result 1"}},
		"error":                   {"<iq type='error' id='1' to='bob@localhost/x'>" + q + "<error type='cancel'/></iq>", nil, []string{"iq error 1"}},
		"result to an account":    {"<iq type='result' id='1' to='bob@localhost'/>", nil, nil},
		"error to an account":     {"<iq type='error' id='1' to='bob@localhost'/>", nil, nil},
		"result to the server":    {"<iq type='result' id='1' to='localhost'/>", nil, nil},
		"result without 'to'":     {"<iq type='result' id='1'/>", nil, nil},
		"result to nobody there":  {"<iq type='result' id='1' to='bob@localhost/z'/>", nil, nil},
		"result elsewhere":        {"<iq type='result' id='1' to='example.org'/>", nil, nil},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			register(w.Registrar)
			alice, bob := w.bind("alice@localhost/a", 0), w.bind("bob@localhost/x", 0)
			alice.send(c.xml)
			expect(t, "alice", summaries(t, alice.received()), c.alice...)
			expect(t, "bob", summaries(t, bob.received()), c.at...)
		})
	}
}

func register(r *module.Registrar) {
	answer := func(err error) module.IQHandler {
		return func(context.Context, *module.IQ) (*stanza.Element, error) { return stanza.New("urn:q", "q"), err }
	}
	for _, target := range []module.Target{module.ToServer, module.ToAccount} {
		r.IQ(target, module.Get, "urn:q", "q", answer(nil))
		r.IQ(target, module.Get, "urn:q", "fail", answer(errors.New("the disk is full")))
		r.IQ(target, module.Get, "urn:q", "refuse", answer(stanza.NewError(stanza.NotAllowed, "")))
		r.IQ(target, module.Get, "urn:q", "later", answer(module.ErrHandled))
	}
}

// TestAnswerAddresses: RFC 6120 §8.1.2.1, §10.3.3.
func TestAnswerAddresses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	register(w.Registrar)
	alice := w.bind("alice@localhost/a", 0)
	for to, want := range map[string]string{"": "alice@localhost", " to='localhost'": "localhost", " to='bob@localhost'": "bob@localhost", " to='alice@localhost'": "alice@localhost"} {
		for _, payload := range []string{"q", "refuse", "unknown"} {
			alice.send("<iq type='get' id='1'" + to + "><" + payload + " xmlns='urn:q'/></iq>")
			got := alice.received()
			e, err := stanza.Parse([]byte(got[0]))
			if err != nil || len(got) != 1 || e.Attr("from") != want || e.Attr("to") != "alice@localhost/a" {
				t.Errorf("%q %s: %q, %v; want from %s", to, payload, got, err, want)
			}
		}
	}
}
