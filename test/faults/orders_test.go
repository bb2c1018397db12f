package faults

import (
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/internal/auth0"
	"github.com/seatwarden/seatwarden/internal/ownership"
	"github.com/seatwarden/seatwarden/internal/standin"
	"github.com/seatwarden/seatwarden/test/world"
)

// permutations of 0 to n-1.
func permutations(n int) [][]int {
	if n == 0 {
		return [][]int{nil}
	}
	var out [][]int
	for _, shorter := range permutations(n - 1) {
		for at := range n {
			out = append(out, slices.Insert(slices.Clone(shorter), at, n-1))
		}
	}
	return out
}

// TestOrders: whatever is applied before what it refers to, everything settles,
// nothing is called stalled on the way, and an admin whom somebody declared has
// one Member and one mail.
func TestOrders(t *testing.T) {
	names := []string{"Secret", "Auth0Tenant", "Customer", "Member"}
	for _, order := range permutations(len(names)) {
		name := ""
		for _, i := range order {
			name += names[i] + " "
		}
		t.Run(name, func(t *testing.T) {
			w := world.Bare(t)
			w.Expect(w.Client.Delete(t.Context(), secretOf(w))).To(Succeed())
			w.StartOperator()
			tenant := w.TenantObject()
			customer := w.CustomerObject("acme", 2)
			boss := w.MemberObject("acme", "boss@acme.com")
			create := []func(){
				func() { w.CreateSecret(w.Management.Secret) },
				func() { w.Expect(w.Client.Create(t.Context(), tenant)).To(Succeed()) },
				func() { w.Expect(w.Client.Create(t.Context(), customer)).To(Succeed()) },
				func() { w.Expect(w.Client.Create(t.Context(), boss)).To(Succeed()) },
			}
			for _, i := range order {
				create[i]()
			}
			w.UntilMail("boss@acme.com", 1)
			for _, obj := range []client.Object{tenant, customer, boss} {
				w.UntilReason(obj, v1alpha1.ConditionReady, "True/Reconciled")
			}
			w.Expect(w.StalledSeen()).To(BeEmpty())
			w.Until("no second Member for the admin", func(g Gomega) { g.Expect(w.Members()).To(ConsistOf(HaveField("Name", boss.Name))) })
			w.Expect(w.Mails("boss@acme.com")).To(HaveLen(1))
		})
	}
}

// TestOrdersOneByOne: the same when each is seen before the next one comes.
func TestOrdersOneByOne(t *testing.T) {
	w := world.Bare(t)
	w.StartOperator()
	boss := w.CreateMember("acme", "boss@acme.com")
	w.UntilReason(boss, v1alpha1.ConditionReady, "False/CustomerNotFound")
	customer := w.CreateCustomer("acme", 2)
	w.UntilReason(customer, v1alpha1.ConditionReady, "False/TenantNotFound")
	w.UntilReason(boss, v1alpha1.ConditionReady, "False/TenantNotFound")
	w.CreateTenant()
	w.UntilMail("boss@acme.com", 1)
	for _, obj := range []client.Object{customer, boss} {
		w.UntilReason(obj, v1alpha1.ConditionReady, "True/Reconciled")
	}
	w.Expect(w.StalledSeen()).To(BeEmpty())
	w.Expect(w.Members()).To(HaveLen(1))
}

// TestOrdersAfterLong: what has been missing for so long that a person is told, and that
// it is looked for seldom, is found at once when it comes.
func TestOrdersAfterLong(t *testing.T) {
	w := world.Bare(t)
	var ahead atomic.Int64
	w.StartOperator(func(o *world.OperatorOptions) {
		o.Now = func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
	})
	customer, jane := w.CreateCustomer("acme", 2), w.CreateMember("beta", "jane@acme.com")
	w.UntilReason(customer, v1alpha1.ConditionReady, "False/TenantNotFound")
	w.UntilReason(jane, v1alpha1.ConditionReady, "False/CustomerNotFound")
	ahead.Store(int64(6 * time.Minute))
	w.UntilReason(customer, v1alpha1.ConditionStalled, "True/TenantNotFound")
	w.UntilReason(jane, v1alpha1.ConditionStalled, "True/CustomerNotFound")
	w.CreateTenant()
	w.UntilMail("boss@acme.com", 1)
	w.CreateCustomer("beta", 2)
	w.UntilMail("jane@acme.com", 1)
}

