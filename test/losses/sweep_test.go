package losses

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/internal/ownership"
	"github.com/seatwarden/seatwarden/internal/standin"
	"github.com/seatwarden/seatwarden/test/world"
)

// TestHandsOffRestartWithEverythingSettled: an operator that starts where nothing
// is left to do reads, and writes nothing but its lease, over full sweeps.
func TestHandsOffRestartWithEverythingSettled(t *testing.T) {
	customers, each := world.More(2, 20), world.More(12, 50)
	interval := time.Duration(world.More(2, 10)) * time.Second
	w := world.New(t)
	began := time.Now()
	progress := func(what string) { t.Logf("%6.1f s: %s", time.Since(began).Seconds(), what) }
	organizations := settleMany(w, customers, each, progress)
	versions := w.Versions()
	writes := len(w.KubernetesWrites())
	w.Auth0.ResetAudit()

	restarted := time.Now()
	w.StartOperator(func(o *world.OperatorOptions) { o.LeaderElection, o.SettledInterval = true, interval })
	sweeps := func() int {
		looked := map[string]int{}
		for _, call := range w.Auth0.Calls(http.MethodGet, "/api/v2/organizations/{id}/members") {
			looked[call.Path]++
		}
		fewest := 1 << 30
		for _, id := range organizations {
			fewest = min(fewest, looked["/api/v2/organizations/"+id+"/members"])
		}
		return fewest
	}
	calls := func() (count int) {
		for _, call := range w.Auth0.Audit() {
			if strings.HasPrefix(call.Route, "/api/v2/") {
				count++
			}
		}
		return count
	}
	until := func(n int) {
		w.Helper()
		w.Eventually(sweeps, 4*world.Patience, "100ms").Should(BeNumerically(">=", n))
	}
	until(1)
	progress(fmt.Sprintf("the first look took %.1f s and %d calls of the Management API", time.Since(restarted).Seconds(), calls()))
	until(2)
	before := calls()
	until(3)
	progress(fmt.Sprintf("a sweep of %d Customers takes %d calls of the Management API", customers, calls()-before))

	for _, call := range w.Auth0.Audit() {
		w.Expect(call.Method == http.MethodGet || call.Route == "/oauth/token").To(BeTrue(), "a write to Auth0: %s %s", call.Method, call.Route)
	}
	w.Expect(w.KubernetesWrites()[writes:]).To(BeEmpty(), "writes to Kubernetes")
	w.Expect(w.Versions()).To(Equal(versions))
}

// settleMany has Customers with many people, who have all joined, and ends the
// operator that did it. It returns the organizations' ids.
func settleMany(w *world.World, customers, each int, progress func(string)) (organizations []string) {
	w.Helper()
	operator := w.StartOperator(func(o *world.OperatorOptions) { o.LeaderElection, o.LiveInterval = true, 2*time.Second })
	employ(w, customers, each)
	var creating sync.WaitGroup
	for c := range customers {
		name := fmt.Sprintf("acme-%02d", c)
		customer := w.CustomerObject(name, int32(each))
		customer.Spec.Admins = []v1alpha1.Admin{{Email: v1alpha1.Email(address(c, 0))}}
		w.Expect(w.Client.Create(w.Context(), customer)).To(Succeed())
		creating.Go(func() {
			for i := range each - 1 { // the admin is one more
				member := &v1alpha1.Member{Spec: v1alpha1.MemberSpec{CustomerRef: v1alpha1.CustomerRef{Name: name}, Email: v1alpha1.Email(address(c, i+1))}}
				member.Namespace, member.Name = w.Namespace, fmt.Sprintf("%s-person-%02d", name, i+1)
				if err := w.Client.Create(w.Context(), member); err != nil {
					w.Errorf("create a Member: %v", err)
				}
			}
		})
	}
	creating.Wait()
	progress("everything is declared")
	accepted := 0
	w.Eventually(func() int {
		mails := w.Auth0.Outbox().Mails()
		accept(w, mails[accepted:])
		accepted = len(mails)
		return accepted
	}, 10*time.Minute, "500ms").Should(Equal(customers*each), "mails")
	progress("everybody has accepted")
	w.Eventually(func(g Gomega) {
		members := w.Members()
		g.Expect(members).To(HaveLen(customers * each))
		for i := range members {
			g.Expect(meta.IsStatusConditionTrue(members[i].Status.Conditions, v1alpha1.ConditionActive)).To(BeTrue(), members[i].Name)
			g.Expect(members[i].Status.Attempt).To(BeNil(), members[i].Name)
		}
		list := &v1alpha1.CustomerList{}
		g.Expect(w.Client.List(w.Context(), list)).To(Succeed())
		for _, customer := range list.Items {
			g.Expect(meta.IsStatusConditionTrue(customer.Status.Conditions, v1alpha1.ConditionReady)).To(BeTrue(), customer.Name)
			g.Expect(customer.Status.Seats).To(HaveValue(Equal(v1alpha1.SeatCounts{Used: int32(each), Active: int32(each)})), customer.Name)
			g.Expect(customer.Status.Assigning).To(BeEmpty(), customer.Name)
		}
	}, 10*time.Minute, "500ms").Should(Succeed(), "everybody has joined")
	progress("everybody has joined")
	operator.Stop()
	for _, organization := range w.Auth0.Snapshot().Organizations {
		if strings.HasPrefix(organization.Name, "acme-") {
			w.Expect(organization.Metadata).To(HaveKey(ownership.MetadataOwner))
			organizations = append(organizations, organization.ID)
		}
	}
	w.Expect(organizations).To(HaveLen(customers))
	return organizations
}

func address(customer, i int) string { return fmt.Sprintf("person-%02d-%03d@acme.com", customer, i) }

func employ(w *world.World, customers, each int) {
	w.Helper()
	for c := range customers {
		for i := range each {
			w.Expect(w.Auth0.AddPerson(world.ConnectionName, standin.IdPPerson{Email: address(c, i), EmailVerified: true})).To(Succeed())
		}
	}
}

// accept opens many links, a few at a time.
func accept(w *world.World, mails []standin.Mail) {
	w.Helper()
	slots := make(chan struct{}, 4)
	var opening sync.WaitGroup
	for _, mail := range mails {
		slots <- struct{}{}
		opening.Go(func() {
			defer func() { <-slots }()
			if _, err := w.Accept(mail); err != nil {
				w.Errorf("open a link: %v", err)
			}
		})
	}
	opening.Wait()
}
