// Package pages holds the templates of what people see: sign-in, and the outbox
// of the control listener.
package pages
