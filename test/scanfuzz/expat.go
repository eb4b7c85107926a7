package main

import "fmt"

// batchSize is how many documents go to expat at a time.
const batchSize = 500

// batch is documents with our answers, in memory that is used again.
type batch struct {
	questions [batchSize]question
	asked     [batchSize][]byte
	n         int
}

// againstExpat compares one batch after another while more says so.
func (w *worker) againstExpat() error {
	o, err := startOracle()
	if err != nil {
		return err
	}
	defer o.stop()
	now, next := new(batch), new(batch)
	w.prepare(now)
	for now.n > 0 {
		if err := o.send(now.asked[:now.n]); err != nil {
			return err
		}
		w.prepare(next) // while expat works
		answers, err := o.receive(now.n)
		if err != nil {
			return err
		}
		w.judgeAll(now, answers)
		now, next = next, now
	}
	return nil
}

// prepare makes and scans documents. None are left when the time is over.
func (w *worker) prepare(b *batch) {
	b.n = 0
	if !w.more(batchSize) {
		return
	}
	for i := range b.questions {
		q := &b.questions[i]
		q.doc = w.make(q.doc[:0])
		q.inStream = w.rarely(8)
		w.guard(q.doc, func() error { w.judge.ask(q); return nil })
		b.asked[i] = q.asked
	}
	b.n = batchSize
}

func (w *worker) judgeAll(b *batch, answers [][]byte) {
	for i := range answers {
		q := &b.questions[i]
		w.guard(q.doc, func() error { return w.judge.compare(q, answers[i]) })
	}
}

// guard reports an error or a panic with the document that has brought it.
func (w *worker) guard(doc []byte, f func() error) {
	defer func() {
		if p := recover(); p != nil {
			w.differs(doc, fmt.Errorf("panic: %v", p))
		}
	}()
	if err := f(); err != nil {
		w.differs(doc, err)
	}
}
