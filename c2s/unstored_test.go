package c2s

import (
	"errors"
	"testing"
	"testing/synctest"

	"parley/internal/module"
)

// write is one that ends when the test says so.
type write struct {
	done chan struct{}
	err  error
	then []func()
}

func newWrite() *write { return &write{done: make(chan struct{})} }

func (w *write) Done() <-chan struct{} { return w.done }
func (w *write) Err() error            { return w.err }
func (w *write) Then(f func())         { w.then = append(w.then, f) }

func (w *write) end(err error) {
	w.err = err
	close(w.done)
	for _, f := range w.then {
		f()
	}
}

// A client is answered when everything that it said before is stored or, where
// that failed, it was told so: once for each stanza, and in their order.
func TestUnstored(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var u unstored
		u.wait(t.Context()) // for nothing
		first, good, bad, worse := newWrite(), newWrite(), newWrite(), newWrite()
		failure := errors.New("no")
		told := make(chan int)
		u.add([]module.Pending{first}, func(error) { told <- 1 })
		u.add([]module.Pending{good}, func(error) { t.Error("what was stored has failed") })
		if n := u.add([]module.Pending{bad, worse}, func(error) { told <- 3 }); n != 3 {
			t.Errorf("%d are under way", n)
		}
		answered := make(chan struct{})
		go func() {
			u.wait(t.Context())
			close(answered)
		}()
		waits := func(when string) {
			t.Helper()
			synctest.Wait()
			select {
			case n := <-told:
				t.Fatalf("%s: stanza %d is refused", when, n)
			case <-answered:
				t.Fatalf("%s: answered too early", when)
			default:
			}
		}
		worse.end(failure)
		bad.end(failure)
		good.end(nil)
		waits("the last has failed, the first has not")
		first.end(failure)
		if n := <-told; n != 1 {
			t.Errorf("the first to be refused is %d", n)
		}
		if n := <-told; n != 3 {
			t.Errorf("the second to be refused is %d", n)
		}
		<-answered
	})
}
