package handsoff

import (
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	. "github.com/onsi/gomega"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/internal/auth0"
	"github.com/seatwarden/seatwarden/internal/ownership"
	"github.com/seatwarden/seatwarden/internal/standin"
	"github.com/seatwarden/seatwarden/internal/standin/person"
	"github.com/seatwarden/seatwarden/test/world"
)

// customerIn makes a Customer in another namespace.
func customerIn(namespace string) func(*v1alpha1.Customer) {
	return func(c *v1alpha1.Customer) { c.Namespace = namespace }
}

// memberIn makes a Member in another namespace.
func memberIn(namespace string) func(*v1alpha1.Member) {
	return func(m *v1alpha1.Member) { m.Namespace = namespace }
}

// admitting lets further namespaces use the tenant.
func admitting(namespaces ...string) func(*v1alpha1.Auth0Tenant) {
	return func(tenant *v1alpha1.Auth0Tenant) {
		for _, namespace := range namespaces {
			tenant.Spec.Namespaces = append(tenant.Spec.Namespaces, v1alpha1.NamespaceGrant{Name: namespace, Trust: v1alpha1.TrustFull})
		}
	}
}

func TestHandsOffTakeOver(t *testing.T) {
	w := world.Bare(t)
	elsewhere := w.Annex()
	w.CreateTenant(admitting(elsewhere))
	w.StartOperator()
	customer := w.CreateCustomer("acme", 5)
	jane := w.CreateMember("acme", "jane@acme.com")
	session := w.Join(jane)
	late := w.CreateMember("acme", "late@acme.com")
	mail := w.UntilMail("late@acme.com", 1)
	w.UntilMail("boss@acme.com", 1)
	w.UntilReason(late, v1alpha1.ConditionActive, "False/Invited")
	w.UntilReason(customer, v1alpha1.ConditionGuardInEffect, "True/GuardInEffect")
	id, marker, before := w.OrganizationID("acme"), "test/"+w.Namespace+"/acme", theirs(w)
	marks := metadataOf(w)
	end := w.WatchSessions(map[string]*person.Session{"jane@acme.com": session})

	moved := w.CreateCustomer("acme", 5, customerIn(elsewhere))
	w.UntilReason(moved, v1alpha1.ConditionStalled, "True/OrganizationConflict")
	w.Expect(messageOf(w, moved, v1alpha1.ConditionReady)).To(And(ContainSubstring(marker), ContainSubstring(v1alpha1.AnnotationTakeOver)))
	for _, wrong := range []string{"true", "released:" + marker, "test/" + elsewhere + "/acme", marker + "x"} {
		w.Annotate(moved, v1alpha1.AnnotationTakeOver, wrong)
		w.Until("it says that this is not the mark", func(g Gomega) {
			g.Expect(w.Reason(g, moved, v1alpha1.ConditionRequestRefused)).To(Equal("True/TakeOverMismatch"))
			g.Expect(messageOf(w, moved, v1alpha1.ConditionRequestRefused)).To(And(ContainSubstring("="+wrong+" "), ContainSubstring(marker)))
		})
		w.Throughout("it is left alone with "+wrong, func(g Gomega) {
			g.Expect(metadataOf(w)).To(Equal(marks))
			g.Expect(cmp.Diff(before, theirs(w))).To(BeEmpty())
		})
	}

	w.Annotate(moved, v1alpha1.AnnotationTakeOver, marker)
	w.UntilReason(moved, v1alpha1.ConditionOrganizationSynced, "True/OrganizationSynced")
	w.Expect(metadataOf(w)).To(HaveKeyWithValue(ownership.MetadataOwner, "test/"+elsewhere+"/acme"))
	w.Expect(metadataOf(w)).NotTo(HaveKey(ownership.MetadataAdopted))
	w.UntilReason(moved, v1alpha1.ConditionGuardInEffect, "True/GuardInEffect")
	janeThere := w.CreateMember("acme", "jane@acme.com", memberIn(elsewhere))
	lateThere := w.CreateMember("acme", "late@acme.com", memberIn(elsewhere))
	w.UntilReason(janeThere, v1alpha1.ConditionActive, "True/Joined")
	w.UntilReason(lateThere, v1alpha1.ConditionActive, "False/Invited")
	w.UntilReason(moved, v1alpha1.ConditionReady, "True/Reconciled")

	w.Annotate(jane, v1alpha1.AnnotationReconcileRequestedAt, "now")
	w.UntilReason(customer, v1alpha1.ConditionStalled, "True/OrganizationConflict")
	w.UntilReason(jane, v1alpha1.ConditionStalled, "True/OrganizationConflict")
	w.UntilReason(jane, v1alpha1.ConditionActive, "True/Joined")
	w.Remove(jane)
	w.Expect(w.Client.Delete(t.Context(), customer)).To(Succeed())
	w.UntilGone(customer)
	w.Remove(late)
	w.Auth0.Forward(time.Minute)
	w.Reread(moved)
	end()
	_, err := w.Accept(mail)
	w.Expect(err).NotTo(HaveOccurred(), "the link that was sent before works")
	w.UntilReason(lateThere, v1alpha1.ConditionActive, "True/Joined")
	_, err = w.SignIn(id, "late@acme.com")
	w.Expect(err).NotTo(HaveOccurred())
	for _, email := range []string{"jane@acme.com", "late@acme.com", "boss@acme.com"} {
		w.Expect(w.Mails(email)).To(HaveLen(1), "nobody is mailed again")
	}
	w.Remove(janeThere)
	w.AssertOut("acme", "jane@acme.com", session)
}

