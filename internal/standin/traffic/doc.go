// Package traffic is what every call to the Auth0 listener passes, whatever it
// is for: faults and rate limits on its way in, latency on its way out, and the
// audit log and the counts of calls behind it.
package traffic
