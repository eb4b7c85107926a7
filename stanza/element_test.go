package stanza_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"parley/stanza"
)

func TestElement(t *testing.T) {
	t.Parallel()
	e := stanza.New("u", "a", "b", "1", "xml:lang", "en").Set("b", "2").Set("c", "")
	e.AddText("x").AddText("y").Add(stanza.New("u", "d"), nil, stanza.New("v", "d", "n", "2")).AddText("").AddText("z")
	if got, want := e.String(), `<a xmlns='u' b='2' xml:lang='en' c=''>xy<d/><d xmlns='v' n='2'/>z</a>`; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if e.Text() != "xyz" || e.First().Space != "u" || e.Child("v", "d").Attr("n") != "2" {
		t.Errorf("text %q, first %v, child %v", e.Text(), e.First(), e.Child("v", "d"))
	}
	if v, has := e.Lookup("c"); v != "" || !has {
		t.Errorf("c is %q, %v", v, has)
	}
	if _, has := e.Lookup("lang"); has || e.Attr("xml:lang") != "en" {
		t.Errorf("lang is %v, xml:lang is %q", has, e.Attr("xml:lang"))
	}
	if n := len(slices.Collect(e.Elements())); n != 2 {
		t.Errorf("%d elements", n)
	}
	if e.Child("w", "d") != nil || !e.Is("u", "a") || e.Is("", "a") {
		t.Error("names are mixed up")
	}
}

func TestElementNil(t *testing.T) {
	t.Parallel()
	var e *stanza.Element
	if e.Child("", "a") != nil || e.First() != nil || e.Text() != "" || e.Attr("a") != "" || e.Is("", "") || e.String() != "" {
		t.Error("nil is not empty")
	}
	for range e.Elements() {
		t.Error("nil has an element")
	}
}

func TestNewPanics(t *testing.T) {
	t.Parallel()
	defer func() {
		if recover() == nil {
			t.Error("no panic for an attribute without a value")
		}
	}()
	stanza.New("", "a", strings.Fields("b")...)
}

func TestParse(t *testing.T) {
	t.Parallel()
	got, err := stanza.Parse([]byte("<a b='1&amp;2' xml:lang='en' xmlns:p='u' p:c='\t'>x<![CDATA[<]]>&#x20AC;<p:d xmlns='v'><e/></p:d>\r\n</a>"))
	if err != nil {
		t.Fatal(err)
	}
	want := &stanza.Element{
		Space: stanza.NSClient, Local: "a",
		Attrs: []stanza.Attr{{Name: "b", Value: "1&2"}, {Space: stanza.NSXML, Name: "lang", Value: "en"}, {Space: "u", Name: "c", Value: " "}},
		Nodes: []stanza.Node{
			{Text: "x<€"},
			{Element: &stanza.Element{Space: "u", Local: "d", Nodes: []stanza.Node{
				{Element: &stanza.Element{Space: "v", Local: "e"}}}}},
			{Text: "\n"},
		},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%s\nwant\n%s", dump(got), dump(want))
	}
	if e, err := stanza.Parse([]byte(`<a xmlns=''/>`)); err != nil || e.Space != "" {
		t.Errorf("in no namespace: %v, %v", e, err)
	}
	if e, err := stanza.ParseIn([]byte(`<a/>`), nil); err != nil || e.Space != stanza.NSClient {
		t.Errorf("without a header: %v, %v", e, err)
	}
}
