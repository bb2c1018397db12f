package faults

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"net/http"
	"slices"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/internal/standin"
	"github.com/seatwarden/seatwarden/test/world"
)

// secretOf is the Secret with the tenant's credentials.
func secretOf(w *world.World) *corev1.Secret {
	return &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: world.OperatorNamespace, Name: w.Tenant}}
}

// setSecret replaces what the Secret holds.
func setSecret(w *world.World, data map[string]string) {
	w.Helper()
	secret := secretOf(w)
	w.Update(secret, func() { secret.Data, secret.StringData = nil, data })
}

// A fault of the tenant's set-up, before a Customer and its admin's invitation.
type tenantFault struct {
	name    string
	prepare func(w *world.World)
	tenant  func(w *world.World, tenant *v1alpha1.Auth0Tenant)
	// ready is the status and reason of Ready, message what it must name.
	ready, message string
	// waits: nothing is asked of a person yet.
	waits bool
	mend  func(w *world.World, tenant *v1alpha1.Auth0Tenant)
}

func tenantFaults() []tenantFault {
	return []tenantFault{
		{
			name:    "wrong credentials",
			prepare: func(w *world.World) { setSecret(w, map[string]string{"clientSecret": "wrong"}) },
			ready:   "False/CredentialsRejected", message: "put the right value into Secret",
			mend: func(w *world.World, _ *v1alpha1.Auth0Tenant) {
				setSecret(w, map[string]string{"clientSecret": w.Management.Secret})
			},
		},
		{
			name:    "no Secret",
			prepare: func(w *world.World) { w.Expect(w.Client.Delete(w.Context(), secretOf(w))).To(Succeed()) },
			ready:   "False/SecretNotFound", message: "create it with key clientSecret", waits: true,
			mend: func(w *world.World, _ *v1alpha1.Auth0Tenant) { w.CreateSecret(w.Management.Secret) },
		},
		{
			name:    "no key in the Secret",
			prepare: func(w *world.World) { setSecret(w, map[string]string{"other": "value"}) },
			ready:   "False/SecretKeyMissing", message: "no key clientSecret",
			mend: func(w *world.World, _ *v1alpha1.Auth0Tenant) {
				setSecret(w, map[string]string{"clientSecret": w.Management.Secret})
			},
		},
		{
			name:    "an empty value",
			prepare: func(w *world.World) { setSecret(w, map[string]string{"clientSecret": ""}) },
			ready:   "False/SecretKeyMissing", message: "or it is empty",
			mend: func(w *world.World, _ *v1alpha1.Auth0Tenant) {
				setSecret(w, map[string]string{"clientSecret": w.Management.Secret})
			},
		},
		{
			name:    "a private key that is none",
			prepare: func(w *world.World) { setSecret(w, map[string]string{"privateKey": "-----BEGIN NOTHING"}) },
			tenant: func(_ *world.World, tenant *v1alpha1.Auth0Tenant) {
				tenant.Spec.Credentials.Method = v1alpha1.PrivateKeyJWT
			},
			ready: "False/PrivateKeyInvalid", message: "not in PEM form",
			mend: func(w *world.World, tenant *v1alpha1.Auth0Tenant) {
				machine, key := keyClient(w)
				setSecret(w, map[string]string{"privateKey": key})
				w.Update(tenant, func() { tenant.Spec.Credentials.ClientID = machine.ClientID })
			},
		},
		{
			name: "an unknown application",
			tenant: func(_ *world.World, tenant *v1alpha1.Auth0Tenant) {
				tenant.Spec.Application.ClientID = "nobody"
			},
			ready: "False/ApplicationNotFound", message: "correct spec.application.clientID",
			mend: func(w *world.World, tenant *v1alpha1.Auth0Tenant) {
				w.Update(tenant, func() { tenant.Spec.Application.ClientID = w.Login.ClientID })
			},
		},
		{
			name: "an application that denies organizations",
			tenant: func(w *world.World, tenant *v1alpha1.Auth0Tenant) {
				denies, err := w.Auth0.AddClient(standin.Client{Name: "Other", OrganizationUsage: "deny"})
				w.Expect(err).NotTo(HaveOccurred())
				tenant.Spec.Application.ClientID = denies.ClientID
			},
			ready: "False/ApplicationDeniesOrganizations", message: "set its organization usage to allow or require",
			mend: func(w *world.World, tenant *v1alpha1.Auth0Tenant) {
				w.Update(tenant, func() { tenant.Spec.Application.ClientID = w.Login.ClientID })
			},
		},
	}
}

