// Package control is the control API of a stand-in: clock, faults, limits, audit
// log, outbox, content, export and restore. Handler answers it, on a listener of
// its own beside the one that plays Auth0, so that nothing that is tested can
// reach the controls by accident. Client is for programs that run the stand-in
// as a process of its own; a test within one process uses the methods of
// standin.Server instead.
package control
