package wire

import "testing"

func TestAttr(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		element, attr string
		want          string
		none          bool
	}{
		"double quotes":       {`<message from="a@b/c" to="d"/>`, "from", "a@b/c", false},
		"single quotes":       {`<message from='a@b/c' to='d'/>`, "to", "d", false},
		"space around":        {"<message\n from =\t'x'>", "from", "x", false},
		"empty":               {`<message id=''/>`, "id", "", false},
		"name in a value":     {`<message id=' from="no"' from='yes'/>`, "from", "yes", false},
		"end of another name": {`<message x-from='no' xml:from='no'/>`, "from", "", true},
		"only in a child":     {`<message><x from='no'/></message>`, "from", "", true},
		"angle in a value":    {`<message id='a>b' from='yes'/>`, "from", "yes", false},
		"no end":              {`<message from='a`, "from", "", true},
		"none":                {`<message/>`, "from", "", true},
	} {
		got := Attr([]byte(tt.element), tt.attr)
		if string(got) != tt.want || (got == nil) != tt.none {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}

func TestText(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ element, want string }{
		"plain":          {`<message><body>hi</body></message>`, "hi"},
		"attributes":     {`<message><body xml:lang='e>n'>hi</body></message>`, "hi"},
		"longer name":    {`<message><bodyguard>no</bodyguard><body>hi</body></message>`, "hi"},
		"word in a text": {`<message><subject>body</subject><body>hi</body></message>`, "hi"},
		"empty":          {`<message><body/></message>`, ""},
		"none":           {`<message/>`, ""},
		"no end":         {`<message><body`, ""},
	} {
		if got := Text([]byte(tt.element), "body"); string(got) != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}

func TestIs(t *testing.T) {
	t.Parallel()
	for element, want := range map[string]bool{
		"<message>": true, "<message/>": true, "<message to='x'>": true, "<message\n>": true,
		"<messages>": false, "<message": false, "message>": false, "": false,
	} {
		if got := Is([]byte(element), "message"); got != want {
			t.Errorf("%q: %v", element, got)
		}
	}
}

const chatMessage = `<message from='user1@localhost/4vz6qm2hkd' to='user2@localhost' type='chat' id='4711' xml:lang='en'>` +
	`<body>pb-01234567-4711 So we beat on, boats against the current, So we beat on, bo</body></message>`

func BenchmarkScanMessage(b *testing.B) {
	message := []byte(chatMessage)
	b.ReportAllocs()
	b.SetBytes(int64(len(message)))
	for b.Loop() {
		if !Is(message, "message") || Attr(message, "from") == nil || Attr(message, "type") == nil || Text(message, "body") == nil {
			b.Fatal("not found")
		}
	}
}

func BenchmarkCutTCP(b *testing.B) {
	message := []byte(chatMessage)
	t := tcp{open: true}
	b.ReportAllocs()
	b.SetBytes(int64(len(message)))
	for b.Loop() {
		if it, n, err := t.cut(message); it.kind != anElement || n != len(message) || err != nil {
			b.Fatal(it, n, err)
		}
	}
}

func BenchmarkFrame(b *testing.B) {
	message, out := []byte(chatMessage), []byte(nil)
	b.ReportAllocs()
	b.SetBytes(int64(len(message)))
	for b.Loop() {
		out = appendFrame(out[:0], opText, message)
	}
}

func TestHotPathAllocatesNothing(t *testing.T) {
	message, out := []byte(chatMessage), make([]byte, 0, 1<<10)
	in := serverFrame(finBit|opText, chatMessage)
	splitter := tcp{open: true}
	var f frame
	got := testing.AllocsPerRun(100, func() {
		out = appendFrame(out[:0], opText, message)
		f, _, _ = cutFrame(in)
		_, _, _ = splitter.cut(message)
		_ = Attr(f.payload, "from")
		_ = Text(f.payload, "body")
	})
	if got != 0 {
		t.Errorf("%v allocations per message", got)
	}
}