func TestOrdersTwoTenantsOfOneDomain(t *testing.T) {
	w := world.Bare(t)
	w.StartOperator()
	first := w.CreateTenant()
	w.UntilReason(first, v1alpha1.ConditionReady, "True/Reconciled")
	second := w.CreateTenant(func(tenant *v1alpha1.Auth0Tenant) { tenant.Name += "-2" })
	w.UntilReason(second, v1alpha1.ConditionStalled, "True/DuplicateDomain")
	w.UntilWarned(second, v1alpha1.ReasonDuplicateDomain, "delete one of them")
	customer := w.CreateCustomer("acme", 2, func(c *v1alpha1.Customer) { c.Spec.TenantRef.Name = second.Name })
	w.UntilReason(customer, v1alpha1.ConditionReady, "False/TenantNotReady")
	w.UntilReason(first, v1alpha1.ConditionReady, "True/Reconciled")

	w.Expect(w.Client.Delete(t.Context(), first)).To(Succeed())
	w.UntilGone(first)
	w.UntilReason(second, v1alpha1.ConditionReady, "True/Reconciled")
	w.UntilMail("boss@acme.com", 1)
}

// TestOrdersTenantInUse: a tenant stays while a Customer refers to it, usable for
// the Customer's own deletion, also after a restart.
func TestOrdersTenantInUse(t *testing.T) {
	w := world.Bare(t)
	tenant := w.CreateTenant()
	operator := w.StartOperator()
	customer := w.CreateCustomer("acme", 2)
	w.Join(w.AdminMember(customer))
	w.UntilReason(customer, v1alpha1.ConditionReady, "True/Reconciled")

	w.Expect(w.Client.Delete(t.Context(), tenant)).To(Succeed())
	w.UntilReason(tenant, v1alpha1.ConditionReady, "False/InUse")
	w.UntilTold(tenant, v1alpha1.ReasonInUse, "delete that first")
	operator.Stop()
	w.StartOperator()
	w.Throughout("it stays", func(g Gomega) { g.Expect(w.Get(tenant)).To(Succeed()) })
	_, err := w.SignIn(w.OrganizationID("acme"), "boss@acme.com")
	w.Expect(err).NotTo(HaveOccurred())

	w.Expect(w.Client.Delete(t.Context(), customer)).To(Succeed())
	w.UntilGone(customer)
	w.UntilGone(tenant)
}

// TestOrdersMembersLeft: a Customer is deleted, then its tenant, and its Members are
// not. They need nobody to go, or to be taken up by a Customer in another tenant.
func TestOrdersMembersLeft(t *testing.T) {
	w := world.Bare(t)
	tenant := w.CreateTenant()
	w.StartOperator()
	customer := w.CreateCustomer("acme", 3)
	w.Join(w.AdminMember(customer))
	jane, bob := w.CreateMember("acme", "jane@acme.com"), w.CreateMember("acme", "bob@acme.com")
	w.Join(jane)
	w.Join(bob)
	id := w.OrganizationID("acme")
	signIn := func(email string) {
		_, err := w.SignIn(id, email)
		w.Expect(err).NotTo(HaveOccurred(), "the organization was retained")
	}
	w.Expect(w.Client.Delete(t.Context(), customer)).To(Succeed())
	w.UntilGone(customer)
	w.UntilReason(jane, v1alpha1.ConditionSeatAssigned, "False/CustomerDeleted")
	w.Expect(w.Client.Delete(t.Context(), tenant)).To(Succeed())
	w.UntilGone(tenant)
	w.Expect(w.Client.Delete(t.Context(), bob)).To(Succeed())
	w.UntilGone(bob)
	signIn("bob@acme.com")

	moved := w.CreateTenant(func(tenant *v1alpha1.Auth0Tenant) { tenant.Name += "-2" })
	w.CreateCustomer("acme", 3, func(c *v1alpha1.Customer) { c.Spec.TenantRef.Name = moved.Name })
	w.UntilReason(jane, v1alpha1.ConditionActive, "True/Joined")
	w.Expect(w.Get(jane)).To(Succeed())
	w.Expect(jane.Status.Tenant).To(Equal(moved.Name))
	signIn("jane@acme.com")
}

