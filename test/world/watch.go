package world

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	. "github.com/onsi/gomega"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/internal/auth0"
	"github.com/seatwarden/seatwarden/internal/ownership"
	"github.com/seatwarden/seatwarden/internal/standin"
	"github.com/seatwarden/seatwarden/internal/standin/person"
)

// watchInterval is how often Watch checks.
const watchInterval = 30 * time.Millisecond

// Watch checks beside the test that something holds, until end is called. The
// first error fails the test.
func (w *World) Watch(what string, check func() error) (end func()) {
	w.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var wrong error
	checks := 0
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(watchInterval)
		defer tick.Stop()
		for ctx.Err() == nil && wrong == nil {
			wrong = check()
			checks++
			select {
			case <-ctx.Done():
			case <-tick.C:
			}
		}
	}()
	var once sync.Once
	end = func() {
		w.Helper()
		once.Do(func() {
			cancel()
			<-done
			if wrong != nil {
				w.Errorf("%s: %v", what, wrong)
			}
			if checks == 0 {
				w.Errorf("%s: was never checked", what)
			}
		})
	}
	w.Cleanup(end)
	return end
}

// Auth0's clock is put forward in steps: each is large enough for the operator
// to look again at what waits (2 seconds), and small enough for a call to be sent
// in the 15 seconds that it has, on a slow machine too.
const (
	forwardStep  = 5 * time.Second
	forwardEvery = 500 * time.Millisecond
)

// UntilForwarding waits for the state of the world while Auth0's clock goes
// about ten times as fast as the real one.
func (w *World) UntilForwarding(what string, check func(g Gomega)) {
	w.Helper()
	w.EventuallyWithOffset(1, w.forwarding(check), 2*Patience, 50*time.Millisecond).Should(Succeed(), what)
}

// forwarding puts Auth0's clock a step forward before a check when it is time. A
// process that stood still does not make up for it.
func (w *World) forwarding(check func(g Gomega)) func(g Gomega) {
	last := time.Now()
	return func(g Gomega) {
		if time.Since(last) >= forwardEvery {
			last = time.Now()
			w.Auth0.Forward(forwardStep)
		}
		check(g)
	}
}

// Seated are the people to whom a Customer's Members' statuses give a seat,
// withdrawals that are not confirmed included.
func (w *World) Seated(customer string) (map[string]bool, error) {
	list := &v1alpha1.MemberList{}
	if err := w.Client.List(context.Background(), list, client.InNamespace(w.Namespace)); err != nil {
		return nil, err
	}
	seated := map[string]bool{}
	for _, member := range list.Items {
		if member.Spec.CustomerRef.Name == customer && HoldsSeat(&member) {
			seated[ownership.PersonRef(string(member.Spec.Email))] = true
		}
	}
	return seated, nil
}

// WatchSeats checks, until end is called, that neither the Members' statuses
// nor Auth0 give more people a seat than the contract has.
func (w *World) WatchSeats(customer string, seats int) (end func()) {
	w.Helper()
	return w.Watch("the contract's seats hold", func() error {
		seated, err := w.Seated(customer)
		if err != nil {
			return err
		}
		if len(seated) > seats {
			return fmt.Errorf("%d people are seated by status, the contract has %d seats", len(seated), seats)
		}
		if holders := w.Holders(customer); len(holders) > seats {
			return fmt.Errorf("%d people hold a seat in Auth0, the contract has %d seats", len(holders), seats)
		}
		return nil
	})
}

// Reread asks for a pass over an object and waits until one has ended well.
func (w *World) Reread(obj client.Object) {
	w.Helper()
	request := time.Now().UTC().Format(time.RFC3339Nano)
	w.Annotate(obj, v1alpha1.AnnotationReconcileRequestedAt, request)
	w.EventuallyWithOffset(1, func(g Gomega) {
		g.Expect(w.Get(obj)).To(Succeed())
		handled := ""
		switch o := obj.(type) {
		case *v1alpha1.Auth0Tenant:
			handled = o.Status.LastHandledReconcileAt
		case *v1alpha1.Customer:
			handled = o.Status.LastHandledReconcileAt
		case *v1alpha1.Member:
			handled = o.Status.LastHandledReconcileAt
		}
		g.Expect(handled).To(Equal(request))
	}, Patience, "50ms").Should(Succeed(), "a pass over %s", obj.GetName())
}

