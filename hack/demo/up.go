package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/seatwarden/seatwarden/internal/controlplane"
)

const (
	// pidFile is locked, and holds the process id, for as long as an up runs.
	pidFile = "pid"
	// downWithin is how long an up may take to clean up after itself.
	downWithin = 60 * time.Second
)

// upFolder is where an up keeps everything, one per working tree.
func upFolder() (string, error) {
	root, err := controlplane.Root()
	if err != nil {
		return "", err
	}
	return filepath.Join(root, ".up"), nil
}

// up starts the environment with the samples in it and waits to be interrupted.
func up(ctx context.Context, out io.Writer) error {
	dir, err := upFolder()
	if err != nil {
		return err
	}
	lock, err := takeLock(dir)
	if err != nil {
		return err
	}
	defer func() { _ = lock.Close() }()
	env, err := newEnvironment(dir, out)
	if err != nil {
		return err
	}
	failed := env.serve(ctx, out)
	if ctx.Err() != nil {
		failed = nil // interrupted, which is how it ends
	}
	fmt.Fprintln(out, "\ncleaning up")
	if failed != nil && env.operator != nil {
		fmt.Fprintf(out, "the end of the operator's log:\n%s\n", env.operator.Tail(25))
	}
	return errors.Join(failed, env.stop(), os.RemoveAll(dir))
}

// takeLock makes the folder, empties it of what an earlier up left, and marks it
// as in use by this process.
func takeLock(dir string) (*os.File, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the folder: %w", err)
	}
	file, err := os.OpenFile(filepath.Join(dir, pidFile), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock the folder: %w", err)
	}
	err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if err != nil {
		_ = file.Close()
		return nil, fmt.Errorf("another up runs in %s (%w): end it with Ctrl-C or `make down`", dir, err)
	}
	err = errors.Join(removeAllBut(dir, pidFile), file.Truncate(0))
	if err == nil {
		_, err = file.WriteString(strconv.Itoa(os.Getpid()))
	}
	if err != nil {
		_ = file.Close()
		return nil, fmt.Errorf("lock the folder: %w", err)
	}
	return file, nil
}

// serve starts everything and returns when ctx ends or something else did.
func (e *environment) serve(ctx context.Context, out io.Writer) error {
	if err := e.build(ctx); err != nil {
		return err
	}
	fmt.Fprintln(out, "starting the control plane, the stand-in for Auth0 and the operator")
	for _, start := range []func(context.Context) error{
		e.startControlPlane, e.install, e.startStandin, e.createCredentials, e.startOperator, e.applySamples, e.linkKubectl,
	} {
		if err := start(ctx); err != nil {
			return err
		}
	}
	e.explain(out)
	return e.followMails(ctx, out)
}

// linkKubectl puts the kubectl that was built where a PATH can name it.
func (e *environment) linkKubectl(context.Context) error {
	bin := filepath.Join(e.dir, "bin")
	if err := os.MkdirAll(bin, 0o750); err != nil {
		return fmt.Errorf("link kubectl: %w", err)
	}
	if err := os.Symlink(e.plane.KubectlPath(), filepath.Join(bin, "kubectl")); err != nil {
		return fmt.Errorf("link kubectl: %w", err)
	}
	return nil
}

func (e *environment) explain(out io.Writer) {
	fmt.Fprintf(out, `
Everything runs. In another terminal:

  export KUBECONFIG=%s
  export PATH=%s:$PATH

API server       %s
Auth0 stand-in   %s   (your browser will not know its certificate)
  the portal     %s/app/%s
  its controls   %s/control/…
Operator's log   %s

Try:
  kubectl get auth0tenants,customers,members
  sed s/jane/bob/ config/samples/seatwarden_v1alpha1_member.yaml | kubectl apply -f -
  kubectl delete member jane
  curl -s %s/control/clock -d '{"forward": "24h"}'

At the sign-in, give the address that the link was sent to: the identity providers of
the stand-in know it@, jane@, bob@, carol@, sam@ and agent01@ to agent14@acme.com, and ask
no password. One browser holds one person: sign out, or use a private window, before you
open the next link.

Ctrl-C, or `+"`make down`"+` elsewhere, ends it and deletes everything. Mails as they are sent:

`, e.plane.Kubeconfig(), filepath.Join(e.dir, "bin"), e.plane.Config().Host, e.auth0.URL, e.auth0.URL, portalClient,
		e.controlURL, e.operator.LogFile, e.controlURL)
}

// followMails prints mails until ctx ends or one of the processes did.
func (e *environment) followMails(ctx context.Context, out io.Writer) error {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for printed := 0; ; {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
		if err := errors.Join(e.operator.Alive(), e.standin.Alive()); err != nil {
			return err
		}
		mails, err := e.control.Mails(ctx)
		if err != nil {
			return err
		}
		for ; printed < len(mails); printed++ {
			fmt.Fprintf(out, "to %s: %s\n  %s\n", mails[printed].To, mails[printed].Subject, mails[printed].Link)
		}
	}
}

// down ends an up of this working tree, and waits until it has cleaned up.
func down(ctx context.Context, out io.Writer) error {
	dir, err := upFolder()
	if err != nil {
		return err
	}
	file, err := os.Open(filepath.Join(dir, pidFile))
	if errors.Is(err, os.ErrNotExist) {
		fmt.Fprintln(out, "nothing runs")
		return os.RemoveAll(dir)
	}
	if err != nil {
		return fmt.Errorf("find what runs: %w", err)
	}
	defer func() { _ = file.Close() }()
	if !running(file) {
		fmt.Fprintln(out, "nothing runs; what an earlier one left is deleted")
		return os.RemoveAll(dir)
	}
	content, err := io.ReadAll(file)
	if err != nil {
		return fmt.Errorf("find what runs: %w", err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(content)))
	if err != nil {
		return fmt.Errorf("find what runs: %s holds no process id", file.Name())
	}
	if err := end(ctx, file, pid); err != nil {
		return err
	}
	fmt.Fprintln(out, "ended process", pid)
	return os.RemoveAll(dir)
}

// running tells whether somebody else holds the lock; a process id alone could
// belong to anybody by now.
func running(file *os.File) bool {
	return syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) != nil
}

// end asks the process to clean up, and waits until its lock is free.
func end(ctx context.Context, lock *os.File, pid int) error {
	if err := syscall.Kill(pid, syscall.SIGTERM); err != nil {
		return fmt.Errorf("end process %d: %w", pid, err)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, downWithin, fmt.Errorf("process %d did not end within %s", pid, downWithin))
	defer cancel()
	return eventually(ctx, func(context.Context) error {
		if running(lock) {
			return errors.New("it still runs")
		}
		return nil
	})
}
