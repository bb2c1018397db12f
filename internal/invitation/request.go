package invitation

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

const (
	// RequestAge is how long a request counts: a backup or an earlier commit that
	// is put back sends no mail.
	RequestAge = time.Hour
	// RequestSkew is how far a request may lie ahead: clocks differ.
	RequestSkew = 5 * time.Minute
)

// RequestFacts are what the answer to a request for an invitation depends on.
type RequestFacts struct {
	Now time.Time
	// Value that asks; empty for none.
	Value string
	// Created is when the person's object was made.
	Created time.Time
	// Handled is the value that was obeyed last, HandledAt when; zero when not known.
	Handled   string
	HandledAt time.Time
	// Refused is the value that was refused last.
	Refused string
}

// RequestAnswer is what becomes of a request.
type RequestAnswer string

const (
	// RequestNone: nothing is asked.
	RequestNone RequestAnswer = "None"
	// RequestAnswered: it was obeyed or refused before.
	RequestAnswered RequestAnswer = "Answered"
	// RequestPending: it is to be obeyed.
	RequestPending RequestAnswer = "Pending"
	// RequestUnreadable: it is no point in time.
	RequestUnreadable RequestAnswer = "Unreadable"
	// RequestInTheFuture: it lies further ahead than clocks differ.
	RequestInTheFuture RequestAnswer = "InTheFuture"
	// RequestExpired: it is older than RequestAge.
	RequestExpired RequestAnswer = "Expired"
	// RequestBeforeObject: it is older than the person's object.
	RequestBeforeObject RequestAnswer = "BeforeObject"
	// RequestOvertaken: it is older than the one that was obeyed last.
	RequestOvertaken RequestAnswer = "Overtaken"
)

// Judge answers a request. Nothing of one that is refused counts for a later one.
func (f RequestFacts) Judge() RequestAnswer {
	at, ok := RequestTime(f.Value)
	switch {
	case f.Value == "":
		return RequestNone
	case f.Value == f.Handled || f.Value == f.Refused:
		return RequestAnswered
	case !ok:
		return RequestUnreadable
	case at.After(f.Now.Add(RequestSkew)):
		return RequestInTheFuture
	case f.Now.Sub(at) > RequestAge:
		return RequestExpired
	case at.Before(f.Created):
		return RequestBeforeObject
	case !at.After(f.obeyed()):
		return RequestOvertaken
	}
	return RequestPending
}

// obeyed is up to when requests were obeyed. One by a clock that is ahead counts
// from when it was obeyed, so that it blocks nothing that comes later.
func (f RequestFacts) obeyed() time.Time {
	at, ok := RequestTime(f.Handled)
	switch {
	case !ok:
		return time.Time{}
	case !f.HandledAt.IsZero() && f.HandledAt.Before(at):
		return f.HandledAt
	case at.After(f.Now):
		return time.Time{}
	}
	return at
}

var unixSeconds = regexp.MustCompile(`^[0-9]{10}$`)

// RequestTime reads a point in time as people write it: RFC 3339 in any zone, as
// `date -u +%FT%TZ` and `date --rfc-3339=seconds` print it, or seconds since 1970,
// as `date +%s` does.
func RequestTime(value string) (time.Time, bool) {
	value = strings.ToUpper(strings.TrimSpace(value))
	if unixSeconds.MatchString(value) {
		seconds, err := strconv.ParseInt(value, 10, 64)
		return time.Unix(seconds, 0), err == nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02 15:04:05Z07:00", "2006-01-02T15:04:05Z0700"} {
		if at, err := time.Parse(layout, value); err == nil {
			return at, true
		}
	}
	return time.Time{}, false
}