// TestFaultsOfTenants: whatever is wrong with a tenant is told once, with what
// to do, and mends by itself; the admin gets one mail in the end.
func TestFaultsOfTenants(t *testing.T) {
	for _, fault := range tenantFaults() {
		t.Run(fault.name, func(t *testing.T) {
			w := world.Bare(t)
			if fault.prepare != nil {
				fault.prepare(w)
			}
			tenant := w.CreateTenant(func(tenant *v1alpha1.Auth0Tenant) {
				if fault.tenant != nil {
					fault.tenant(w, tenant)
				}
			})
			customer := w.CreateCustomer("acme", 2)
			w.StartOperator()
			w.UntilReason(tenant, v1alpha1.ConditionReady, fault.ready)
			_, reason := split(fault.ready)
			if fault.waits {
				w.UntilTold(tenant, reason, fault.message)
				w.Expect(w.StalledSeen()).To(BeEmpty(), "what may still come does not stall")
			} else {
				w.UntilReason(tenant, v1alpha1.ConditionStalled, "True/"+reason)
				w.UntilWarned(tenant, reason, fault.message)
			}
			w.Throughout("nothing is sent with a tenant that is not in order", func(g Gomega) {
				g.Expect(w.Events(tenant, corev1.EventTypeWarning, reason)).To(HaveLen(map[bool]int{true: 0, false: 1}[fault.waits]))
			})

			fault.mend(w, tenant)
			w.UntilReason(tenant, v1alpha1.ConditionReady, "True/Reconciled")
			w.UntilReason(customer, v1alpha1.ConditionReady, "True/Reconciled")
			w.UntilMail("boss@acme.com", 1)
			w.UntilTold(tenant, v1alpha1.ReasonReconciled, "Auth0 answers")
			w.Throughout("one mail", func(g Gomega) { g.Expect(w.Mails("boss@acme.com")).To(HaveLen(1)) })
		})
	}
}

func split(statusAndReason string) (status, reason string) {
	for i, r := range statusAndReason {
		if r == '/' {
			return statusAndReason[:i], statusAndReason[i+1:]
		}
	}
	return statusAndReason, ""
}

// keyClient adds an application that authenticates by a private key.
func keyClient(w *world.World) (standin.Client, string) {
	w.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	w.Expect(err).NotTo(HaveOccurred())
	public, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	w.Expect(err).NotTo(HaveOccurred())
	machine, err := w.Auth0.AddClient(standin.Client{
		Name: "by key", Scopes: []string{"*"}, TokenEndpointAuthMethod: "private_key_jwt",
		PublicKeys: []string{string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public}))},
	})
	w.Expect(err).NotTo(HaveOccurred())
	return machine, string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}))
}

// everyScopeBut are all scopes of the Management API but some.
func everyScopeBut(without ...string) []string {
	return slices.DeleteFunc(standin.ManagementScopes(), func(scope string) bool { return slices.Contains(without, scope) })
}

// limited is an application whose token lacks scopes; regrant gives them all.
func limited(w *world.World, without ...string) standin.Client {
	w.Helper()
	machine, err := w.Auth0.AddManagementClient(everyScopeBut(without...)...)
	w.Expect(err).NotTo(HaveOccurred())
	setSecret(w, map[string]string{"clientSecret": machine.Secret})
	return machine
}

