package invitation

import (
	"strconv"
	"testing"
	"time"

	. "github.com/onsi/gomega"
)

// TestOneMailRequests: every request is answered, none twice, and none that was
// refused or came from a clock that is ahead blocks a later one.
func TestOneMailRequests(t *testing.T) {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	ago := func(d time.Duration) string { return now.Add(-d).Format(time.RFC3339Nano) }
	for name, tc := range map[string]struct {
		facts RequestFacts
		want  RequestAnswer
	}{
		"none":                            {RequestFacts{}, RequestNone},
		"as date -u prints it":            {RequestFacts{Value: "2026-11-22T12:00:00Z"}, RequestPending},
		"in another zone":                 {RequestFacts{Value: "2026-11-22T14:00:00+02:00"}, RequestPending},
		"in lower case":                   {RequestFacts{Value: "2026-11-22t12:00:00z"}, RequestPending},
		"as date --rfc-3339 prints it":    {RequestFacts{Value: "2026-11-22 12:00:00+00:00"}, RequestPending},
		"a zone without colon":            {RequestFacts{Value: "2026-11-22T13:00:00+0100"}, RequestPending},
		"as date +%s prints it":           {RequestFacts{Value: strconv.FormatInt(now.Unix(), 10)}, RequestPending},
		"a minute ago":                    {RequestFacts{Value: ago(time.Minute)}, RequestPending},
		"with a blank behind it":          {RequestFacts{Value: ago(time.Minute) + "\n"}, RequestPending},
		"milliseconds":                    {RequestFacts{Value: strconv.FormatInt(now.UnixMilli(), 10)}, RequestUnreadable},
		"a word":                          {RequestFacts{Value: "now"}, RequestUnreadable},
		"a number":                        {RequestFacts{Value: "1"}, RequestUnreadable},
		"without a zone":                  {RequestFacts{Value: "2026-11-22T12:00:00"}, RequestUnreadable},
		"a day":                           {RequestFacts{Value: "2026-11-22"}, RequestUnreadable},
		"two hours old":                   {RequestFacts{Value: ago(2 * time.Hour)}, RequestExpired},
		"two hours old, by date +%s":      {RequestFacts{Value: strconv.FormatInt(now.Add(-2*time.Hour).Unix(), 10)}, RequestExpired},
		"a clock a little ahead":          {RequestFacts{Value: ago(-4 * time.Minute)}, RequestPending},
		"a year ahead":                    {RequestFacts{Value: "2027-11-22T12:00:00Z"}, RequestInTheFuture},
		"older than the object":           {RequestFacts{Value: ago(time.Minute), Created: now.Add(-time.Second)}, RequestBeforeObject},
		"obeyed":                          {RequestFacts{Value: ago(time.Minute), Handled: ago(time.Minute)}, RequestAnswered},
		"obeyed long ago":                 {RequestFacts{Value: ago(3 * time.Hour), Handled: ago(3 * time.Hour)}, RequestAnswered},
		"refused":                         {RequestFacts{Value: "2027-11-22T12:00:00Z", Refused: "2027-11-22T12:00:00Z"}, RequestAnswered},
		"refused as ahead, and due now":   {RequestFacts{Value: ago(0), Refused: ago(0)}, RequestAnswered},
		"later than the one that counted": {RequestFacts{Value: ago(time.Minute), Handled: ago(2 * time.Minute)}, RequestPending},
		"an earlier one that is put back": {RequestFacts{Value: ago(2 * time.Minute), Handled: ago(time.Minute)}, RequestOvertaken},
		"an earlier one, obeyed late": {RequestFacts{Value: ago(2 * time.Minute), Handled: ago(time.Minute), HandledAt: now},
			RequestOvertaken},
		"after one that was refused": {RequestFacts{Value: ago(time.Minute), Refused: "2027-11-22T12:00:00Z"}, RequestPending},
		"after one by a clock that is ahead": {RequestFacts{Value: ago(time.Minute), Handled: ago(-3 * time.Minute), HandledAt: now.Add(-2 * time.Minute)},
			RequestPending},
		"after one by a clock that was ahead": {RequestFacts{Value: ago(2 * time.Minute), Handled: ago(time.Minute), HandledAt: now.Add(-3 * time.Minute)},
			RequestPending},
		"put back after one by a clock that is ahead": {RequestFacts{Value: ago(10 * time.Minute), Handled: ago(-3 * time.Minute), HandledAt: now.Add(-2 * time.Minute)},
			RequestOvertaken},
		"after a year mistyped, by an earlier release": {RequestFacts{Value: ago(time.Minute), Handled: "2027-11-22T12:00:00Z"}, RequestPending},
	} {
		t.Run(name, func(t *testing.T) {
			tc.facts.Now = now
			NewWithT(t).Expect(tc.facts.Judge()).To(Equal(tc.want))
		})
	}
}
