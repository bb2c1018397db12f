package process

import "syscall"

// sysProcAttr puts a child into a process group of its own, so that Ctrl-C in a
// terminal reaches only the parent, which then stops its children in order; and
// ends it when the parent dies without doing so.
func sysProcAttr() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