func TestHandsOffAnothersMarker(t *testing.T) {
	w := world.Bare(t)
	elsewhere := w.Annex()
	w.CreateTenant(admitting(elsewhere))
	w.StartOperator(func(o *world.OperatorOptions) { o.Instance, o.Namespaces = "east", []string{w.Namespace} })
	w.StartOperator(func(o *world.OperatorOptions) { o.Instance, o.Namespaces = "west", []string{elsewhere} })
	customer := w.CreateCustomer("acme", 5)
	jane, bob := w.CreateMember("acme", "jane@acme.com"), w.CreateMember("acme", "bob@acme.com")
	session := w.Join(jane)
	w.Join(bob)
	w.UntilReason(customer, v1alpha1.ConditionGuardInEffect, "True/GuardInEffect")
	end := w.WatchSessions(map[string]*person.Session{"jane@acme.com": session})

	west := w.CreateCustomer("acme", 5, customerIn(elsewhere))
	w.UntilReason(west, v1alpha1.ConditionStalled, "True/OrganizationConflict")
	marker := "east/" + w.Namespace + "/acme"
	w.Expect(messageOf(w, west, v1alpha1.ConditionReady)).To(ContainSubstring(marker))
	w.Annotate(west, v1alpha1.AnnotationTakeOver, marker)
	w.UntilReason(west, v1alpha1.ConditionOrganizationSynced, "True/OrganizationSynced")
	janeWest := w.CreateMember("acme", "jane@acme.com", memberIn(elsewhere))
	bobWest := w.CreateMember("acme", "bob@acme.com", memberIn(elsewhere))
	w.UntilReason(janeWest, v1alpha1.ConditionActive, "True/Joined")
	w.UntilReason(bobWest, v1alpha1.ConditionActive, "True/Joined")

	// The other side shows it too, whoever looks first, and takes nothing: not
	// even before its Customer has noticed.
	w.Expect(w.Client.Delete(t.Context(), bob)).To(Succeed())
	w.UntilRemoved(bob)
	w.Annotate(customer, v1alpha1.AnnotationReconcileRequestedAt, "now")
	w.UntilReason(customer, v1alpha1.ConditionStalled, "True/OrganizationConflict")
	w.Expect(messageOf(w, customer, v1alpha1.ConditionReady)).To(ContainSubstring("west/" + elsewhere + "/acme"))
	w.UntilReason(customer, v1alpha1.ConditionGuardInEffect, "False/OrganizationConflict")
	w.UntilReason(jane, v1alpha1.ConditionStalled, "True/OrganizationConflict")
	w.UntilReason(jane, v1alpha1.ConditionActive, "True/Joined")
	late := w.CreateMember("acme", "late@acme.com")
	w.UntilReason(late, v1alpha1.ConditionReady, "False/OrganizationConflict")
	w.Expect(w.Mails("late@acme.com")).To(BeEmpty(), "nothing is given in another's organization")
	_, err := w.SignIn(w.OrganizationID("acme"), "bob@acme.com")
	w.Expect(err).NotTo(HaveOccurred(), "the other's people stay")
	end()

	w.Remove(janeWest)
	w.AssertOut("acme", "jane@acme.com", session)
	w.Annotate(jane, v1alpha1.AnnotationReconcileRequestedAt, "now")
	w.UntilReason(jane, v1alpha1.ConditionActive, "False/OrganizationConflict")
	before := inAuth0(w)
	w.Remove(jane)
	w.Remove(late)
	w.Expect(w.Client.Delete(t.Context(), customer)).To(Succeed())
	w.UntilGone(customer)
	w.Expect(cmp.Diff(before, inAuth0(w))).To(BeEmpty(), "leaving takes nothing from another's organization")
	w.UntilReason(west, v1alpha1.ConditionReady, "True/Reconciled")
	w.UntilReason(bobWest, v1alpha1.ConditionActive, "True/Joined")
}

