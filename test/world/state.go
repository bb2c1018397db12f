package world

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"

	. "github.com/onsi/gomega"
	eventsv1 "k8s.io/api/events/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/internal/ownership"
	"github.com/seatwarden/seatwarden/internal/standin"
	"github.com/seatwarden/seatwarden/internal/standin/person"
)

// Conditions of one of our objects.
func Conditions(obj client.Object) []metav1.Condition {
	switch o := obj.(type) {
	case *v1alpha1.Auth0Tenant:
		return o.Status.Conditions
	case *v1alpha1.Customer:
		return o.Status.Conditions
	case *v1alpha1.Member:
		return o.Status.Conditions
	case *v1alpha1.Removal:
		return o.Status.Conditions
	}
	return nil
}

// Reason is "<status>/<reason>" of a condition of an object read anew, or "absent".
func (w *World) Reason(g Gomega, obj client.Object, condition string) string {
	g.ExpectWithOffset(1, w.Get(obj)).To(Succeed())
	found := meta.FindStatusCondition(Conditions(obj), condition)
	if found == nil {
		return "absent"
	}
	return string(found.Status) + "/" + found.Reason
}

// UntilReason waits for a condition.
func (w *World) UntilReason(obj client.Object, condition, want string) {
	w.Helper()
	w.EventuallyWithOffset(1, func(g Gomega) {
		g.Expect(w.Reason(g, obj, condition)).To(Equal(want))
	}, Patience, "50ms").Should(Succeed(), "%s of %s", condition, obj.GetName())
}

// UntilGone waits until an object is gone.
func (w *World) UntilGone(obj client.Object) {
	w.Helper()
	w.EventuallyWithOffset(1, func() bool { return client.IgnoreNotFound(w.Get(obj)) == nil && w.Get(obj) != nil }, Patience, "50ms").
		Should(BeTrue(), "%s is gone", obj.GetName())
}

// Members lists the test's Members.
func (w *World) Members() []v1alpha1.Member {
	list := &v1alpha1.MemberList{}
	w.Expect(w.Client.List(w.Context(), list, client.InNamespace(w.Namespace))).To(Succeed())
	return list.Items
}

// Removals are those of a Customer's people.
func (w *World) Removals(customer string) []v1alpha1.Removal {
	list := &v1alpha1.RemovalList{}
	w.Expect(w.Client.List(w.Context(), list, client.InNamespace(w.Namespace), client.MatchingFields{v1alpha1.FieldCustomerRef: customer})).To(Succeed())
	return list.Items
}

// Removal is that of a person of a Customer, nil when there is none.
func (w *World) Removal(customer, email string) *v1alpha1.Removal {
	for _, removal := range w.Removals(customer) {
		if ownership.PersonRef(string(removal.Spec.Email)) == ownership.PersonRef(email) {
			return &removal
		}
	}
	return nil
}

// UntilTaken waits until everything is taken from a person who is being removed, sessions at last. What
// is left is to look once more, after Auth0's lag.
func (w *World) UntilTaken(customer, email string) (removal *v1alpha1.Removal) {
	w.Helper()
	w.Until("everything is taken", func(g Gomega) {
		removal = w.Removal(customer, email)
		g.Expect(removal).NotTo(BeNil())
		g.Expect(removal.Status.Withdrawal).NotTo(BeNil())
		ended := slices.ContainsFunc(w.Auth0.Calls("POST", "/api/v2/users/{id}/revoke-access"), func(call standin.AuditEntry) bool {
			path, err := url.PathUnescape(call.Path)
			return err == nil && strings.Contains(path, email) && !call.Time.Before(removal.Status.Withdrawal.StartedAt.Time)
		})
		g.Expect(ended).To(BeTrue(), "sessions are ended")
	})
	return removal
}

// Organization is the organization of that name in Auth0.
func (w *World) Organization(name string) (standin.OrganizationSnapshot, bool) {
	return w.Auth0.Snapshot().Organization(name)
}

// OrganizationID is the id of an organization that must exist.
func (w *World) OrganizationID(name string) string {
	w.Helper()
	organization, ok := w.Organization(name)
	w.Expect(ok).To(BeTrue(), "organization "+name)
	return organization.ID
}

// Holders are the distinct people to whom Auth0 would give a seat in an
// organization: by a grant, or by a live invitation that carries one.
func (w *World) Holders(name string) map[string]bool {
	holders := map[string]bool{}
	snapshot := w.Auth0.Snapshot()
	organization, ok := snapshot.Organization(name)
	if !ok {
		return holders
	}
	add := func(value any) {
		if text, ok := value.(string); ok {
			if grant, ok := ownership.ParseGrant(text); ok && grant.Key == organization.Metadata[ownership.MetadataKey] {
				holders[grant.Person] = true
			}
		}
	}
	for _, user := range snapshot.Users {
		add(user.AppMetadata[ownership.GrantKey(organization.ID)])
	}
	for _, invitation := range organization.Invitations {
		if invitation.ExpiresAt.After(w.Auth0.Clock().Now()) {
			add(invitation.AppMetadata[ownership.GrantKey(organization.ID)])
		}
	}
	return holders
}

// Mails to an address.
func (w *World) Mails(email string) []standin.Mail { return w.Auth0.Outbox().MailsTo(email) }