// Annotate sets an annotation; an empty value takes it off.
func (w *World) Annotate(obj client.Object, key, value string) {
	w.Helper()
	w.Update(obj, func() {
		annotations := map[string]string{}
		for k, v := range obj.GetAnnotations() {
			annotations[k] = v
		}
		annotations[key] = value
		if value == "" {
			delete(annotations, key)
		}
		obj.SetAnnotations(annotations)
	})
}

// RequestInvitation asks for an invitation and returns the value that asks.
func (w *World) RequestInvitation(member *v1alpha1.Member) string {
	w.Helper()
	value := time.Now().UTC().Format(time.RFC3339Nano)
	w.Annotate(member, v1alpha1.AnnotationInviteRequestedAt, value)
	return value
}

// Remove deletes a Member and waits until it is gone.
func (w *World) Remove(member *v1alpha1.Member) {
	w.Helper()
	w.Expect(w.Client.Delete(w.Context(), member)).To(Succeed())
	w.UntilRemoved(member)
}

// UntilRemoved waits until a Member that is being deleted is gone.
func (w *World) UntilRemoved(member *v1alpha1.Member) {
	w.Helper()
	w.EventuallyWithOffset(1, w.forwarding(func(g Gomega) {
		g.Expect(apierrors.IsNotFound(w.Get(member))).To(BeTrue())
	}), 2*Patience, 50*time.Millisecond).Should(Succeed(), "%s is gone", member.GetName())
}

// AssertOut fails when anything could let a person in to an organization: a
// grant, a membership, a role, an invitation, a sign-in, or a session of theirs.
func (w *World) AssertOut(organization, email string, sessions ...*person.Session) {
	w.Helper()
	snapshot := w.Auth0.Snapshot()
	found, ok := snapshot.Organization(organization)
	w.Expect(ok).To(BeTrue(), "organization "+organization)
	for _, user := range snapshot.Users {
		if !strings.EqualFold(user.Email, email) {
			continue
		}
		w.Expect(user.AppMetadata).NotTo(HaveKey(ownership.GrantKey(found.ID)), "a grant is left")
		w.Expect(found.Members).NotTo(ContainElement(user.UserID), "a membership is left")
		w.Expect(found.MemberRoles[user.UserID]).To(BeEmpty(), "a role is left")
	}
	for _, invitation := range found.Invitations {
		w.Expect(strings.EqualFold(invitation.InviteeEmail, email)).To(BeFalse(), "an invitation is left")
	}
	_, err := w.SignIn(found.ID, email)
	w.Expect(err).To(HaveOccurred(), "a new sign-in is let in")
	for _, session := range sessions {
		if session != nil {
			_, err := session.Refresh(w.Context())
			w.Expect(err).To(HaveOccurred(), "a refresh token still serves")
		}
	}
	for _, mail := range w.Mails(email) {
		_, err := w.Accept(mail)
		w.Expect(err).To(HaveOccurred(), "an old link is let in")
	}
}

// Fault makes calls to Auth0 go wrong and returns what ends that.
func (w *World) Fault(fault standin.Fault) (id string, end func()) {
	w.Helper()
	id, err := w.Auth0.AddFault(fault)
	w.Expect(err).NotTo(HaveOccurred())
	return id, func() { w.Auth0.RemoveFault(id) }
}

// Hits is how many calls a fault has hit.
func (w *World) Hits(id string) int {
	for _, fault := range w.Auth0.Faults() {
		if fault.ID == id {
			return fault.Hit
		}
	}
	return 0
}

// Engineer is the Management API in the hands of somebody else.
func (w *World) Engineer() auth0.API {
	w.Helper()
	api, err := w.connect(OperatorOptions{}, &wire{})(auth0.Options{
		Domain: w.Auth0.Domain(), ClientID: w.Management.ClientID, ClientSecret: w.Management.Secret,
	}, func() {})
	w.Expect(err).NotTo(HaveOccurred())
	return api
}