// TestHandsOffTwoAdopters: west has read that the organization is nobody's when
// east marks it, and writes its own mark over that.
func TestHandsOffTwoAdopters(t *testing.T) {
	w := world.Bare(t)
	path := "/api/v2/organizations/" + legacy(w, "jane@acme.com", "boss@acme.com")
	elsewhere := w.Annex()
	w.CreateTenant(listing(elsewhere))
	read, marked := make(chan struct{}), make(chan struct{})
	var readOnce, markedOnce sync.Once
	w.StartOperator(func(o *world.OperatorOptions) {
		o.Instance, o.Namespaces = "west", []string{elsewhere}
		o.AfterAnswer = func(r *http.Request, _ *http.Response) {
			if r.Method != http.MethodGet || r.URL.Path != path {
				return
			}
			readOnce.Do(func() { close(read) })
			select {
			case <-marked:
			case <-r.Context().Done():
			}
		}
	})
	w.StartOperator(func(o *world.OperatorOptions) {
		o.Instance, o.Namespaces = "east", []string{w.Namespace}
		o.AfterAnswer = func(r *http.Request, _ *http.Response) {
			if r.Method == http.MethodPatch && r.URL.Path == path {
				markedOnce.Do(func() { close(marked) })
			}
		}
	})
	for _, namespace := range []string{w.Namespace, elsewhere} {
		w.CreateMember("acme", "fresh@acme.com", memberIn(namespace))
	}
	west := w.CreateCustomer("acme", 5, adopting, customerIn(elsewhere))
	w.Eventually(read, world.Patience).Should(BeClosed())
	east := w.CreateCustomer("acme", 5, adopting)

	// East, if west came too late to write over what it had read long ago.
	last, other := west, east
	w.Until("one has it", func(g Gomega) {
		if w.Reason(g, east, v1alpha1.ConditionOrganizationSynced) == "True/OrganizationSynced" {
			last, other = east, west
		}
		g.Expect(w.Reason(g, last, v1alpha1.ConditionOrganizationSynced)).To(Equal("True/OrganizationSynced"))
	})
	w.UntilReason(other, v1alpha1.ConditionOrganizationSynced, "False/OrganizationConflict")
	w.Expect(w.Get(other)).To(Succeed())
	w.Expect(other.Status.OrganizationID).To(BeEmpty(), "it never took it for its own")
	w.UntilMail("fresh@acme.com", 1)
	w.Throughout("only one invites", func(g Gomega) {
		g.Expect(w.Mails("fresh@acme.com")).To(HaveLen(1))
		g.Expect(w.Mails("boss@acme.com")).To(BeEmpty())
	})
}

// TestHandsOffMarkerWrittenSoonAfterItIsRead: while an answer is on its way that
// calls an organization nobody's, it becomes another's, for longer than others
// wait before they trust their marker. It is not written over.
func TestHandsOffMarkerWrittenSoonAfterItIsRead(t *testing.T) {
	w, id := adoptable(t)
	const theirs = "other/n/acme"
	var read sync.Once
	told := make(chan struct{})
	w.StartOperator(func(o *world.OperatorOptions) {
		o.AfterAnswer = func(r *http.Request, answer *http.Response) {
			switch r.URL.Path {
			case "/.well-known/openid-configuration":
				select {
				case told <- struct{}{}:
				default:
				}
			case "/api/v2/organizations/" + id:
				read.Do(func() {
					_, err := w.Engineer().UpdateOrganization(r.Context(), id, auth0.OrganizationUpdate{Metadata: map[string]string{ownership.MetadataOwner: theirs}})
					w.Expect(err).NotTo(HaveOccurred())
					w.Auth0.Forward(6 * time.Second)
					for range 3 { // the operator knows what time it is
						<-told
					}
					answer.Header.Del("Date")
				})
			}
		}
	})
	customer := w.CreateCustomer("acme", 5, adopting)
	w.UntilReason(customer, v1alpha1.ConditionOrganizationSynced, "False/OrganizationConflict")
	organization, _ := w.Organization("acme")
	w.Expect(organization.Metadata).To(HaveKeyWithValue(ownership.MetadataOwner, theirs))
}

