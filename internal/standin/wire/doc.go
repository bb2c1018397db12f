// Package wire holds what the rooms that answer share: the errors of the
// Management API and of OAuth in Auth0's words, and writing them as JSON.
package wire
