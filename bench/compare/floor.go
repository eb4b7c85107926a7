package main

import (
	"os/exec"

	"parley/test/faults/client"
	"parley/test/faults/target"
)

// floor is the relay, a program like the servers.
type floor struct {
	*target.Process
	binary, dir, addr string
}

func newFloor(binary, dir string) (target.Server, error) {
	addr, err := target.FreeAddr()
	return &floor{binary: binary, dir: dir, addr: addr}, err
}

// Start implements target.Server.
func (f *floor) Start() (err error) {
	f.Process, err = target.Launch(exec.Command(f.binary, "-addr", f.addr), f.dir)
	return err
}

// Address implements target.Server.
func (f *floor) Address() client.Address { return client.Address{WebSocket: "ws://" + f.addr + "/"} }

// Metrics implements target.Server.
func (*floor) Metrics() string { return "" }
