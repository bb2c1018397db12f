package main

import (
	"context"
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/internal/standin"
)

// between is the pause between two of the same that are timed one by one.
const between = 2 * time.Second

// staffed is a world in which the first Customer's people have joined, and which
// has Enterprise's limits from then on.
func (b *bench) staffed(ctx context.Context, people int, change ...func(*v1alpha1.Customer)) (w *world, err error) {
	w, err = b.newWorld(ctx, standin.ProfileUnlimited)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = w.ended(ctx, err)
		}
	}()
	if err := w.apply(ctx, customerName(0), people, change...); err != nil {
		return nil, err
	}
	if err := w.untilMailed(ctx, 5*time.Minute, people); err != nil {
		return nil, err
	}
	if err := w.acceptAll(ctx); err != nil {
		return nil, err
	}
	err = w.auth0.Configure(func(s *standin.Settings) { s.Profile = standin.ProfileEnterprise })
	return w, err
}

// queue applies further Customers at once and waits until the mails run.
func (w *world) queue(ctx context.Context, customers, people int) error {
	sent := len(w.auth0.Outbox().Mails())
	for i := range customers {
		if err := w.crowd(ctx, customerName(i+1), people); err != nil {
			return err
		}
	}
	return w.untilMailed(ctx, 2*time.Minute, sent+1)
}

// measureRemovalQueued deletes Members one by one while many people wait for their
// mails, and times each until the person is refused at sign-in.
func measureRemovalQueued(ctx context.Context, b *bench) (figures []figure, err error) {
	people, customers, each := b.few(8, 40), b.few(5, 50), b.few(40, 100)
	w, err := b.staffed(ctx, people+1)
	if err != nil {
		return nil, err
	}
	defer func() { err = w.ended(ctx, err) }()
	organization, err := w.organizationOf(customerName(0))
	if err != nil {
		return nil, err
	}
	if err := w.queue(ctx, customers, each); err != nil {
		return nil, err
	}
	var took []time.Duration
	for n := 1; n <= people; n++ {
		began := time.Now()
		if err := w.kube.Delete(ctx, w.member(customerName(0), n)); err != nil {
			return nil, fmt.Errorf("delete a Member: %w", err)
		}
		if err := w.untilRefused(ctx, organization, address(customerName(0), n), 2*time.Minute); err != nil {
			return nil, err
		}
		took = append(took, time.Since(began))
		if err := w.pause(ctx, between, "the next is deleted"); err != nil {
			return nil, err
		}
	}
	queued := customers*each + people + 1 - len(w.auth0.Outbox().Mails())
	figures = waits(fmt.Sprintf("%d queued", customers*each), "delete of a Member to refusal", took, 1, 3)
	figures[0] = figures[0].because("a sign-in every 0.1 s; %d still queued at the end", queued)
	return figures, nil
}

// measureAcceptance has people open their links one by one, and times each until
// the Member is Active.
func measureAcceptance(ctx context.Context, b *bench) (figures []figure, err error) {
	return b.withEachFeed(ctx, func(ctx context.Context, w *world, news func() bool) ([]figure, error) {
		return w.accepted(ctx, news)
	})
}

func (w *world) accepted(ctx context.Context, news func() bool) (figures []figure, err error) {
	customers, people := w.few(5, 20), 4
	if err := (burst{customers: customers, people: people}).apply(ctx, w); err != nil {
		return nil, err
	}
	if err := w.untilMailed(ctx, 5*time.Minute, customers*people); err != nil || !news() {
		return nil, err
	}
	if err := w.auth0.Configure(func(s *standin.Settings) { s.Profile = standin.ProfileEnterprise }); err != nil {
		return nil, err
	}
	accepted := map[string]time.Time{}
	for _, mail := range w.auth0.Outbox().Mails() {
		if err := w.accept(ctx, mail); err != nil {
			return nil, err
		}
		accepted[mail.To] = time.Now()
		if err := w.pause(ctx, between, "the next accepts"); err != nil {
			return nil, err
		}
	}
	err = w.until(ctx, 5*time.Minute, "all Members are Active", func() (int, int) { return w.members.count(v1alpha1.ConditionActive), len(accepted) })
	if err != nil {
		return nil, err
	}
	var took []time.Duration
	for email, at := range accepted {
		took = append(took, w.members.at(v1alpha1.ConditionActive, email).Sub(at))
	}
	feed := w.feed(ctx)
	goal := map[string]float64{feedStream: 3, feedLog: 15}[feed]
	figures = waits(fmt.Sprintf("%d Customers, %s", customers, feed), "acceptance to Active", took, 0, goal)
	figures[0] = figures[0].because("enterprise")
	return figures, nil
}

// measureSeatEdit raises one Customer's seats one by one while many people of
// another are onboarded, and times until the next person has a seat, and the mail.
func measureSeatEdit(ctx context.Context, b *bench) (figures []figure, err error) {
	edits, others := b.few(6, 40), b.few(240, 5000)
	w, err := b.staffed(ctx, 1)
	if err != nil {
		return nil, err
	}
	defer func() { err = w.ended(ctx, err) }()
	name := customerName(1)
	if err := w.apply(ctx, name, 1+edits, func(c *v1alpha1.Customer) { c.Spec.Seats = 1 }); err != nil {
		return nil, err
	}
	if err := w.untilMailed(ctx, time.Minute, 2); err != nil {
		return nil, err
	}
	if err := w.apply(ctx, customerName(2), others); err != nil {
		return nil, err
	}
	if err := w.untilMailed(ctx, 2*time.Minute, 3); err != nil {
		return nil, err
	}
	var seated, mailed []time.Duration
	for n := 1; n <= edits; n++ {
		began := time.Now()
		customer := &v1alpha1.Customer{ObjectMeta: metav1.ObjectMeta{Namespace: w.name, Name: name}}
		patch := client.RawPatch("application/merge-patch+json", fmt.Appendf(nil, `{"spec":{"seats":%d}}`, 1+n))
		if err := w.kube.Patch(ctx, customer, patch); err != nil {
			return nil, fmt.Errorf("raise the seats: %w", err)
		}
		err := w.until(ctx, 3*time.Minute, "the next has the mail", func() (int, int) { return w.mailedOf(name), 1 + n })
		if err != nil {
			return nil, err
		}
		mailed = append(mailed, time.Since(began))
		err = w.until(ctx, time.Minute, "the next has a seat", func() (int, int) { return w.members.countOf(v1alpha1.ConditionSeatAssigned, name), 1 + n })
		if err != nil {
			return nil, err
		}
		seated = append(seated, w.members.last(v1alpha1.ConditionSeatAssigned, name).Sub(began))
		if err := w.pause(ctx, between, "the next edit"); err != nil {
			return nil, err
		}
	}
	size := fmt.Sprintf("%d others", others)
	figures = append(waits(size, "seat edit to the seat", seated, 0, 5), waits(size, "seat edit to the mail", mailed, 0, 5)...)
	figures[0] = figures[0].because("%d others still without a mail at the end", others-w.mailedOf(customerName(2)))
	return figures, nil
}

// mailedOf counts the mails to a Customer's people.
func (w *world) mailedOf(customer string) (n int) {
	for _, mail := range w.auth0.Outbox().Mails() {
		if as(mail.To).Connection == connectionOf(customer) {
			n++
		}
	}
	return n
}
