package main

// words to choose from.
type words struct{ good, bad []string }

// What documents are made of: mostly of the good, now and then of the bad.
var (
	names = words{
		good: []string{
			"message", "iq", "presence", "body", "x", "a", "b", "query", "item", "_", "é", "ж", "名前", "a-b", "a.b", "a1",
			"xml", "XML", "xmlns", "stream", "À", "a·b", "a\u0301", "a\u0660", "ο", "가", "xmlx", "Æ_",
		},
		bad: []string{"Ⅷ", "n\u00AA", "\u0132", "1", "-a", ".", "\u0301a", "a\u200D", "😀", "", "a:b", ":", "\u037F", "×"},
	}
	prefixes = words{
		good: []string{"a", "b", "п"},
		bad:  []string{"s", "stream", "xml", "xmlns", "u", "xm", "xmlnsx", "", "1"},
	}
	plainAttributes = words{
		good: []string{"to", "from", "id", "type", "xml:lang", "xml:space", "c", "d", "e", "f", "é", "xmlnsx"},
		bad:  []string{"xmlns", "xmlns:", ":a", "a:", "u:v", "xmlns:xmlns", "xmlns:xml", "1"},
	}
	uris = words{
		good: []string{"urn:a", "urn:b", "urn:c", "jabber:client", "http://etherx.jabber.org/streams", "urn:&amp;", "urn:\ta", "urn:&#x61;", "é", " urn:a", "urn:a ", "&lt;", "x\r\ny", "&#xA;"},
		bad:  []string{"", "http://www.w3.org/XML/1998/namespace", "http://www.w3.org/2000/xmlns/", "u<", "&#x0;", "http://www.w3.org/XML/1998/namespac&#x65;"},
	}
	spaces = words{
		good: []string{" ", "\n", "\t", "\r", "\r\n", "  ", " \n "},
		bad:  []string{"", "\u00A0", "\f", "\v", "\u0085", "\u2028", "\uFEFF", "\x00"},
	}
	texts = words{
		good: []string{
			"hello", "x", " ", "\n", "\r\n", "\r", "\t", "a b", "]]", "]", ">", "é", "😀", "語", "\u0301", "=", "/", "]] >", "&gt;", "\r\r\n",
			"longer text that fills several words of eight bytes", "12345678", "1234567é", "]]&gt;", "\u2028", "\uFFFD", "\u007F\u0080",
		},
		bad: []string{
			"'", "\"", "\x00", "\x01", "\x1f", "\x7f", "\x80", "\xc0\x80", "\xc1\xbf", "\xc2", "\xe0\x80\x80", "\xed\xa0\x80", "\xef\xbf\xbe", "\xef\xbf\xbf",
			"\xef\xbf", "\xf0\x80\x80\x80", "\xf0\x9f\x98", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "\xfe", "\xc2\x00", "\xe2\x82<", "<", "<>", "</>",
			"< a>", "<a", "</a", "<a/", "<1>", "<:a/>", "<a:/>", "<a:b:c/>", "]]>", "]]]>",
		},
	}
	references = words{
		good: []string{"&amp;", "&lt;", "&gt;", "&quot;", "&apos;", "&#9;", "&#xA;", "&#13;", "&#x20;", "&#x26;", "&#60;", "&#x0041;", "&#00000000000065;", "&#x1F600;", "&#xD;&#xA;", "&#x9;"},
		bad: []string{
			"&#0;", "&#;", "&#x;", "&", "&amp", "&nbsp;", "&a:b;", "&#xD800;", "&#xFFFE;", "&#1114112;", "&#x110000;", "&#4294967361;", "&#-1;", "& amp;", "&é;",
			"&#X41;", "&#x41", "&AMP;", "&#x4294967361;", "&#65", "&;", "&#x1;", "&# 65;", "&#65 ;",
		},
	}
	sections = words{
		good: []string{"", "x", "<a>", "]]", "]", "&amp;", "\r\n", "\r", "]]&gt;", "é", "</a>", "<![CDATA[", " ", "\t", "]]]", "\r\r", "]>", "]></a>", "]><b>", "]x]></a>"},
		bad:  []string{"\x01", "\xff", "\x00", "]]>", "\uFFFE", "]]>]]>"},
	}
	prologs          = []string{"<?xml version='1.0'?>", "<?xml version='1.0' encoding='UTF-8'?>", "\uFEFF", "<!-- c -->", "<!DOCTYPE a>", "<?p i?>", "x"}
	restrictedMarkup = []string{"<!-- c -->", "<?p i?>", "<!DOCTYPE a>", "<![INCLUDE[x]]>", "<!ENTITY a 'b'>", "<!---->", "<?xml version='1.0'?>", "<![CDATA", "<!", "<?"}
	codes            = []int{0, 9, 0xA, 0xD, 0x20, 0x7F, 0x80, 0x9F, 0xD7, 0xF7, 0xD800, 0xDFFF, 0xE000, 0xFFFD, 0xFFFF, 0x10000, 0x1FFFF, 0x10FFFF, 0x110000, 0x2FF, 0x370, 0x37F, 0x2000, 0x3000}

	// fragments is what mutations put in.
	fragments = join(
		names.good, names.bad, prefixes.good, prefixes.bad, uris.good, uris.bad, spaces.good, spaces.bad, texts.good, texts.bad,
		references.good, references.bad, sections.good, sections.bad, prologs, restrictedMarkup, []string{
			"<", ">", "/", "'", "\"", "=", ":", "&", ";", "]", "!", "?", "#", "x", "xmlns", " xmlns=", " xmlns:a=", " xmlns:a=''", " xml:lang='en'", " xmlns:xml='http://www.w3.org/XML/1998/namespace'",
			" xmlns:xmlns='u'", " a:b='c'", " a='1'", "<a>", "</a>", "<a/>", "<b:c/>", "<![CDATA[", "]]>", " a='1' a='2'", " a:z='1'  п:z='2'", "/>",
		})
)

func join(lists ...[]string) (all []string) {
	for _, l := range lists {
		all = append(all, l...)
	}
	return all
}
