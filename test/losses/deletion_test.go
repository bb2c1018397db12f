package losses

import (
	"bytes"
	"encoding/json"
	"testing"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/internal/controlplane/envtesting"
	"github.com/seatwarden/seatwarden/internal/ownership"
	"github.com/seatwarden/seatwarden/test/world"
)

// settledAcme is acme with two people who have joined and one who is invited.
func settledAcme(w *world.World, policy v1alpha1.DeletionPolicy) (customer *v1alpha1.Customer, jane *v1alpha1.Member) {
	w.Helper()
	customer = w.CreateCustomer("acme", 3, func(c *v1alpha1.Customer) { c.Spec.DeletionPolicy = policy })
	w.Join(w.AdminMember(customer))
	jane = w.CreateMember("acme", "jane@acme.com")
	w.Join(jane)
	w.UntilReason(w.CreateMember("acme", "bob@acme.com"), v1alpha1.ConditionActive, "False/Invited")
	w.UntilReason(customer, v1alpha1.ConditionReady, "True/Reconciled")
	return customer, jane
}

// followsPolicy: the organization stays with its people, who sign in as before,
// or is gone with all that they held.
func followsPolicy(w *world.World, policy v1alpha1.DeletionPolicy, before string, members []string) {
	w.Helper()
	after, there := w.Organization("acme")
	w.Expect(there).To(Equal(policy == v1alpha1.DeletionRetain))
	if there {
		w.Expect(after.Metadata[ownership.MetadataOwner]).To(HavePrefix("released:"))
		w.Expect(after.Members).To(ConsistOf(members), "its people stay")
	}
	for _, email := range []string{"boss@acme.com", "jane@acme.com"} {
		_, err := w.SignIn(before, email)
		w.Expect(err == nil).To(Equal(there), "%s signs in", email)
	}
	w.Expect(w.Auth0.Outbox().Mails()).To(HaveLen(3))
}

// TestRemovalDeletionTogether: however Customer, Members and tenant are deleted
// together, the Customer's policy decides, and all of them go.
func TestRemovalDeletionTogether(t *testing.T) {
	foreground := client.PropagationPolicy(metav1.DeletePropagationForeground)
	both := []v1alpha1.DeletionPolicy{v1alpha1.DeletionRetain, v1alpha1.DeletionDelete}
	type together struct {
		name     string
		policies []v1alpha1.DeletionPolicy
		remove   func(w *world.World)
	}
	for _, test := range []together{
		{"the tenant first", both[:1], func(w *world.World) {
			tenant := &v1alpha1.Auth0Tenant{ObjectMeta: metav1.ObjectMeta{Name: w.Tenant}}
			w.Expect(w.Client.Delete(w.Context(), tenant)).To(Succeed())
			w.UntilReason(tenant, v1alpha1.ConditionReady, "False/InUse")
			w.Throughout("the tenant waits, and takes nothing from anybody", func(g Gomega) {
				_, err := w.SignIn(w.OrganizationID("acme"), "jane@acme.com")
				g.Expect(err).NotTo(HaveOccurred())
				g.Expect(w.Get(tenant)).To(Succeed())
			})
			for _, obj := range everything(w)[1:] {
				w.Expect(client.IgnoreNotFound(w.Client.Delete(w.Context(), obj))).To(Succeed())
			}
		}},
		{"with kubectl delete -f", both, func(w *world.World) {
			_, err := envtesting.ControlPlane().KubectlInput(w.Context(), manifestsOf(w, everything(w)), "delete", "-f", "-", "--wait=false")
			w.Expect(err).NotTo(HaveOccurred())
		}},
		{"with their namespace, and the tenant", both[:1], func(w *world.World) {
			w.Expect(w.Client.Delete(w.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: w.Namespace}})).To(Succeed())
			w.Expect(w.Client.Delete(w.Context(), &v1alpha1.Auth0Tenant{ObjectMeta: metav1.ObjectMeta{Name: w.Tenant}})).To(Succeed())
		}},
		// Last: the garbage collector takes 30 seconds to learn of a new kind.
		{"in the foreground", both[1:], func(w *world.World) {
			for _, obj := range everything(w) {
				w.Expect(client.IgnoreNotFound(w.Client.Delete(w.Context(), obj, foreground))).To(Succeed())
			}
		}},
	} {
		for _, policy := range test.policies {
			t.Run(test.name+", "+string(policy), func(t *testing.T) {
				w := world.New(t)
				w.StartOperator()
				settledAcme(w, policy)
				before, _ := w.Organization("acme")
				all := everything(w)
				test.remove(w)
				for _, obj := range all {
					w.UntilGone(obj)
				}
				followsPolicy(w, policy, before.ID, before.Members)
			})
		}
	}
}

// manifestsOf are objects as a file for kubectl.
func manifestsOf(w *world.World, all []client.Object) *bytes.Buffer {
	w.Helper()
	list := map[string]any{"apiVersion": "v1", "kind": "List"}
	var items []client.Object
	for _, obj := range all {
		kept := manifest(obj)
		kept.GetObjectKind().SetGroupVersionKind(kindOf(w, obj))
		items = append(items, kept)
	}
	list["items"] = items
	text, err := json.Marshal(list)
	w.Expect(err).NotTo(HaveOccurred())
	return bytes.NewBuffer(text)
}

