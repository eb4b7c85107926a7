package main

import (
	"bufio"
	"bytes"
	_ "embed"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"os/exec"
)

//go:embed oracle.py
var oracleProgram string

// oracle is a Python process with expat in it. It is for one goroutine.
type oracle struct {
	process *exec.Cmd
	in      io.WriteCloser
	out     *bufio.Reader
	request []byte
	reply   []byte
}

func startOracle() (*oracle, error) {
	o := &oracle{process: exec.Command("python3", "-c", oracleProgram)}
	o.process.Stderr = os.Stderr
	var err error
	if o.in, err = o.process.StdinPipe(); err != nil {
		return nil, fmt.Errorf("oracle: %w", err)
	}
	out, err := o.process.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("oracle: %w", err)
	}
	o.out = bufio.NewReaderSize(out, 1<<16)
	if err := o.process.Start(); err != nil {
		return nil, fmt.Errorf("oracle: %w", err)
	}
	return o, nil
}

func (o *oracle) stop() {
	_ = o.in.Close()
	_ = o.process.Wait() // it ends with its input
}

// send asks about a batch; receive returns the answers. Between the two the
// caller may work.
func (o *oracle) send(docs [][]byte) error {
	b := binary.BigEndian.AppendUint32(o.request[:0], uint32(len(docs)))
	for _, d := range docs {
		b = binary.BigEndian.AppendUint32(b, uint32(len(d)))
	}
	for _, d := range docs {
		b = append(b, d...)
	}
	o.request = b
	if _, err := o.in.Write(b); err != nil {
		return fmt.Errorf("oracle: %w", err)
	}
	return nil
}

// receive returns what expat made of each document, valid until the next call.
func (o *oracle) receive(n int) ([][]byte, error) {
	var head [4]byte
	if _, err := io.ReadFull(o.out, head[:]); err != nil {
		return nil, fmt.Errorf("oracle: %w", err)
	}
	size := int(binary.BigEndian.Uint32(head[:]))
	if cap(o.reply) < size {
		o.reply = make([]byte, size)
	}
	o.reply = o.reply[:size]
	if _, err := io.ReadFull(o.out, o.reply); err != nil {
		return nil, fmt.Errorf("oracle: %w", err)
	}
	answers := bytes.Split(o.reply, []byte{3})
	if len(answers) != n {
		return nil, fmt.Errorf("oracle: %d answers to %d documents", len(answers), n)
	}
	return answers, nil
}