// UntilMail waits for the n-th mail to an address and returns it.
func (w *World) UntilMail(email string, n int) standin.Mail {
	w.Helper()
	w.EventuallyWithOffset(1, func() int { return len(w.Mails(email)) }, Patience, "50ms").Should(Equal(n), "mails to "+email)
	return w.Mails(email)[n-1]
}

// Browser is a fresh browser.
func (w *World) Browser() *person.Person {
	w.Helper()
	browser, err := person.New(person.Options{CAPEM: w.Auth0.CAPEM(), ClientSecret: w.Login.Secret})
	w.Expect(err).NotTo(HaveOccurred())
	return browser
}

// Accept opens a link as the person at the company's identity provider.
func (w *World) Accept(mail standin.Mail) (*person.Session, error) {
	return w.Browser().OpenLink(w.Context(), mail.Link, person.As{Connection: ConnectionName, Email: mail.To})
}

// SignIn signs a person in to an organization with a fresh browser.
func (w *World) SignIn(organizationID, email string) (*person.Session, error) {
	return w.Browser().SignIn(w.Context(), w.Auth0.URL(), w.Login.ClientID, organizationID, person.As{Connection: ConnectionName, Email: email})
}

// Join has a Member invited, accept and show as joined.
func (w *World) Join(member *v1alpha1.Member) *person.Session {
	w.Helper()
	mail := w.UntilMail(string(member.Spec.Email), 1)
	session, err := w.Accept(mail)
	w.Expect(err).NotTo(HaveOccurred())
	w.UntilReason(member, v1alpha1.ConditionActive, "True/Joined")
	return session
}

// AssertNoSecretLeaked fails when a secret of Auth0's stands in anything that
// the operators wrote.
func (w *World) AssertNoSecretLeaked() {
	w.Helper()
	for _, leak := range w.Leaks() {
		w.Errorf("%s", leak)
	}
}

// Leaks searches everything that the operators wrote, but Kubernetes Secrets,
// for everything secret that ever existed in Auth0.
func (w *World) Leaks() (leaks []string) {
	for where, text := range w.written() {
		for _, found := range w.Auth0.Secrets().FoundIn(text) {
			leaks = append(leaks, fmt.Sprintf("a %s stands in %s", found.Kind, where))
		}
	}
	return leaks
}

// Logs is what the operators have logged.
func (w *World) Logs() string { return w.logs.String() }

// written is everything that the operators wrote.
func (w *World) written() map[string]string {
	ctx := context.Background()
	texts := map[string]string{"the log": w.logs.String(), "the metrics": Metrics()}
	for _, list := range []client.ObjectList{&v1alpha1.Auth0TenantList{}, &v1alpha1.CustomerList{}, &v1alpha1.MemberList{}, &v1alpha1.RemovalList{}, &eventsv1.EventList{}} {
		w.Expect(w.Client.List(ctx, list)).To(Succeed())
		var text strings.Builder
		encoder := json.NewEncoder(&text)
		encoder.SetEscapeHTML(false) // a link has ampersands
		w.Expect(encoder.Encode(list)).To(Succeed())
		texts[typeName(list)+" objects"] = text.String()
	}
	return texts
}

func typeName(list client.ObjectList) string {
	switch list.(type) {
	case *v1alpha1.Auth0TenantList:
		return "Auth0Tenant"
	case *v1alpha1.CustomerList:
		return "Customer"
	case *v1alpha1.MemberList:
		return "Member"
	case *v1alpha1.RemovalList:
		return "Removal"
	}
	return "Event"
}

// describe is the state of all objects in short, for who reads a failure.
func (w *World) describe() string {
	ctx := context.Background()
	tenants, customers, members, removals := &v1alpha1.Auth0TenantList{}, &v1alpha1.CustomerList{}, &v1alpha1.MemberList{}, &v1alpha1.RemovalList{}
	for _, list := range []client.ObjectList{tenants, customers, members, removals} {
		w.Expect(w.Client.List(ctx, list)).To(Succeed())
	}
	var text strings.Builder
	line := func(obj client.Object, conditions []metav1.Condition) {
		fmt.Fprintf(&text, "%T %s\n", obj, obj.GetName())
		for _, c := range conditions {
			fmt.Fprintf(&text, "    %s=%s/%s: %s\n", c.Type, c.Status, c.Reason, c.Message)
		}
	}
	for i := range tenants.Items {
		line(&tenants.Items[i], tenants.Items[i].Status.Conditions)
	}
	for i := range customers.Items {
		line(&customers.Items[i], customers.Items[i].Status.Conditions)
	}
	for i := range members.Items[:min(10, len(members.Items))] {
		line(&members.Items[i], members.Items[i].Status.Conditions)
	}
	for i := range removals.Items[:min(10, len(removals.Items))] {
		line(&removals.Items[i], removals.Items[i].Status.Conditions)
	}
	return text.String()
}

// AdminMember waits for the Member that a Customer's first admin gets by itself.
func (w *World) AdminMember(customer *v1alpha1.Customer) *v1alpha1.Member {
	w.Helper()
	name := customer.Name + "-" + ownership.PersonRef(string(customer.Spec.Admins[0].Email))[:8]
	member := &v1alpha1.Member{ObjectMeta: metav1.ObjectMeta{Namespace: customer.Namespace, Name: name}}
	w.EventuallyWithOffset(1, func() error { return w.Get(member) }, Patience, "50ms").Should(Succeed(), "the admin's Member")
	return member
}