func TestFaultsMissingScope(t *testing.T) {
	w := world.Bare(t)
	machine := limited(w, "create:organization_invitations")
	tenant := w.CreateTenant(func(tenant *v1alpha1.Auth0Tenant) { tenant.Spec.Credentials.ClientID = machine.ClientID })
	customer := w.CreateCustomer("acme", 2)
	w.StartOperator()
	w.UntilReason(tenant, v1alpha1.ConditionScopesGranted, "False/ScopesMissing")
	w.UntilReason(tenant, v1alpha1.ConditionStalled, "True/ScopesMissing")
	w.UntilWarned(tenant, v1alpha1.ReasonScopesMissing, "create:organization_invitations")
	w.Expect(tenant.Status.MissingScopes).To(Equal([]string{"create:organization_invitations"}))
	w.Until("the admin's Member says what it waits for", func(g Gomega) {
		members := w.Members()
		g.Expect(members).To(HaveLen(1))
		g.Expect(w.Reason(g, &members[0], v1alpha1.ConditionStalled)).To(Equal("True/ScopeMissing"))
		g.Expect(w.Events(&members[0], corev1.EventTypeWarning, v1alpha1.ReasonScopeMissing)).To(ConsistOf(ContainSubstring("create:organization_invitations")))
		g.Expect(w.Events(&members[0], corev1.EventTypeNormal, v1alpha1.ReasonScopeMissing)).To(BeEmpty())
	})
	w.Expect(w.Mails("boss@acme.com")).To(BeEmpty())

	w.Expect(w.Auth0.SetScopes(machine.ClientID, standin.ManagementScopes()...)).To(Succeed())
	w.UntilReason(tenant, v1alpha1.ConditionReady, "True/Reconciled")
	w.UntilMail("boss@acme.com", 1)
	w.UntilReason(customer, v1alpha1.ConditionReady, "True/Reconciled")
}

func TestFaultsSurplusScopes(t *testing.T) {
	w := world.Bare(t)
	machine, err := w.Auth0.AddManagementClient(append(everyScopeBut("delete:clients"), "delete:clients")...)
	w.Expect(err).NotTo(HaveOccurred())
	setSecret(w, map[string]string{"clientSecret": machine.Secret})
	tenant := w.CreateTenant(func(tenant *v1alpha1.Auth0Tenant) { tenant.Spec.Credentials.ClientID = machine.ClientID })
	w.StartOperator()
	w.UntilReason(tenant, v1alpha1.ConditionReady, "True/Reconciled")
	w.Expect(tenant.Status.SurplusScopes).To(ContainElement("delete:clients"))
	w.UntilReason(tenant, v1alpha1.ConditionScopesGranted, "True/ScopesGranted")
}

// TestFaultsSecretRotation: a new value is used at once, and not when the tenant
// is looked at next.
func TestFaultsSecretRotation(t *testing.T) {
	w := world.New(t)
	w.StartOperator(func(o *world.OperatorOptions) { o.TenantInterval = 10 * time.Minute })
	customer := w.CreateCustomer("acme", 2)
	w.UntilMail("boss@acme.com", 1)
	w.UntilReason(customer, v1alpha1.ConditionReady, "True/Reconciled")

	rotated, err := w.Auth0.RotateSecret(w.Management.ClientID)
	w.Expect(err).NotTo(HaveOccurred())
	before := len(w.Auth0.Calls(http.MethodPost, "/oauth/token"))
	setSecret(w, map[string]string{"clientSecret": rotated})
	w.Eventually(func() []standin.AuditEntry {
		return w.Auth0.Calls(http.MethodPost, "/oauth/token")[before:]
	}, world.Patience, "20ms").Should(ContainElement(HaveField("Status", http.StatusOK)), "the new value is used")
	w.CreateMember("acme", "jane@acme.com")
	w.UntilMail("jane@acme.com", 1)
	w.Expect(w.StalledSeen()).To(BeEmpty())
}

// TestFaultsPrivateKey: the operator signs in by a key just as well.
func TestFaultsPrivateKey(t *testing.T) {
	w := world.Bare(t)
	machine, key := keyClient(w)
	setSecret(w, map[string]string{"privateKey": key})
	tenant := w.CreateTenant(func(tenant *v1alpha1.Auth0Tenant) {
		tenant.Spec.Credentials.ClientID, tenant.Spec.Credentials.Method = machine.ClientID, v1alpha1.PrivateKeyJWT
	})
	w.CreateCustomer("acme", 2)
	w.StartOperator()
	w.UntilMail("boss@acme.com", 1)
	w.UntilReason(tenant, v1alpha1.ConditionReady, "True/Reconciled")
}

