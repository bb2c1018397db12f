package world

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/internal/ownership"
	"github.com/seatwarden/seatwarden/internal/standin/person"
)

// accessInterval is the pause between two rounds of sign-ins.
const accessInterval = 20 * time.Millisecond

// Access signs people in, over and over.
type Access struct {
	world          *World
	organizationID string
	customer       string
	cancel         context.CancelFunc
	ended          chan struct{}

	// sessions are the first that each person has opened.
	sessions map[string]*opened

	mu     sync.Mutex
	leaves map[string]bool
	wrong  error
	rounds int
}

// opened is a browser that a person has signed in with, and what the application
// holds since.
type opened struct {
	browser *person.Person
	session *person.Session
}

// SampleAccess signs in, until End, everybody whose Member has ever shown
// Active: in a fresh browser, with the session of an older one, and by a refresh
// of what the application holds. The first refusal fails the test.
func (w *World) SampleAccess(customer string) *Access {
	w.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	a := &Access{
		world: w, organizationID: w.OrganizationID(customer), customer: customer,
		cancel: cancel, ended: make(chan struct{}), leaves: map[string]bool{}, sessions: map[string]*opened{},
	}
	go func() {
		defer close(a.ended)
		tick := time.NewTicker(accessInterval)
		defer tick.Stop()
		for ctx.Err() == nil && a.round(ctx) {
			select {
			case <-ctx.Done():
			case <-tick.C:
			}
		}
	}()
	w.Cleanup(func() { cancel(); <-a.ended })
	return a
}

// Except ends the sampling of somebody who is about to be removed.
func (a *Access) Except(email string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.leaves[strings.ToLower(email)] = true
}

// UntilSampled waits for whole rounds over everybody who is Active now.
func (a *Access) UntilSampled() {
	a.world.Helper()
	a.mu.Lock()
	from := a.rounds
	a.mu.Unlock()
	a.world.EventuallyWithOffset(1, func() bool {
		a.mu.Lock()
		defer a.mu.Unlock()
		return a.rounds >= from+2 || a.wrong != nil
	}, Patience, accessInterval).Should(BeTrue(), "everybody was signed in")
}

// End ends the sampling and fails the test when somebody was refused, or fewer
// people than expected were ever signed in.
func (a *Access) End(people int) {
	a.world.Helper()
	a.UntilSampled()
	a.cancel()
	<-a.ended
	if a.wrong != nil {
		a.world.Errorf("whoever's Member shows Active can sign in: %v", a.wrong)
	}
	if len(a.sessions) != people {
		a.world.Errorf("%d people were signed in, %d were meant to be: %v", len(a.sessions), people, slices.Sorted(maps.Keys(a.sessions)))
	}
}

// round signs everybody in once and tells whether all of them were let in.
func (a *Access) round(ctx context.Context) bool {
	for _, email := range a.world.activeSeen(a.customer) {
		if err := a.sample(email); err != nil && ctx.Err() == nil && !a.left(email) {
			a.mu.Lock()
			a.wrong = fmt.Errorf("%s: %w", email, err)
			a.mu.Unlock()
			return false
		}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.rounds++
	return true
}

func (a *Access) left(email string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.leaves[email]
}

// sample signs one person in, three ways.
func (a *Access) sample(email string) error {
	if a.left(email) {
		return nil
	}
	w := a.world
	// Ending the sampling ends no sign-in on its way.
	ctx, cancel := context.WithTimeout(context.Background(), Patience)
	defer cancel()
	fresh, err := person.New(person.Options{CAPEM: w.Auth0.CAPEM(), ClientSecret: w.Login.Secret})
	if err != nil {
		return err
	}
	session, err := fresh.SignIn(ctx, w.Auth0.URL(), w.Login.ClientID, a.organizationID, person.As{Connection: ConnectionName, Email: email})
	if err != nil {
		return fmt.Errorf("a new sign-in: %w", err)
	}
	held := a.sessions[email]
	if held == nil {
		a.sessions[email] = &opened{browser: fresh, session: session}
		return nil
	}
	if _, err := held.browser.UseSession(ctx, w.Auth0.URL(), w.Login.ClientID, a.organizationID); err != nil {
		return fmt.Errorf("with a session: %w", err)
	}
	if held.session, err = held.session.Refresh(ctx); err != nil {
		return fmt.Errorf("a refresh: %w", err)
	}
	return nil
}

// noteActive remembers whose Member has shown Active.
func (h *history) noteActive(member *v1alpha1.Member) {
	if !meta.IsStatusConditionTrue(member.Status.Conditions, v1alpha1.ConditionActive) {
		return
	}
	if h.active == nil {
		h.active = map[string]map[string]bool{}
	}
	customer := member.Spec.CustomerRef.Name
	if h.active[customer] == nil {
		h.active[customer] = map[string]bool{}
	}
	h.active[customer][strings.ToLower(string(member.Spec.Email))] = true
}

// activeSeen are the addresses of those whose Members of a Customer any version
// so far showed Active.
func (w *World) activeSeen(customer string) []string {
	w.history.mu.Lock()
	defer w.history.mu.Unlock()
	return slices.Sorted(maps.Keys(w.history.active[customer]))
}

// WatchSessions checks, until end is called, that each of the people can sign in
// to acme afresh and that their application can refresh what it holds.
func (w *World) WatchSessions(sessions map[string]*person.Session) (end func()) {
	organizationID := w.OrganizationID("acme")
	return w.Watch("seat holders get in", func() error {
		for email, session := range sessions {
			if _, err := w.SignIn(organizationID, email); err != nil {
				return fmt.Errorf("a sign-in: %w", err)
			}
			if _, err := session.Refresh(w.Context()); err != nil {
				return fmt.Errorf("a refresh: %w", err)
			}
		}
		return nil
	})
}

// LoseGrant takes a person's grant for an organization away by somebody else's hand.
func (w *World) LoseGrant(organization, email string) {
	w.Helper()
	key := ownership.GrantKey(w.OrganizationID(organization))
	users, err := w.Engineer().UsersByEmail(w.Context(), email)
	w.Expect(err).NotTo(HaveOccurred())
	w.Expect(users).To(HaveLen(1))
	w.Expect(users[0].AppMetadata).To(HaveKey(key))
	w.Expect(w.Engineer().ClearAppMetadata(w.Context(), users[0].ID, key)).To(Succeed())
}
