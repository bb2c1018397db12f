// Package crds proves that deleting the CRDs, and all objects with them, is no
// way to lose everybody: on a control plane of its own.
package crds

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/go-logr/logr"
	. "github.com/onsi/gomega"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/internal/controlplane"
	"github.com/seatwarden/seatwarden/internal/controlplane/envtesting"
	"github.com/seatwarden/seatwarden/test/world"
)

func TestMain(m *testing.M) {
	ctrl.SetLogger(logr.Discard()) // each operator logs to its test
	os.Exit(envtesting.Run(m, envtesting.Options{ControllerManager: true, Kustomizations: []string{"rbac"}}))
}

const people = 30

// company has a Customer's admin and 29 Members join.
func company(w *world.World) (emails []string) {
	customer := w.CreateCustomer("acme", 40)
	emails = append(emails, string(customer.Spec.Admins[0].Email))
	for i := range people - 1 {
		emails = append(emails, fmt.Sprintf("p%02d@acme.com", i))
		w.CreateMember("acme", emails[len(emails)-1])
	}
	for _, email := range emails {
		_, err := w.Accept(w.UntilMail(email, 1))
		w.Expect(err).NotTo(HaveOccurred())
	}
	w.UntilForwarding("all have joined", func(g Gomega) {
		g.Expect(w.Members()).To(HaveEach(HaveField("Status.Users", HaveLen(1))))
	})
	return emails
}

func signsIn(w *world.World, emails []string) (count int) {
	for _, email := range emails {
		if _, err := w.SignIn(w.OrganizationID("acme"), email); err == nil {
			count++
		}
	}
	return count
}

// kubectl runs it on the control plane, by itself.
func kubectl(w *world.World, args ...string) {
	_, err := envtesting.ControlPlane().Kubectl(w.Context(), args...)
	w.Expect(err).NotTo(HaveOccurred())
}

// reinstall waits until the CRDs are gone and installs them again.
func reinstall(w *world.World, crds ...string) {
	kubectl(w, append([]string{"wait", "--for=delete", "--timeout=60s"}, crds...)...)
	root, err := controlplane.Root()
	w.Expect(err).NotTo(HaveOccurred())
	kubectl(w, "apply", "--server-side", "-k", filepath.Join(root, "config", "crd"))
	kubectl(w, "wait", "--for=condition=Established", "crd", "--all", "--timeout=60s")
}

const (
	membersCRD   = "crd/members.seatwarden.dev"
	customersCRD = "crd/customers.seatwarden.dev"
)

// TestRemovalMembersCRDDeleted: all Members go with their CRD. The brake lets a
// quarter of the people go, and holds the rest; applied again, everybody is in
// without a mail.
func TestRemovalMembersCRDDeleted(t *testing.T) {
	for _, running := range []bool{true, false} {
		t.Run(fmt.Sprintf("operator running %t", running), func(t *testing.T) {
			w := world.New(t)
			operator := w.StartOperator()
			emails := company(w)
			if !running {
				operator.Stop()
			}
			kubectl(w, "delete", membersCRD, "--wait=false")
			if !running {
				operator = w.StartOperator()
			}
			customer := w.CustomerObject("acme", 40)
			// Auth0's clock stands still meanwhile: whoever goes is within the grace, 10
			// minutes of it, when everybody is applied again.
			w.Eventually(func(g Gomega) {
				g.Expect(w.Get(customer)).To(Succeed())
				g.Expect(customer.Status.HeldRemovals).NotTo(BeNil())
				g.Expect(customer.Status.HeldRemovals.People).To(BeEquivalentTo(people - 1 - people/4))
			}, 2*world.Patience, "50ms").Should(Succeed(), "most of the people are held")
			w.Auth0.Forward(time.Minute)
			w.Expect(signsIn(w, emails)).To(BeNumerically(">=", people-people/4), "the rest sign in")
			reinstall(w, membersCRD)
			operator.Stop()
			w.StartOperator()
			for _, email := range emails[1:] {
				w.CreateMember("acme", email)
			}
			w.UntilForwarding("everybody is back", func(g Gomega) {
				for _, member := range w.Members() {
					g.Expect(w.Reason(g, &member, v1alpha1.ConditionActive)).To(Equal("True/Joined"), member.Name)
				}
				g.Expect(w.Members()).To(HaveLen(people))
				g.Expect(signsIn(w, emails)).To(Equal(people))
			})
			w.Expect(w.Auth0.Outbox().Mails()).To(HaveLen(people), "and nobody was mailed")
		})
	}
}

// TestAccessAllCRDsDeleted: Customers go with their CRD too, whose policy is
// Retain. Nobody is out, and whoever installs again finds everybody.
func TestAccessAllCRDsDeleted(t *testing.T) {
	for _, running := range []bool{true, false} {
		t.Run(fmt.Sprintf("operator running %t", running), func(t *testing.T) {
			w := world.New(t)
			operator := w.StartOperator()
			emails := company(w)
			if !running {
				operator.Stop()
			}
			kubectl(w, "delete", customersCRD, "--wait=false")
			w.Until("the Customer is on its way out", func(g Gomega) {
				customer := w.CustomerObject("acme", 40)
				if err := w.Get(customer); err != nil {
					g.Expect(client.IgnoreNotFound(err)).To(Succeed())
					return
				}
				g.Expect(customer.DeletionTimestamp).NotTo(BeNil())
			})
			kubectl(w, "delete", membersCRD, "--wait=false")
			if !running {
				operator = w.StartOperator()
			}
			reinstall(w, customersCRD, membersCRD)
			operator.Stop()
			w.Auth0.Forward(time.Minute)
			w.Expect(signsIn(w, emails)).To(Equal(people))
			w.StartOperator()
			w.CreateCustomer("acme", 40)
			for _, email := range emails[1:] {
				w.CreateMember("acme", email)
			}
			w.UntilForwarding("everybody is known", func(g Gomega) {
				for _, member := range w.Members() {
					g.Expect(w.Reason(g, &member, v1alpha1.ConditionActive)).To(Equal("True/Joined"), member.Name)
				}
				g.Expect(w.Members()).To(HaveLen(people))
			})
			w.Expect(w.Auth0.Outbox().Mails()).To(HaveLen(people), "and nobody was mailed")
		})
	}
}