// TestOrdersEverythingDeletedTogether: as by `kubectl delete -f`, in any order.
func TestOrdersEverythingDeletedTogether(t *testing.T) {
	for _, policy := range []v1alpha1.DeletionPolicy{v1alpha1.DeletionRetain, v1alpha1.DeletionDelete} {
		t.Run(string(policy), func(t *testing.T) {
			w := world.Bare(t)
			tenant := w.CreateTenant()
			w.StartOperator(func(o *world.OperatorOptions) { o.TenantInterval = time.Minute })
			customer := w.CreateCustomer("acme", 2, func(c *v1alpha1.Customer) { c.Spec.DeletionPolicy = policy })
			w.Join(w.AdminMember(customer))
			jane := w.CreateMember("acme", "jane@acme.com")
			w.Join(jane)
			id := w.OrganizationID("acme")
			for _, obj := range []client.Object{tenant, customer, jane} {
				w.Expect(w.Client.Delete(t.Context(), obj)).To(Succeed())
			}
			for _, obj := range []client.Object{customer, jane, tenant} {
				w.UntilGone(obj)
			}
			w.Until("the admin's Member goes with its Customer", func(g Gomega) { g.Expect(w.Members()).To(BeEmpty()) })
			_, err := w.SignIn(id, "jane@acme.com")
			w.Expect(err == nil).To(Equal(policy == v1alpha1.DeletionRetain))
		})
	}
}

func TestOrdersAdminReplaced(t *testing.T) {
	w := world.New(t)
	w.StartOperator()
	customer := w.CreateCustomer("acme", 2)
	old := w.AdminMember(customer)
	w.Join(old)
	w.Employ("next@acme.com")
	w.Update(customer, func() { customer.Spec.Admins = []v1alpha1.Admin{{Email: "next@acme.com"}} })
	w.UntilMail("next@acme.com", 1)
	w.UntilReason(w.AdminMember(customer), v1alpha1.ConditionReady, "True/Reconciled")
	w.Throughout("the old one stays until a person deletes it", func(g Gomega) {
		g.Expect(w.Reason(g, old, v1alpha1.ConditionActive)).To(Equal("True/Joined"))
		g.Expect(old.Labels).To(HaveKeyWithValue(v1alpha1.LabelGeneratedFor, "acme"))
	})
	_, err := w.SignIn(w.OrganizationID("acme"), "boss@acme.com")
	w.Expect(err).NotTo(HaveOccurred())
}

// rolesOf are the names of the roles that a person has in acme.
func rolesOf(w *world.World, email string) []string {
	snapshot := w.Auth0.Snapshot()
	organization, _ := snapshot.Organization("acme")
	var names []string
	for _, user := range snapshot.Users {
		if user.Email != email {
			continue
		}
		for _, role := range snapshot.Roles {
			if slices.Contains(organization.MemberRoles[user.UserID], role.ID) {
				names = append(names, role.Name)
			}
		}
	}
	return names
}

