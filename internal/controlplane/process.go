package controlplane

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"time"
)

const (
	readyWithin = 60 * time.Second       // how long a process may take to answer its health check
	stopWithin  = 10 * time.Second       // how long a process may take to end after SIGTERM
	pollEvery   = 100 * time.Millisecond // between two health checks
)

// process is one running part of the control plane. Its output goes to a file.
type process struct {
	name    string
	logFile string
	cmd     *exec.Cmd
	exited  chan struct{} // closed when the process has ended; err is set before
	err     error
}

// startProcess starts the binary with its output in logDir/<name>.log.
func startProcess(name, binary, logDir string, args []string) (*process, error) {
	p := &process{name: name, logFile: filepath.Join(logDir, name+".log"), exited: make(chan struct{})}
	log, err := os.OpenFile(p.logFile, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	p.cmd = exec.Command(binary, args...) //nolint:noctx // Stop ends it, not a context
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

// waitReady waits until healthy returns nil. The error carries the end of the
// process's log.
func (p *process) waitReady(ctx context.Context, healthy func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	var last error
	for {
		select {
		case <-p.exited:
			return p.failure("ended before it was ready", p.err)
		case <-ctx.Done():
			return p.failure("did not become ready", errors.Join(context.Cause(ctx), last))
		case <-tick.C:
			if last = healthy(ctx); last == nil {
				return nil
			}
		}
	}
}

// failure describes what went wrong, with the end of the process's log.
func (p *process) failure(what string, cause error) error {
	log, err := os.ReadFile(p.logFile)
	if err != nil {
		log = []byte("(its log cannot be read: " + err.Error() + ")")
	}
	return fmt.Errorf("%s %s: %w; the end of %s:\n%s", p.name, what, cause, p.logFile, tail(string(log)))
}

// stop ends the process, by force if it does not go within stopWithin.
func (p *process) stop() error {
	select {
	case <-p.exited:
		return nil
	default:
	}
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stop %s: %w", p.name, err)
	}
	select {
	case <-p.exited:
		return nil
	case <-time.After(stopWithin):
	}
	if err := p.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stop %s: %w", p.name, err)
	}
	select {
	case <-p.exited:
		return nil
	case <-time.After(stopWithin):
		return fmt.Errorf("stop %s: process %d is still there after SIGKILL", p.name, p.cmd.Process.Pid)
	}
}