func TestAccessTakenBackAfterRelease(t *testing.T) {
	w := world.Bare(t)
	elsewhere := w.Annex()
	w.CreateTenant(admitting(elsewhere))
	w.StartOperator()
	customer := w.CreateCustomer("acme", 5)
	jane := w.CreateMember("acme", "jane@acme.com")
	session := w.Join(jane)
	w.UntilReason(customer, v1alpha1.ConditionGuardInEffect, "True/GuardInEffect")
	end := w.WatchSessions(map[string]*person.Session{"jane@acme.com": session})
	moved := w.CreateCustomer("acme", 5, customerIn(elsewhere))
	w.Annotate(moved, v1alpha1.AnnotationTakeOver, "test/"+w.Namespace+"/acme")
	w.UntilReason(moved, v1alpha1.ConditionGuardInEffect, "True/GuardInEffect")
	w.Annotate(customer, v1alpha1.AnnotationReconcileRequestedAt, "now")
	w.UntilReason(customer, v1alpha1.ConditionStalled, "True/OrganizationConflict")
	w.Expect(w.Client.Delete(t.Context(), moved)).To(Succeed())
	w.UntilGone(moved)

	// Jane loses the grant while the guard lets everybody pass, and for a while none
	// can be written. What the Customer once said of the guard puts nobody out.
	w.LoseGrant("acme", "jane@acme.com")
	_, mend := w.Fault(standin.Fault{Method: http.MethodPatch, Route: "/api/v2/users/{id}", Kind: standin.FaultStatus, Status: http.StatusServiceUnavailable})
	w.Annotate(customer, v1alpha1.AnnotationTakeOver, "released:test/"+elsewhere+"/acme")
	w.UntilReason(customer, v1alpha1.ConditionOrganizationSynced, "True/OrganizationSynced")
	w.Throughout("the guard waits for her grant", func(g Gomega) {
		g.Expect(metadataOf(w)).To(HaveKeyWithValue(ownership.MetadataAccess, "released,,"))
	})
	mend()
	w.UntilForwarding("the guard takes effect", func(g Gomega) {
		g.Expect(w.Reason(g, customer, v1alpha1.ConditionGuardInEffect)).To(Equal("True/GuardInEffect"))
	})
	w.UntilReason(jane, v1alpha1.ConditionActive, "True/Joined")
	end()
	w.Expect(w.Mails("jane@acme.com")).To(HaveLen(1))
}

// TestHandsOffTakenOverBetweenTwoReadings: another owner takes the organization over,
// and one pass has seen it. No later one gives anybody anything by what was read before.
func TestHandsOffTakenOverBetweenTwoReadings(t *testing.T) {
	w := world.New(t)
	// No look is due: what was read is good for long.
	w.StartOperator(func(o *world.OperatorOptions) { o.LiveInterval, o.SettledInterval = time.Hour, 2*time.Hour })
	customer := w.CreateCustomer("acme", 5)
	w.UntilMail("boss@acme.com", 1)
	w.UntilReason(customer, v1alpha1.ConditionReady, "True/Reconciled")
	metadata := metadataOf(w)
	metadata[ownership.MetadataOwner] = "elsewhere/crm/acme"
	_, err := w.Engineer().UpdateOrganization(t.Context(), w.OrganizationID("acme"), auth0.OrganizationUpdate{Metadata: metadata})
	w.Expect(err).NotTo(HaveOccurred())
	w.Update(customer, func() { customer.Spec.Domains = append(customer.Spec.Domains, "acme.eu") })
	w.UntilReason(customer, v1alpha1.ConditionReady, "False/OrganizationConflict")
	w.CreateMember("acme", "jane@acme.com")
	w.Throughout("nobody is invited into what is another's", func(g Gomega) {
		g.Expect(w.Mails("jane@acme.com")).To(BeEmpty())
		g.Expect(w.Reason(g, customer, v1alpha1.ConditionReady)).To(Equal("False/OrganizationConflict"))
	})
	w.Expect(metadataOf(w)).To(HaveKeyWithValue(ownership.MetadataOwner, "elsewhere/crm/acme"))
}