// A fault of what a Customer or its Members declare.
type customerFault struct {
	name    string
	prepare func(w *world.World)
	change  func(w *world.World, customer *v1alpha1.Customer)
	// reason of Stalled, or of Ready where it waits.
	reason, message string
	waits           bool
	mend            func(w *world.World, customer *v1alpha1.Customer)
}

func customerFaults() []customerFault {
	return []customerFault{
		{
			name:    "an unknown tenant",
			prepare: func(*world.World) {},
			reason:  v1alpha1.ReasonTenantNotFound, message: "there is no Auth0Tenant", waits: true,
			mend: func(w *world.World, _ *v1alpha1.Customer) { w.CreateTenant() },
		},
		{
			name: "a namespace that is not listed",
			prepare: func(w *world.World) {
				w.CreateTenant(func(tenant *v1alpha1.Auth0Tenant) { tenant.Spec.Namespaces = nil })
			},
			reason: v1alpha1.ReasonNamespaceNotListed, message: "add it to spec.namespaces",
			mend: func(w *world.World, _ *v1alpha1.Customer) {
				tenant := w.TenantObject()
				grants := tenant.Spec.Namespaces
				w.Update(tenant, func() { tenant.Spec.Namespaces = grants })
			},
		},
		{
			name:    "an unknown connection",
			prepare: func(w *world.World) { w.CreateTenant() },
			change: func(_ *world.World, customer *v1alpha1.Customer) {
				customer.Spec.Connections = append(customer.Spec.Connections, v1alpha1.Connection{Name: "acme-okta", Type: v1alpha1.ConnectionExisting})
			},
			reason: v1alpha1.ReasonConnectionNotFound, message: "create it there, or correct spec.connections",
			mend: func(w *world.World, _ *v1alpha1.Customer) {
				_, err := w.Auth0.AddConnection(standin.Connection{Name: "acme-okta", Strategy: "okta", ShowAsButton: true})
				w.Expect(err).NotTo(HaveOccurred())
			},
		},
		{
			name: "an organization of that name that is somebody else's",
			prepare: func(w *world.World) {
				w.CreateTenant()
				_, err := w.Auth0.AddOrganization(standin.OrganizationSeed{Name: "acme", DisplayName: "Acme of others", Metadata: map[string]string{"theirs": "yes"}})
				w.Expect(err).NotTo(HaveOccurred())
			},
			reason: v1alpha1.ReasonOrganizationConflict, message: "it is left alone",
			mend: func(w *world.World, _ *v1alpha1.Customer) {
				w.Expect(w.Engineer().DeleteOrganization(w.Context(), w.OrganizationID("acme"))).To(Succeed())
			},
		},
	}
}

// TestFaultsOfCustomers: the same for what a Customer declares.
func TestFaultsOfCustomers(t *testing.T) {
	for _, fault := range customerFaults() {
		t.Run(fault.name, func(t *testing.T) {
			w := world.Bare(t)
			fault.prepare(w)
			before, _ := w.Organization("acme")
			customer := w.CreateCustomer("acme", 2, func(customer *v1alpha1.Customer) {
				if fault.change != nil {
					fault.change(w, customer)
				}
			})
			w.StartOperator(world.Sweeping)
			if fault.waits {
				w.UntilReason(customer, v1alpha1.ConditionReady, "False/"+fault.reason)
				w.UntilTold(customer, fault.reason, fault.message)
				w.Expect(w.StalledSeen()).To(BeEmpty())
			} else {
				w.UntilReason(customer, v1alpha1.ConditionStalled, "True/"+fault.reason)
				w.UntilWarned(customer, fault.reason, fault.message)
			}
			w.Throughout("nobody is invited", func(g Gomega) { g.Expect(w.Mails("boss@acme.com")).To(BeEmpty()) })
			if before.ID != "" {
				after, _ := w.Organization("acme")
				w.Expect(after).To(Equal(before), "what is somebody else's stays as it is")
			}

			fault.mend(w, customer)
			w.UntilReason(customer, v1alpha1.ConditionReady, "True/Reconciled")
			w.UntilMail("boss@acme.com", 1)
			w.Throughout("one mail", func(g Gomega) { g.Expect(w.Mails("boss@acme.com")).To(HaveLen(1)) })
		})
	}
}

