package walks

import (
	"errors"
	"flag"
	"fmt"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"k8s.io/utils/ptr"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/internal/auth0"
	"github.com/seatwarden/seatwarden/internal/standin"
	"github.com/seatwarden/seatwarden/internal/standin/person"
	"github.com/seatwarden/seatwarden/test/world"
)

var (
	firstSeed = flag.Uint64("walk.seed", 1, "seed of the first walk")
	seeds     = flag.Int("walk.seeds", 1, "how many walks, each with the next seed")
	length    = flag.Int("walk.steps", 60, "steps of a walk")
	only      = flag.String("walk.only", "", "walk these of the drawn steps and no others, such as 1-40,57")
)

// TestWalk walks at random: whatever is done in whatever order, nothing promised
// breaks, and at each pause the world settles into what it owes to everybody.
func TestWalk(t *testing.T) {
	for i := range *seeds {
		seed := *firstSeed + uint64(i)
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			steps, err := chosen(draw(seed, *length), *only)
			if err != nil {
				t.Fatal(err)
			}
			take(t, seed, steps)
		})
	}
}

// walk is one walk through a world with one Customer.
type walk struct {
	*world.World
	customer *v1alpha1.Customer
	operator *world.Operator
	engineer auth0.API
	people   map[string]*trace
	// modeChanged: the mode is not the one of the last pause, or was not for a while.
	modeChanged bool
}

// trace is what happened to one person, as far as it decides what is owed to them.
type trace struct {
	// joined: the person was let in by a link, and was not seen removed since.
	joined bool
	// mayJoin: something may have made the person a member without a word to them.
	mayJoin bool
	// unsure and leftBehind: see someone.
	unsure, leftBehind bool
	// deletedAt is Auth0's time when the last Member was deleted.
	deletedAt time.Time
	// intents is how many mails were meant at most.
	intents  int
	sessions []*person.Session
}

// grace is what a Customer has by default, less the time that a step may take.
const grace = 9 * time.Minute

// declared notes that somebody declares a person whom nothing declared.
func (t *trace) declared(now time.Time) {
	t.intents++
	if t.leftBehind || !t.deletedAt.IsZero() && now.Sub(t.deletedAt) > grace {
		t.unsure = true // in by what was left, or a stranger by now
	}
	t.leftBehind, t.deletedAt = false, time.Time{}
}

// deleted notes that a person's Member is deleted. Not everything is taken when
// the mode is, or may be, another than Manage.
func (t *trace) deleted(now time.Time, managed bool) {
	t.deletedAt = now
	t.leftBehind = t.leftBehind || !managed
}

var (
	errNoOrganization = errors.New("there is no organization yet")
	errLetIn          = errors.New("welcome")
)

func take(t *testing.T, seed uint64, steps []step) {
	var w *walk
	t.Cleanup(func() { // after the world's own, which hold its rules to what was seen
		if t.Failed() {
			t.Logf("walk it again: go test ./test/walks -run TestWalk -walk.seed %d -walk.steps %d", seed, *length)
		}
	})
	w = begin(t, seed)
	known := map[string]deed{}
	for _, d := range deeds() {
		known[d.name] = d
	}
	for i, s := range steps {
		if i > 0 && s.At/stretch > steps[i-1].At/stretch {
			w.pause(steps[i-1].At)
		}
		w.note("%s  %s", w.Auth0.Clock().Now().Format(time.TimeOnly), s)
		known[s.Do].do(w, s)
	}
	w.pause(*length)
}

func begin(t *testing.T, seed uint64) *walk {
	w := &walk{World: world.New(t), people: map[string]*trace{}}
	for _, role := range []string{"reader", "editor"} {
		_, err := w.Auth0.AddRole(standin.Role{Name: role})
		w.Expect(err).NotTo(HaveOccurred())
	}
	for _, email := range append([]string{outsider}, staff...) {
		w.people[email] = &trace{}
		w.Employ(email)
	}
	w.engineer = w.Engineer()
	w.start()
	w.of(staff[0]).declared(time.Time{})
	w.customer = w.CreateCustomer("acme", 5, func(c *v1alpha1.Customer) {
		c.Spec.Roles = &v1alpha1.CustomerRoles{Allowed: []v1alpha1.RoleName{"editor", "reader"}}
		if seed%2 == 0 { // a brake that holds soon
			c.Spec.Removal.Brake = v1alpha1.Brake{People: ptr.To[int32](1), Percent: ptr.To[int32](0)}
		}
	})
	return w
}

func (w *walk) start() { w.operator = w.StartOperator() }

func (w *walk) of(email string) *trace { return w.people[email] }

func (w *walk) note(format string, args ...any) {
	w.Helper()
	w.Logf(format, args...)
}

// chosen are those of the steps that a list of numbers and ranges names; an empty
// list names all.
func chosen(steps []step, list string) ([]step, error) {
	if list == "" {
		return steps, nil
	}
	wanted := map[int]bool{}
	for _, part := range strings.Split(list, ",") {
		var from, to int
		if n, _ := fmt.Sscanf(part, "%d-%d", &from, &to); n == 1 {
			to = from
		} else if n == 0 {
			return nil, fmt.Errorf("-walk.only: %q is no number and no range", part)
		}
		for at := from; at <= to; at++ {
			wanted[at] = true
		}
	}
	var out []step
	for _, s := range steps {
		if wanted[s.At] {
			out = append(out, s)
		}
	}
	return out, nil
}
