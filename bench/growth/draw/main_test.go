package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A picture for each figure, with the names of its axes and curves.
func TestDraw(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, dir, "figure,across,up,curve,x,y\n"+
		`chat,"sessions, all",µs,1 CPU,100,10`+"\n"+`chat,"sessions, all",µs,1 CPU,1000,11`+"\n"+
		`chat,"sessions, all",µs,2 CPUs,100,12`+"\n"+`roster,contacts,µs,1 CPU,10,1`+"\n"+`roster,contacts,µs,1 CPU,100,1`+"\n")
	if err := run([]string{dir}); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"chat", "roster"} {
		b, err := os.ReadFile(filepath.Join(dir, name+".svg"))
		if err != nil || !strings.Contains(string(b), "<svg") {
			t.Errorf("%s: %v", name, err)
		}
	}
	b, _ := os.ReadFile(filepath.Join(dir, "chat.svg"))
	for _, want := range []string{"sessions, all", "2 CPUs", ">1000<"} {
		if !strings.Contains(string(b), want) {
			t.Errorf("%q is not in the picture", want)
		}
	}
}

func TestBadFiles(t *testing.T) {
	t.Parallel()
	const head = "figure,across,up,curve,x,y\n"
	for name, text := range map[string]string{
		"empty": "", "no rows": head, "few fields": head + "chat,1\n", "no number": head + "chat,a,b,c,1,much\n", "no size": head + "chat,a,b,c,0,1\n",
	} {
		dir := t.TempDir()
		write(t, dir, text)
		if err := run([]string{dir}); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func write(t *testing.T, dir, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, "growth.csv"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
