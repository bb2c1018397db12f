package promises

import (
	"net/http"
	"testing"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/internal/standin"
	"github.com/seatwarden/seatwarden/test/world"
)

func TestSecretsNowhere(t *testing.T) {
	w := world.Bare(t)
	tenant := w.CreateTenant()
	const wrong = "wrong-client-secret-of-the-past"
	w.Auth0.Secrets().Add(standin.SecretClientSecret, wrong)
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: world.OperatorNamespace, Name: w.Tenant}}
	store := func(value string) {
		w.Update(secret, func() { secret.Data = map[string][]byte{"clientSecret": []byte(value)} })
	}
	store(wrong)
	w.StartOperator()
	w.UntilReason(tenant, v1alpha1.ConditionCredentialsValid, "False/CredentialsRejected")
	token, _ := w.Fault(standin.Fault{Method: http.MethodPost, Route: "/oauth/token", Kind: standin.FaultStatus, Status: http.StatusServiceUnavailable, Count: 1})
	store(w.Management.Secret)
	w.Until("Auth0 fails to give a token", func(g Gomega) { g.Expect(w.Hits(token)).To(Equal(1)) })
	w.UntilReason(tenant, v1alpha1.ConditionReady, "True/Reconciled")

	for _, fault := range []standin.Fault{
		{Method: http.MethodPost, Route: world.InvitationsRoute, Kind: standin.FaultDropAfter, Count: 1},
		{Method: http.MethodPost, Route: world.InvitationsRoute, Kind: standin.FaultStatus, Status: http.StatusBadRequest, Count: 1},
		{Method: http.MethodGet, Route: world.InvitationsRoute, Kind: standin.FaultDropBefore, Nth: 3, Count: 1},
		{Method: http.MethodGet, Route: "/api/v2/users*", Kind: standin.FaultStatus, Status: http.StatusInternalServerError, Nth: 4, Count: 2},
	} {
		w.Fault(fault)
	}
	w.CreateCustomer("acme", 5)
	jane := w.CreateMember("acme", "jane@acme.com")
	w.UntilForwarding("both are invited in spite of it", func(g Gomega) {
		for _, member := range w.Members() {
			if w.Reason(g, &member, v1alpha1.ConditionReady) == "False/RejectedByAuth0" {
				w.Annotate(&member, v1alpha1.AnnotationReconcileRequestedAt, w.Auth0.Clock().Now().String())
			}
			g.Expect(w.Reason(g, &member, v1alpha1.ConditionActive)).To(Equal("False/Invited"))
		}
	})
	session := w.Join(jane)
	_, err := session.Refresh(t.Context())
	w.Expect(err).NotTo(HaveOccurred())
	w.Remove(jane)
	w.Expect(w.Leaks()).To(BeEmpty())
	w.Expect(w.Logs()).NotTo(ContainSubstring("@acme.com"), "nor does the log name anybody's address")
	w.Expect(w.Logs()).NotTo(BeEmpty())

	// The search can find something.
	bob := w.CreateMember("acme", "bob@acme.com", func(m *v1alpha1.Member) {
		m.Annotations = map[string]string{"example.com/note": w.Mails("jane@acme.com")[0].Link}
	})
	w.Expect(w.Leaks()).To(ContainElement("a " + standin.SecretInvitationLink + " stands in Member objects"))
	w.Annotate(bob, "example.com/note", session.RefreshToken)
	w.Expect(w.Leaks()).To(ContainElement("a " + standin.SecretRefreshToken + " stands in Member objects"))
	w.Annotate(bob, "example.com/note", "")
	w.Expect(w.Leaks()).To(BeEmpty())
}