func TestOrdersRoles(t *testing.T) {
	w := world.New(t)
	ids := map[string]string{}
	for _, name := range []string{"auditor", "editor", "viewer"} {
		role, err := w.Auth0.AddRole(standin.Role{Name: name})
		w.Expect(err).NotTo(HaveOccurred())
		ids[name] = role.ID
	}
	w.StartOperator()
	customer := w.CreateCustomer("acme", 2, func(c *v1alpha1.Customer) {
		c.Spec.Roles = &v1alpha1.CustomerRoles{Allowed: []v1alpha1.RoleName{"editor", "viewer"}}
		c.Spec.Admins[0].Roles = []v1alpha1.RoleName{"editor"}
	})
	boss := w.AdminMember(customer)
	w.Join(boss)
	jane := w.CreateMember("acme", "jane@acme.com", func(m *v1alpha1.Member) { m.Spec.Roles = []v1alpha1.RoleName{"editor", "viewer"} })
	w.Join(jane)
	w.Expect(rolesOf(w, "boss@acme.com")).To(ConsistOf("editor"))
	w.Expect(rolesOf(w, "jane@acme.com")).To(ConsistOf("editor", "viewer"))

	w.Expect(w.Get(jane)).To(Succeed())
	user := jane.Status.Users[0].UserID
	w.Expect(w.Engineer().AssignMemberRoles(t.Context(), w.OrganizationID("acme"), user, ids["auditor"])).To(Succeed())
	w.Update(jane, func() { jane.Spec.Roles = []v1alpha1.RoleName{"viewer"} })
	w.Until("what is no longer declared is taken, and what is not managed stays", func(g Gomega) {
		g.Expect(rolesOf(w, "jane@acme.com")).To(ConsistOf("auditor", "viewer"))
	})
	w.Update(jane, func() { jane.Spec.Roles = nil })
	w.Until("absent means none", func(g Gomega) { g.Expect(rolesOf(w, "jane@acme.com")).To(ConsistOf("auditor")) })
	w.Update(customer, func() { customer.Spec.Admins[0].Roles = []v1alpha1.RoleName{"viewer"} })
	w.Until("the Customer's admins follow the Customer", func(g Gomega) { g.Expect(rolesOf(w, "boss@acme.com")).To(ConsistOf("viewer")) })
	w.UntilReason(jane, v1alpha1.ConditionReady, "True/Reconciled")
	w.UntilReason(boss, v1alpha1.ConditionReady, "True/Reconciled")
	_, err := w.SignIn(w.OrganizationID("acme"), "jane@acme.com")
	w.Expect(err).NotTo(HaveOccurred())
}

// connectionsOf are acme's enabled connections by name, as one word each.
func connectionsOf(w *world.World) map[string]string {
	snapshot := w.Auth0.Snapshot()
	organization, _ := snapshot.Organization("acme")
	out := map[string]string{}
	for _, enabled := range organization.Connections {
		for _, connection := range snapshot.Connections {
			if connection.ID == enabled.ConnectionID {
				out[connection.Name] = fmt.Sprintf("joins=%t signs-up=%t", enabled.AssignMembershipOnLogin, enabled.IsSignupEnabled)
			}
		}
	}
	return out
}

func TestOrdersConnections(t *testing.T) {
	const closed = "joins=false signs-up=false"
	w := world.New(t)
	ids := map[string]string{}
	for _, name := range []string{"acme-okta", "acme-theirs"} {
		connection, err := w.Auth0.AddConnection(standin.Connection{Name: name, Strategy: "okta", ShowAsButton: true})
		w.Expect(err).NotTo(HaveOccurred())
		ids[name] = connection.ID
	}
	w.StartOperator()
	customer := w.CreateCustomer("acme", 2, func(c *v1alpha1.Customer) {
		c.Spec.Connections = append(c.Spec.Connections, v1alpha1.Connection{Name: "acme-okta", Type: v1alpha1.ConnectionExisting})
	})
	w.UntilReason(customer, v1alpha1.ConditionConnectionsSynced, "True/ConnectionsSynced")
	w.Expect(connectionsOf(w)).To(Equal(map[string]string{world.ConnectionName: closed, "acme-okta": closed}))

	engineer, id := w.Engineer(), w.OrganizationID("acme")
	w.Expect(engineer.EnableConnection(t.Context(), id, auth0.EnabledConnection{ConnectionID: ids["acme-theirs"], AssignMembershipOnLogin: true, ShowAsButton: true})).To(Succeed())
	w.Expect(engineer.UpdateEnabledConnection(t.Context(), id, auth0.EnabledConnection{ConnectionID: ids["acme-okta"], AssignMembershipOnLogin: true, ShowAsButton: true})).To(Succeed())
	theirs := "joins=true signs-up=false"
	w.Until("drift is mended, and what others enabled is theirs", func(g Gomega) {
		g.Expect(connectionsOf(w)).To(Equal(map[string]string{world.ConnectionName: closed, "acme-okta": closed, "acme-theirs": theirs}))
	})
	w.Update(customer, func() { customer.Spec.Connections = customer.Spec.Connections[:1] })
	w.Until("one that is declared no more is disabled", func(g Gomega) {
		g.Expect(connectionsOf(w)).To(Equal(map[string]string{world.ConnectionName: closed, "acme-theirs": theirs}))
	})
	w.Until("and so says the status", func(g Gomega) {
		g.Expect(w.Get(customer)).To(Succeed())
		g.Expect(customer.Status.Connections).To(HaveLen(1))
	})
}

