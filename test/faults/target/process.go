package target

import (
	"fmt"
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

// Process is a server's, in a group of its own.
type Process struct {
	cmd    *exec.Cmd
	exited chan struct{} // closed when it is gone
}

// Launch starts cmd with its output in dir. The process ends with ours, for
// which the thread that starts it must live as long as it.
func Launch(cmd *exec.Cmd, dir string) (*Process, error) {
	log, err := logFile(dir)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	cmd.Stdout, cmd.Stderr = log, log
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Setpgid = true
	dieWithUs(cmd.SysProcAttr)
	p, started := &Process{cmd, make(chan struct{})}, make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait() // it is killed most of the time
		}
		close(p.exited)
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("target: %w", err)
	}
	return p, nil
}

// Kill implements Server.
func (p *Process) Kill() {
	_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL) // it may be gone
	<-p.exited
}

// Terminate implements Server.
func (p *Process) Terminate() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM) // it may be gone
	select {
	case <-p.exited:
	case <-time.After(terminateTime):
		p.Kill()
	}
}

// terminateTime is what a server has to end in order.
const terminateTime = 30 * time.Second

// Exited implements Server.
func (p *Process) Exited() <-chan struct{} { return p.exited }

// PID implements Server.
func (p *Process) PID() int { return p.cmd.Process.Pid }
