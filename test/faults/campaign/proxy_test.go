package campaign

import (
	"bufio"
	"net"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// echo answers each line, as a database would.
func echo(t *testing.T, folder string) {
	t.Helper()
	l, err := net.Listen("unix", filepath.Join(folder, socketName))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				for r := bufio.NewReader(c); ; {
					line, err := r.ReadString('\n')
					if err != nil {
						return
					}
					if _, err := c.Write([]byte(line)); err != nil {
						return
					}
				}
			}()
		}
	}()
}

func ask(c net.Conn) error {
	if _, err := c.Write([]byte("hello\n")); err != nil {
		return err
	}
	_, err := bufio.NewReader(c).ReadString('\n')
	return err
}

func TestProxy(t *testing.T) {
	t.Parallel()
	folder, target := t.TempDir(), t.TempDir()
	echo(t, target)
	p, err := newProxy(folder, target)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	dial := func(network, address string) net.Conn {
		c, err := net.Dial(network, address)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		return c
	}
	socket, tcp := dial("unix", filepath.Join(folder, socketName)), dial("tcp", p.tcp)
	for _, c := range []net.Conn{socket, tcp} {
		if err := ask(c); err != nil {
			t.Errorf("through the proxy: %v", err)
		}
	}
	p.Cut()
	for _, c := range []net.Conn{socket, tcp, dial("tcp", p.tcp)} {
		if ask(c) == nil {
			t.Error("a connection that was cut answers")
		}
	}
	p.Restore()
	if err := ask(dial("unix", filepath.Join(folder, socketName))); err != nil {
		t.Errorf("restored: %v", err)
	}
}