func at(t time.Time) *metav1.Time {
	out := metav1.NewTime(t.Truncate(time.Second))
	return &out
}

// TestOrdersContractStarts: before the start seats are assigned and nothing is
// sent; when the clock reaches it, everybody is invited without anybody's help.
func TestOrdersContractStarts(t *testing.T) {
	w := world.New(t)
	w.StartOperator()
	start := w.Auth0.Clock().Now().Add(time.Hour)
	customer := w.CreateCustomer("acme", 2, func(c *v1alpha1.Customer) { c.Spec.Contract = &v1alpha1.Contract{StartTime: at(start)} })
	jane := w.CreateMember("acme", "jane@acme.com")
	w.UntilReason(customer, v1alpha1.ConditionContractActive, "False/ContractNotStarted")
	w.UntilReason(jane, v1alpha1.ConditionSeatAssigned, "True/SeatAssigned")
	w.UntilReason(jane, v1alpha1.ConditionActive, "False/OnHold")
	w.UntilReason(jane, v1alpha1.ConditionReady, "True/Reconciled")
	w.Expect(w.Auth0.Outbox().Mails()).To(BeEmpty())

	w.Auth0.Forward(start.Sub(w.Auth0.Clock().Now()) - 5*time.Second)
	slack := passTime(w, customer) + passTime(w, jane)
	mail := w.UntilMail("jane@acme.com", 1)
	w.Expect(mail.SentAt).To(BeTemporally(">=", start), "the link works")
	w.Expect(mail.SentAt).To(BeTemporally("<", start.Add(5*time.Second+slack)))
	w.UntilMail("boss@acme.com", 1)
	w.UntilReason(customer, v1alpha1.ConditionContractActive, "True/ContractActive")
	_, err := w.Accept(mail)
	w.Expect(err).NotTo(HaveOccurred())
	w.UntilReason(jane, v1alpha1.ConditionActive, "True/Joined")
}

// TestOrdersContractEnds: the guard refuses from the end on, and while access is
// suspended; everybody keeps the seat and nothing is sent when it opens again.
func TestOrdersContractEnds(t *testing.T) {
	w := world.New(t)
	w.StartOperator()
	customer := w.CreateCustomer("acme", 2)
	boss := w.AdminMember(customer)
	w.Join(boss)
	id := w.OrganizationID("acme")
	signIn := func() error { _, err := w.SignIn(id, "boss@acme.com"); return err }

	end := w.Auth0.Clock().Now().Add(time.Hour)
	w.Update(customer, func() { customer.Spec.Contract = &v1alpha1.Contract{EndTime: at(end)} })
	w.Until("the guard knows of the end", func(g Gomega) {
		organization, _ := w.Organization("acme")
		g.Expect(organization.Metadata[ownership.MetadataAccess]).To(HavePrefix("open,,2"))
	})
	w.Expect(signIn()).To(Succeed())
	w.Auth0.Forward(time.Hour)
	w.Expect(signIn()).NotTo(Succeed(), "the guard needs no operator for that")
	w.UntilReason(customer, v1alpha1.ConditionContractActive, "False/ContractEnded")
	w.UntilReason(boss, v1alpha1.ConditionActive, "False/ContractEnded")
	w.UntilReason(boss, v1alpha1.ConditionReady, "True/Reconciled")
	jane := w.CreateMember("acme", "jane@acme.com")
	w.UntilReason(jane, v1alpha1.ConditionActive, "False/OnHold")

	w.Update(customer, func() { customer.Spec.Contract, customer.Spec.Access = nil, v1alpha1.AccessSuspended })
	w.UntilReason(customer, v1alpha1.ConditionContractActive, "False/Suspended")
	w.UntilReason(boss, v1alpha1.ConditionActive, "False/Suspended")
	w.Expect(signIn()).NotTo(Succeed())
	w.Expect(w.Mails("jane@acme.com")).To(BeEmpty())

	w.Update(customer, func() { customer.Spec.Access = v1alpha1.AccessOpen })
	w.UntilReason(boss, v1alpha1.ConditionActive, "True/Joined")
	w.Expect(signIn()).To(Succeed())
	w.UntilMail("jane@acme.com", 1)
	w.Expect(w.Mails("boss@acme.com")).To(HaveLen(1))
}
