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
// that failed, it was told so, once for each stanza.
func TestUnstored(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var u unstored
		u.wait(t.Context()) // for nothing
		good, bad, worse := newWrite(), newWrite(), newWrite()
		failure := errors.New("no")
		told := make(chan error)
		u.add([]module.Pending{good}, func(error) { t.Error("what was stored has failed") })
		if left := u.add([]module.Pending{bad, worse}, func(err error) { told <- err }); left != 3 {
			t.Errorf("%d are under way", left)
		}
		answered := make(chan struct{})
		go func() {
			u.wait(t.Context())
			close(answered)
		}()
		for _, end := range []func(){
			func() { good.end(nil) }, func() { bad.end(failure) }, func() { worse.end(failure) },
		} {
			end()
			synctest.Wait()
			select {
			case <-answered:
				t.Fatal("answered too early")
			default:
			}
		}
		if err := <-told; !errors.Is(err, failure) {
			t.Errorf("told %v", err)
		}
		<-answered
	})
}
