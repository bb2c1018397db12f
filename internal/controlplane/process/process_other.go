//go:build !linux

package process

import "syscall"

// sysProcAttr puts a child into a process group of its own, so that Ctrl-C in a
// terminal reaches only the parent, which then stops its children in order.
// Only Linux can also end the children of a parent that was killed.
func sysProcAttr() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true}
}
