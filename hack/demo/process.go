package main

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

// stopWithin is how long a process may take to end after SIGTERM.
const stopWithin = 10 * time.Second

// process is a child with its output in a file.
type process struct {
	name    string
	logFile string
	cmd     *exec.Cmd
	exited  chan struct{} // closed when it has ended
}

// startProcess starts a binary; its output is appended to logs/<name>.log in dir.
func startProcess(dir, name, binary string, env []string, args ...string) (*process, error) {
	p := &process{name: name, logFile: filepath.Join(dir, "logs", name+".log"), exited: make(chan struct{})}
	if err := os.MkdirAll(filepath.Dir(p.logFile), 0o700); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	log, err := os.OpenFile(p.logFile, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	p.cmd = exec.Command(binary, args...) //nolint:noctx // stop ends it, not a context
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
			_ = p.cmd.Wait() // how it ended stands in its log
			close(p.exited)
		}
		_ = log.Close()
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	return p, nil
}

// errEnded: a process is no more, so that waiting is of no use.
var errEnded = errors.New("ended by itself")

// alive returns errEnded with the end of the log once the process has ended.
func (p *process) alive() error {
	select {
	case <-p.exited:
		return fmt.Errorf("the %s %w; the end of its log:\n%s", p.name, errEnded, p.tail(10))
	default:
		return nil
	}
}

// stop asks the process to end, and ends it by force if it does not. Stopping
// twice, or a process that is nil, does nothing.
func (p *process) stop() error {
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
		return p.kill()
	}
}

// kill ends the process with no chance to finish what it was doing.
func (p *process) kill() error {
	if err := p.signal(syscall.SIGKILL); err != nil {
		return err
	}
	select {
	case <-p.exited:
		return nil
	case <-time.After(stopWithin):
		return fmt.Errorf("the %s, process %d, is still there after SIGKILL", p.name, p.cmd.Process.Pid)
	}
}

func (p *process) signal(signal syscall.Signal) error {
	if err := p.cmd.Process.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("end the %s: %w", p.name, err)
	}
	return nil
}

// tail returns the last lines of the log.
func (p *process) tail(lines int) string {
	content, err := os.ReadFile(p.logFile)
	if err != nil {
		return "(its log cannot be read: " + err.Error() + ")"
	}
	all := strings.Split(strings.TrimRight(string(content), "\n"), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}