func TestFaultsUnknownRole(t *testing.T) {
	w := world.New(t)
	w.StartOperator(world.Sweeping)
	w.CreateCustomer("acme", 2, func(customer *v1alpha1.Customer) {
		customer.Spec.Roles = &v1alpha1.CustomerRoles{Allowed: []v1alpha1.RoleName{"editor"}}
	})
	jane := w.CreateMember("acme", "jane@acme.com", func(m *v1alpha1.Member) { m.Spec.Roles = []v1alpha1.RoleName{"editor"} })
	w.UntilReason(jane, v1alpha1.ConditionStalled, "True/RoleNotFound")
	w.UntilWarned(jane, v1alpha1.ReasonRoleNotFound, "editor: create it there")
	w.Expect(w.Mails("jane@acme.com")).To(BeEmpty(), "nobody is invited without the declared roles")

	_, err := w.Auth0.AddRole(standin.Role{Name: "editor"})
	w.Expect(err).NotTo(HaveOccurred())
	w.UntilMail("jane@acme.com", 1)
	w.UntilReason(jane, v1alpha1.ConditionReady, "True/Reconciled")
}

func TestFaultsRoleNotAllowed(t *testing.T) {
	w := world.New(t)
	_, err := w.Auth0.AddRole(standin.Role{Name: "owner"})
	w.Expect(err).NotTo(HaveOccurred())
	w.StartOperator()
	customer := w.CreateCustomer("acme", 2)
	jane := w.CreateMember("acme", "jane@acme.com", func(m *v1alpha1.Member) { m.Spec.Roles = []v1alpha1.RoleName{"owner"} })
	w.UntilReason(jane, v1alpha1.ConditionStalled, "True/RoleNotAllowed")
	w.UntilWarned(jane, v1alpha1.ReasonRoleNotAllowed, "roles.allowed")
	w.Expect(w.Mails("jane@acme.com")).To(BeEmpty())

	w.Update(customer, func() { customer.Spec.Roles = &v1alpha1.CustomerRoles{Allowed: []v1alpha1.RoleName{"owner"}} })
	w.UntilMail("jane@acme.com", 1)
	w.UntilReason(jane, v1alpha1.ConditionReady, "True/Reconciled")
}

// TestFaultsNamespaceStruckOff: everything stops there but removals, and goes on
// when the namespace is listed again.
func TestFaultsNamespaceStruckOff(t *testing.T) {
	w := world.Bare(t)
	tenant := w.CreateTenant()
	w.StartOperator()
	customer := w.CreateCustomer("acme", 3)
	w.Join(w.AdminMember(customer))
	jane := w.CreateMember("acme", "jane@acme.com")
	w.Join(jane)
	listed := tenant.Spec.Namespaces
	w.Update(tenant, func() { tenant.Spec.Namespaces = nil })
	w.UntilReason(customer, v1alpha1.ConditionStalled, "True/NamespaceNotListed")
	w.UntilWarned(customer, v1alpha1.ReasonNamespaceNotListed, "add it to spec.namespaces")

	bob := w.CreateMember("acme", "bob@acme.com")
	w.Expect(w.Client.Delete(w.Context(), jane)).To(Succeed())
	w.UntilRemoved(jane)
	_, err := w.SignIn(w.OrganizationID("acme"), "jane@acme.com")
	w.Expect(err).To(HaveOccurred(), "a removal goes through")
	_, err = w.SignIn(w.OrganizationID("acme"), "boss@acme.com")
	w.Expect(err).NotTo(HaveOccurred(), "and nobody else is shut out")
	w.Expect(w.Mails("bob@acme.com")).To(BeEmpty())

	w.Update(tenant, func() { tenant.Spec.Namespaces = listed })
	w.UntilReason(customer, v1alpha1.ConditionReady, "True/Reconciled")
	w.UntilMail("bob@acme.com", 1)
	w.UntilReason(bob, v1alpha1.ConditionReady, "True/Reconciled")
	w.UntilReason(w.AdminMember(customer), v1alpha1.ConditionActive, "True/Joined")
	w.Expect(w.Auth0.Outbox().Mails()).To(HaveLen(3), "nobody was sent anything twice")
}

