package standin

import (
	"testing"

	. "github.com/onsi/gomega"

	"github.com/seatwarden/seatwarden/internal/standin/person"
	"github.com/seatwarden/seatwarden/internal/standin/state"
)

// logged are the entries of a type.
func (w *world) logged(kind string) []state.LogEntry {
	var out []state.LogEntry
	for _, e := range w.s.Snapshot().Logs {
		if e.Type == kind {
			out = append(out, e)
		}
	}
	return out
}

func TestLogTellsOfInvitationsAndMembers(t *testing.T) {
	w := newWorld(t)
	w.joined()
	invitation := func(email string) any {
		return HaveKeyWithValue("invitation", And(HaveKey("id"), HaveKeyWithValue("invitee", HaveKeyWithValue("email", email))))
	}
	w.Expect(w.logged(state.LogInvitationAccepted)).To(ConsistOf(And(
		HaveField("UserID", oktaID), HaveField("OrganizationID", w.acme.ID), HaveField("Details", invitation("it@acme.com")))))
	w.Expect(w.logged(state.LogMemberAdded)).To(ConsistOf(And(
		HaveField("UserID", oktaID), HaveField("OrganizationID", w.acme.ID), HaveField("Details", HaveKeyWithValue("reason", "invitation")))))

	_, err := w.browser().OpenLink(t.Context(), w.invite("jane@acme.com", ""), person.As{Connection: "acme-okta", Email: "eve@acme.com"})
	w.Expect(err).To(HaveOccurred())
	w.Expect(w.logged(state.LogInvitationFailed)).To(ConsistOf(And(
		HaveField("OrganizationID", w.acme.ID), HaveField("Details", invitation("jane@acme.com")))))

	w.change(func(*state.Tenant) { w.acme.Connection("con_okta").AssignMembershipOnLogin = true })
	_, _ = w.signIn(w.browser(), person.As{Connection: "acme-okta", Email: "eve@acme.com"})
	w.Expect(w.logged(state.LogMemberAdded)).To(ContainElement(And(
		HaveField("UserID", "okta|acme-okta|eve@acme.com"), HaveField("Details", HaveKeyWithValue("reason", "auto_membership")))))
	exported := w.exported()
	w.Expect(w.s.Restore([]byte(exported))).To(Succeed())
	w.Expect(w.exported()).To(Equal(exported), "entries survive an export")
}
