package guard_test

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/seatwarden/seatwarden/internal/guard"
	"github.com/seatwarden/seatwarden/internal/ownership"
	"github.com/seatwarden/seatwarden/internal/standin/actions"
)

// The guard reads what package ownership writes, and judges as it does, also
// around the start and the end.
func TestAccessGuardAgreesWithOwnership(t *testing.T) {
	start, end := now, now.Add(24*time.Hour)
	code, err := guard.Render(guarded)
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	key := ownership.OrganizationKey([]byte("instance"), "org_1")
	holder := ownership.Grant{Key: key, Person: ownership.PersonRef("Jane@acme.com"), Attempt: "a1"}
	reasons := map[ownership.Phase]string{
		ownership.PhaseActive:     "",
		ownership.PhaseSuspended:  "Access of your organization is suspended.",
		ownership.PhaseNotStarted: "Your organization's contract has not started yet.",
		ownership.PhaseEnded:      "Your organization's contract has ended.",
	}
	for _, state := range []ownership.AccessState{ownership.AccessOpen, ownership.AccessSuspended} {
		for _, window := range []ownership.Window{{}, {Start: start}, {End: end}, {Start: start, End: end}} {
			window.State = state
			e := event(object{
				"organization": object{"id": "org_1", "metadata": object{
					ownership.MetadataKey: key, ownership.MetadataAccess: window.String()}},
				"user": object{"app_metadata": object{ownership.GrantKey("org_1"): holder.String()}},
			})
			for _, at := range []time.Time{start.Add(-time.Millisecond), start, end.Add(-time.Millisecond), end} {
				effects := actions.Run(t.Context(), actions.PostLogin, []actions.Action{{Name: "seatwarden", Code: code}}, e,
					actions.Options{Now: func() time.Time { return at }})
				phase, _ := window.At(at)
				got := ""
				if effects.Denial != nil {
					got = effects.Denial.Reason
				}
				NewWithT(t).Expect(got).To(Equal(reasons[phase]), "%s at %s", window, at)
			}
		}
	}
}
