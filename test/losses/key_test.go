package losses

import (
	"testing"

	. "github.com/onsi/gomega"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/internal/ownership"
	"github.com/seatwarden/seatwarden/internal/standin"
	"github.com/seatwarden/seatwarden/test/world"
)

// TestAccessWipedKeyOfOrganizationTakenOver: an organization that was another
// instance's keeps that one's key. Where the key is wiped, the one that people's
// grants and links have is put back, and not one that shuts all of them out.
func TestAccessWipedKeyOfOrganizationTakenOver(t *testing.T) {
	w := world.New(t)
	const theirKey, marker = "0123456789abcdef0123456789abcdef", "old/contracts/acme"
	organization, err := w.Auth0.AddOrganization(standin.OrganizationSeed{Name: "acme", Metadata: map[string]string{
		ownership.MetadataOwner: marker, ownership.MetadataKey: theirKey, ownership.MetadataAccess: "open,,",
	}})
	w.Expect(err).NotTo(HaveOccurred())
	operator := w.StartOperator()
	customer := w.CreateCustomer("acme", 4)
	w.Annotate(customer, v1alpha1.AnnotationTakeOver, marker)
	jane := w.CreateMember("acme", "jane@acme.com")
	w.Join(jane)
	late := w.CreateMember("acme", "late@acme.com")
	mail := w.UntilMail("late@acme.com", 1)
	w.UntilReason(late, v1alpha1.ConditionActive, "False/Invited")
	w.UntilReason(customer, v1alpha1.ConditionGuardInEffect, "True/GuardInEffect")
	keyStands := func() {
		w.Helper()
		w.Until("the key stands again", func(g Gomega) {
			after, _ := w.Organization("acme")
			g.Expect(after.Metadata).To(HaveKeyWithValue(ownership.MetadataKey, theirKey))
		})
		_, err = w.SignIn(organization.ID, "jane@acme.com")
		w.Expect(err).NotTo(HaveOccurred())
	}
	keyStands()

	loseMetadata(w, ownership.MetadataKey)
	w.Reread(customer)
	keyStands()

	operator.Stop()
	loseMetadata(w, ownership.MetadataKey, ownership.MetadataAccess)
	w.StartOperator()
	keyStands()
	_, err = w.Accept(mail)
	w.Expect(err).NotTo(HaveOccurred())
	_, err = w.SignIn(organization.ID, "late@acme.com")
	w.Expect(err).NotTo(HaveOccurred(), "at once: the link's grant has the key")
	w.UntilReason(late, v1alpha1.ConditionActive, "True/Joined")
	onceEach(w)
}