func kindOf(w *world.World, obj client.Object) schema.GroupVersionKind {
	w.Helper()
	kind, err := apiutil.GVKForObject(obj, w.Client.Scheme())
	w.Expect(err).NotTo(HaveOccurred())
	return kind
}

// TestRemovalDeletionForcedIsSettledInAuth0: a Customer's finalizer was forced off,
// so that nobody said what becomes of its people. A Member that is deleted stays
// until somebody settles it, here in Auth0.
func TestRemovalDeletionForcedIsSettledInAuth0(t *testing.T) {
	for name, test := range map[string]struct {
		policy v1alpha1.DeletionPolicy
		settle func(w *world.World, organizationID string)
		stays  bool
	}{
		"the mark is taken off": {
			policy: v1alpha1.DeletionDelete, stays: true,
			settle: func(w *world.World, _ string) { loseMetadata(w, ownership.MetadataOwner) },
		},
		"the organization is deleted": {
			policy: v1alpha1.DeletionRetain,
			settle: func(w *world.World, id string) {
				w.Expect(w.Engineer().DeleteOrganization(w.Context(), id)).To(Succeed())
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := world.New(t)
			operator := w.StartOperator()
			customer, jane := settledAcme(w, test.policy)
			id := w.OrganizationID("acme")
			operator.Stop()
			w.Update(customer, func() { customer.Finalizers = nil })
			w.Expect(w.Client.Delete(t.Context(), customer)).To(Succeed())
			w.UntilGone(customer)
			w.StartOperator(world.Sweeping)
			w.Expect(w.Client.Delete(t.Context(), jane)).To(Succeed())
			w.UntilReason(jane, v1alpha1.ConditionStalled, "True/StillOwned")
			_, err := w.SignIn(id, "jane@acme.com")
			w.Expect(err).NotTo(HaveOccurred(), "nothing is taken")
			test.settle(w, id)
			w.UntilGone(jane)
			_, err = w.SignIn(id, "jane@acme.com")
			w.Expect(err == nil).To(Equal(test.stays), "what was settled in Auth0 stands")
		})
	}
}

// TestRemovalDeletionWithTheCredentials: the Secret goes with everything else.
// Without it nobody can be asked, so the rest waits and says for what.
func TestRemovalDeletionWithTheCredentials(t *testing.T) {
	w := world.New(t)
	w.StartOperator()
	settledAcme(w, v1alpha1.DeletionDelete)
	before, _ := w.Organization("acme")
	all := everything(w)
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: world.OperatorNamespace, Name: w.Tenant}}
	w.Expect(w.Get(secret)).To(Succeed())
	_, err := envtesting.ControlPlane().KubectlInput(t.Context(), manifestsOf(w, append([]client.Object{secret}, all...)), "delete", "-f", "-", "--wait=false")
	w.Expect(err).NotTo(HaveOccurred())
	tenant, gone := all[0], false
	w.Until("the tenant is gone, or says what it lacks", func(g Gomega) {
		if gone = apierrors.IsNotFound(w.Get(tenant)); !gone {
			g.Expect(w.Reason(g, tenant, v1alpha1.ConditionCredentialsValid)).To(Equal("False/SecretNotFound"))
		}
	})
	if !gone {
		w.CreateSecret(w.Management.Secret)
	}
	for _, obj := range all {
		w.UntilGone(obj)
	}
	followsPolicy(w, v1alpha1.DeletionDelete, before.ID, before.Members)
}

// TestRemovalDomainsNarrowed: a Member whose address the contract lets in no more
// is removed like any other.
func TestRemovalDomainsNarrowed(t *testing.T) {
	w := world.New(t)
	w.StartOperator()
	both := []v1alpha1.DomainPattern{"acme.com", "partner.com"}
	customer := w.CreateCustomer("acme", 3, func(c *v1alpha1.Customer) { c.Spec.Domains = both })
	w.Join(w.AdminMember(customer))
	jane, bob := w.CreateMember("acme", "jane@partner.com"), w.CreateMember("acme", "bob@partner.com")
	session := w.Join(jane)
	w.UntilReason(bob, v1alpha1.ConditionActive, "False/Invited")
	w.UntilReason(customer, v1alpha1.ConditionReady, "True/Reconciled")
	w.Update(customer, func() { customer.Spec.Domains = both[:1] })
	w.Until("the contract is narrower", func(g Gomega) {
		g.Expect(w.Get(customer)).To(Succeed())
		g.Expect(customer.Status.ObservedGeneration).To(Equal(customer.Generation))
	})
	_, err := w.SignIn(w.OrganizationID("acme"), "jane@partner.com")
	w.Expect(err).NotTo(HaveOccurred(), "who has a seat keeps it")
	for _, member := range []*v1alpha1.Member{jane, bob} {
		w.Remove(member)
	}
	w.AssertOut("acme", "jane@partner.com", session)
	w.AssertOut("acme", "bob@partner.com")
	w.Expect(w.Mails("jane@partner.com")).To(HaveLen(1))
}
