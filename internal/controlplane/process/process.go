// Package process runs children whose output goes to a file, and which on Linux
// end with their parent, however that ends.
package process

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// stopWithin is how long a process may take to end after a signal.
const stopWithin = 10 * time.Second

// ErrEnded says that a process is no more, so that waiting is of no use.
var ErrEnded = errors.New("ended by itself")

// Process is a child that was started.
type Process struct {
	// Name is what it is called in errors.
	Name string
	// LogFile has its output.
	LogFile string

	cmd    *exec.Cmd
	exited chan struct{} // closed when it has ended; err is set before
	err    error
}

// Start starts a binary with this environment beside its parent's. Its output is
// appended to <name>.log in logDir, which is made where it is not there.
func Start(logDir, name, binary string, env []string, args ...string) (*Process, error) {
	p := &Process{Name: name, LogFile: filepath.Join(logDir, name+".log"), exited: make(chan struct{})}
	if err := os.MkdirAll(logDir, 0o700); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	log, err := os.OpenFile(p.LogFile, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	p.cmd = exec.Command(binary, args...) //nolint:noctx // Stop ends it, not a context
	p.cmd.Env = append(os.Environ(), env...)
	p.cmd.Stdout, p.cmd.Stderr = log, log
	p.cmd.SysProcAttr = sysProcAttr()
	started := make(chan error, 1)
	go func() {
		// Linux ends a child when the thread that started it ends, not the
		// process: so the thread is kept for as long as the child runs.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := p.cmd.Start()
		started <- err
		if err == nil {
			p.err = p.cmd.Wait()
			close(p.exited)
		}
		_ = log.Close()
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	return p, nil
}

// PID is the process's id.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Exited is closed when the process has ended.
func (p *Process) Exited() <-chan struct{} { return p.exited }

// Err is how the process ended, nil before and after exit code 0.
func (p *Process) Err() error {
	select {
	case <-p.exited:
		return p.err
	default:
		return nil
	}
}

// Alive returns ErrEnded with the end of the log once the process has ended.
func (p *Process) Alive() error {
	select {
	case <-p.exited:
		return fmt.Errorf("the %s %w; the end of its log:\n%s", p.Name, ErrEnded, p.Tail(10))
	default:
		return nil
	}
}

// Stop asks the process to end, and ends it by force if it does not within ten
// seconds. Stopping twice, or a process that is nil, does nothing.
func (p *Process) Stop() error {
	if p == nil {
		return nil
	}
	if err := p.signal(syscall.SIGTERM); err != nil {
		return err
	}
	select {
	case <-p.exited:
		return nil
	case <-time.After(stopWithin):
		return p.Kill()
	}
}

// Kill ends the process with no chance to finish what it was doing.
func (p *Process) Kill() error {
	if err := p.signal(syscall.SIGKILL); err != nil {
		return err
	}
	select {
	case <-p.exited:
		return nil
	case <-time.After(stopWithin):
		return fmt.Errorf("end %s: process %d is still there after SIGKILL", p.Name, p.PID())
	}
}

func (p *Process) signal(signal syscall.Signal) error {
	if err := p.cmd.Process.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("end %s: %w", p.Name, err)
	}
	return nil
}

// Tail returns the last lines of the log.
func (p *Process) Tail(lines int) string {
	content, err := os.ReadFile(p.LogFile)
	if err != nil {
		return "(its log cannot be read: " + err.Error() + ")"
	}
	all := strings.Split(strings.TrimRight(string(content), "\n"), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}
