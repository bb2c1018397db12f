// Package browser walks through the stand-in's sign-in in a real Chromium: from
// the mail in the outbox to the application, through each kind of identity
// provider, with the mouse and with the keyboard alone. Every page that it comes
// to is held to the accessibility rules of axe-core, light and dark, and leaves
// a picture in the folder screenshots.
//
// Without a Chromium, or without axe-core (npm ci in this folder), what needs it
// is skipped and says so; where CI is true that is a failure.
package browser