// TestFaultsOrganizationDeleted: an organization that vanished is not made again.
func TestFaultsOrganizationDeleted(t *testing.T) {
	w := world.New(t)
	w.StartOperator(world.Sweeping)
	customer := w.CreateCustomer("acme", 2)
	boss := w.AdminMember(customer)
	w.Join(boss)
	w.UntilReason(customer, v1alpha1.ConditionReady, "True/Reconciled")
	w.Expect(w.Engineer().DeleteOrganization(w.Context(), w.OrganizationID("acme"))).To(Succeed())
	w.UntilReason(customer, v1alpha1.ConditionStalled, "True/OrganizationMissing")
	w.UntilWarned(customer, v1alpha1.ReasonOrganizationMissing, "delete this Customer and create it anew")
	w.Until("nobody is called active who cannot sign in", func(g Gomega) {
		g.Expect(w.Reason(g, boss, v1alpha1.ConditionActive)).To(Equal("False/OrganizationMissing"))
	})
	w.Throughout("it is not made again, and nobody is invited", func(g Gomega) {
		_, there := w.Organization("acme")
		g.Expect(there).To(BeFalse())
		g.Expect(w.Auth0.Outbox().Mails()).To(HaveLen(1))
	})
}

// TestFaultsTakenOutByHand: whoever had joined and was taken out in Auth0 is not
// invited by itself, and is on request.
func TestFaultsTakenOutByHand(t *testing.T) {
	w := world.New(t)
	w.StartOperator(world.Sweeping)
	customer := w.CreateCustomer("acme", 2)
	boss := w.AdminMember(customer)
	w.Join(boss)
	w.Expect(w.Get(boss)).To(Succeed())
	w.Expect(w.Engineer().RemoveMembers(w.Context(), w.OrganizationID("acme"), boss.Status.Users[0].UserID)).To(Succeed())
	w.UntilForwarding("it shows when Auth0's lag is over", func(g Gomega) {
		g.Expect(w.Reason(g, boss, v1alpha1.ConditionActive)).To(Equal("False/RemovedInAuth0"))
	})
	w.UntilReason(boss, v1alpha1.ConditionStalled, "True/RemovedInAuth0")
	w.UntilWarned(boss, v1alpha1.ReasonRemovedInAuth0, v1alpha1.AnnotationInviteRequestedAt)
	w.Throughout("not invited by itself", func(g Gomega) { g.Expect(w.Mails("boss@acme.com")).To(HaveLen(1)) })
	w.RequestInvitation(boss)
	_, err := w.Accept(w.UntilMail("boss@acme.com", 2))
	w.Expect(err).NotTo(HaveOccurred())
	w.UntilReason(boss, v1alpha1.ConditionActive, "True/Joined")
	w.UntilReason(boss, v1alpha1.ConditionReady, "True/Reconciled")
}

