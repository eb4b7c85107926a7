package stanza_test

import (
	"encoding/binary"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"

	"parley/stanza"
)

// oracle is a running testdata/expat_oracle.py. There is one per test process,
// which ends when the process closes its standard input.
type oracle struct {
	mu  sync.Mutex
	in  io.Writer
	out io.Reader
}

var startOracle = sync.OnceValues(func() (*oracle, error) {
	python, err := exec.LookPath("python3")
	if err != nil {
		return nil, nil // then what we accept is checked against itself only
	}
	cmd := exec.Command(python, "testdata/expat_oracle.py")
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	stopOracle = func() {
		in.Close()
		cmd.Wait()
	}
	return &oracle{in: in, out: out}, cmd.Start()
})

var stopOracle = func() {}

func TestMain(m *testing.M) {
	code := m.Run()
	stopOracle()
	os.Exit(code)
}

// ask returns what expat makes of a document: its tree, or "!" and why not. It
// reports false if there is no Python here.
func ask(t testing.TB, doc []byte) (string, bool) {
	t.Helper()
	o, err := startOracle()
	if err != nil {
		t.Fatalf("expat oracle: %v", err)
	}
	if o == nil {
		return "", false
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if _, err := o.in.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(doc))), doc...)); err != nil {
		t.Fatalf("expat oracle: %v", err)
	}
	var head [4]byte
	if _, err := io.ReadFull(o.out, head[:]); err != nil {
		t.Fatalf("expat oracle: %v", err)
	}
	answer := make([]byte, binary.BigEndian.Uint32(head[:]))
	if _, err := io.ReadFull(o.out, answer); err != nil {
		t.Fatalf("expat oracle: %v", err)
	}
	return string(answer), true
}

var dumpEscapes = strings.NewReplacer(`\`, `\\`, "\t", `\t`, "\n", `\n`, "\r", `\r`)

// dump writes a tree as the oracle does.
func dump(e *stanza.Element) string {
	return strings.Join(dumpLines(nil, e), "\n")
}

func dumpLines(lines []string, e *stanza.Element) []string {
	lines = append(lines, "("+dumpEscapes.Replace(e.Space)+"\t"+dumpEscapes.Replace(e.Local))
	start := len(lines)
	for _, a := range e.Attrs {
		lines = append(lines, "@"+dumpEscapes.Replace(a.Space)+"\t"+a.Name+"="+dumpEscapes.Replace(a.Value))
	}
	slices.SortFunc(lines[start:], compareByRune)
	for _, n := range e.Nodes {
		if n.Element != nil {
			lines = dumpLines(lines, n.Element)
		} else {
			lines = append(lines, `"`+dumpEscapes.Replace(n.Text))
		}
	}
	return append(lines, ")")
}

// compareByRune is how Python sorts, which for UTF-8 is the order of bytes.
func compareByRune(a, b string) int { return strings.Compare(a, b) }

// agree fails unless expat reads an accepted document as we did.
func agree(t testing.TB, doc []byte, got *stanza.Element) {
	t.Helper()
	want, ok := ask(t, doc)
	switch {
	case !ok:
	case strings.HasPrefix(want, "!"):
		t.Fatalf("we accept what expat refuses: %s\n%q", want[1:], doc)
	case dump(got) != want:
		t.Fatalf("trees differ\n  doc %q\n  got\n%s\n  expat\n%s", doc, dump(got), want)
	}
}

// TestOracle fails if the oracle does not say no, or does not say the tree.
func TestOracle(t *testing.T) {
	t.Parallel()
	for doc, want := range map[string]string{
		`<a>`:                        "!no element found: line 1, column 3",
		`<!DOCTYPE a><a/>`:           "!a document type declaration",
		`<p:a/>`:                     "!unbound prefix: line 1, column 0",
		`<a b='&#9;'>x<b/>\</a>`:     "(\ta\n@\tb=\\t\n\"x\n(\tb\n)\n\"\\\\\n)",
		`<p:a xmlns:p='u' p:b='c'/>`: "(u\ta\n@u\tb=c\n)",
	} {
		if got, known := ask(t, []byte(doc)); known && got != want {
			t.Errorf("%s: got %q, want %q", doc, got, want)
		}
	}
}