// TestFaultsOutage: while Auth0 is down, settled objects stay as they are; the
// tenant says so, what is pending waits, and everything goes on by itself.
func TestFaultsOutage(t *testing.T) {
	for name, fault := range map[string]standin.Fault{
		"503":     {Kind: standin.FaultStatus, Status: http.StatusServiceUnavailable},
		"no line": {Kind: standin.FaultDropBefore},
	} {
		t.Run(name, func(t *testing.T) {
			w := world.Bare(t)
			tenant := w.CreateTenant()
			w.StartOperator()
			customer := w.CreateCustomer("acme", 3)
			boss := w.AdminMember(customer)
			w.Join(boss)
			jane := w.CreateMember("acme", "jane@acme.com")
			w.UntilReason(jane, v1alpha1.ConditionReady, "True/Reconciled")
			w.UntilReason(customer, v1alpha1.ConditionReady, "True/Reconciled")
			w.UntilReason(boss, v1alpha1.ConditionReady, "True/Reconciled")
			settled := []client.Object{boss, jane}
			versions := versionsOf(w, settled)

			id, err := w.Auth0.AddFault(fault)
			w.Expect(err).NotTo(HaveOccurred())
			bob := w.CreateMember("acme", "bob@acme.com")
			w.UntilReason(tenant, v1alpha1.ConditionReady, "False/Auth0Unavailable")
			// The Customer may have given him his seat without asking Auth0.
			w.UntilReason(bob, v1alpha1.ConditionReady, "False/Auth0Unavailable")
			w.UntilTold(tenant, v1alpha1.ReasonAuth0Unavailable, "nothing is needed")
			w.Until("a number of calls fail", func(g Gomega) {
				g.Expect(w.Auth0.Faults()[0].Hit).To(BeNumerically(">", 20))
			})
			w.Expect(versionsOf(w, settled)).To(Equal(versions), "an outage rewrites nobody's status")
			w.Expect(w.StalledSeen()).To(BeEmpty())
			w.Expect(w.Auth0.RemoveFault(id)).To(BeTrue())

			w.UntilReason(tenant, v1alpha1.ConditionReady, "True/Reconciled")
			w.UntilMail("bob@acme.com", 1)
			w.UntilReason(bob, v1alpha1.ConditionReady, "True/Reconciled")
			w.UntilReason(customer, v1alpha1.ConditionReady, "True/Reconciled")
			_, err = w.Accept(w.UntilMail("jane@acme.com", 1))
			w.Expect(err).NotTo(HaveOccurred())
			w.UntilReason(jane, v1alpha1.ConditionActive, "True/Joined")
			w.Expect(w.Auth0.Outbox().Mails()).To(HaveLen(3), "one each")
		})
	}
}

func versionsOf(w *world.World, objects []client.Object) []string {
	w.Helper()
	var versions []string
	for _, obj := range objects {
		w.Expect(w.Get(obj)).To(Succeed())
		versions = append(versions, obj.GetResourceVersion())
	}
	return versions
}

// TestFaultsRefusedCalls: what Auth0 refuses as it is, is not tried again in a
// loop, neither an invitation nor a removal, and is told once.
func TestFaultsRefusedCalls(t *testing.T) {
	w := world.New(t)
	w.StartOperator(world.Sweeping)
	w.CreateCustomer("acme", 3)
	bob := w.CreateMember("acme", "bob@acme.com")
	w.Join(bob)
	began := time.Now()
	post, endPost := w.Fault(standin.Fault{Kind: standin.FaultStatus, Status: http.StatusBadRequest, Method: http.MethodPost, Route: "/api/v2/organizations/{id}/invitations"})
	jane := w.CreateMember("acme", "jane@acme.com")
	w.UntilReason(jane, v1alpha1.ConditionStalled, "True/RejectedByAuth0")
	w.UntilWarned(jane, v1alpha1.ReasonRejectedByAuth0, "send the invitation")
	take, endTake := w.Fault(standin.Fault{Kind: standin.FaultStatus, Status: http.StatusForbidden, Method: http.MethodDelete, Route: "/api/v2/organizations/{id}/members"})
	w.Expect(w.Client.Delete(t.Context(), bob)).To(Succeed())
	w.UntilReason(bob, v1alpha1.ConditionStalled, "True/ScopeMissing")
	w.UntilWarned(bob, v1alpha1.ReasonScopeMissing, "end the membership")
	w.Throughout("they are repeated at their interval, and when something changed", func(g Gomega) {
		allowed := 6 + int(time.Since(began)/(2*time.Second))
		g.Expect(w.Hits(post)).To(BeNumerically("<=", allowed))
		g.Expect(w.Hits(take)).To(BeNumerically("<=", allowed))
	})
	w.Expect(w.Events(jane, corev1.EventTypeWarning, v1alpha1.ReasonRejectedByAuth0)).To(HaveLen(1))

	endPost()
	endTake()
	w.UntilMail("jane@acme.com", 1)
	w.UntilReason(jane, v1alpha1.ConditionReady, "True/Reconciled")
	w.UntilRemoved(bob)
}
