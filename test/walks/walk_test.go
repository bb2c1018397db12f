package walks

import (
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
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
	patience  = flag.Duration("walk.patience", 2*world.Patience, "how long the world may take to settle at a pause")
	shrinks   = flag.Bool("walk.shrink", false, "look for few steps that fail as well")
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
	land     landscape
	people   map[string]*trace
	// walked is how many steps were walked.
	walked int
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

// declared notes that somebody declares a person whom nothing declared.
func (t *trace) declared(now time.Time, grace time.Duration) {
	t.intents++
	if t.leftBehind || !t.deletedAt.IsZero() && now.Sub(t.deletedAt) >= grace {
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
			if *shrinks && w != nil {
				shrink(t, seed, steps[:w.walked])
			}
		}
	})
	w = begin(t, seed)
	known := map[string]deed{}
	for _, d := range deeds() {
		known[d.name] = d
	}
	for i, s := range steps {
		w.walked = i
		if i > 0 && s.At/stretch > steps[i-1].At/stretch {
			w.pause(steps[i-1].At)
		}
		w.note("%s  %s", w.Auth0.Clock().Now().Format(time.TimeOnly), s)
		known[s.Do].do(w, s)
	}
	w.walked = len(steps)
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
	w.land = drawLandscape(seed)
	w.note("%+v", w.land)
	w.Expect(w.Auth0.Configure(w.land.configure)).To(Succeed())
	w.start()
	if w.land.TwoOperators {
		w.StartOperator()
	}
	w.of(staff[0]).declared(time.Time{}, w.land.grace())
	w.customer = w.CreateCustomer("acme", 5, w.land.contract)
	return w
}

func (w *walk) start() { w.operator = w.StartOperator() }

// landscape is what stays as it is during a walk.
type landscape struct {
	// SharpBrake holds whoever is removed as the second within ten minutes.
	SharpBrake bool
	// DeleteUsers and NoGrace are of spec.removal.
	DeleteUsers, NoGrace bool
	// TwoOperators: a second one works beside the one that is restarted.
	TwoOperators bool
	// Lag of Auth0's lists, and what an invitation's metadata do to profiles.
	Lag                time.Duration
	InvitationMetadata standin.InvitationMetadata
}

func drawLandscape(seed uint64) landscape {
	random := rand.New(rand.NewPCG(seed, 1))
	one := func(in int) bool { return random.IntN(in) == 0 }
	land := landscape{
		SharpBrake: one(2), DeleteUsers: one(3), NoGrace: one(6), TwoOperators: one(4),
		InvitationMetadata: standin.InvitationMetadata{New: standin.MetadataApplied, Existing: standin.MetadataMerged, Visible: standin.VisibleSameSignIn},
	}
	if one(3) {
		land.Lag = 10 * time.Second
	}
	if one(4) {
		land.InvitationMetadata.New = standin.MetadataIgnored
	}
	land.InvitationMetadata.Existing = []string{standin.MetadataMerged, standin.MetadataMerged, standin.MetadataIgnored}[random.IntN(3)]
	if one(4) {
		land.InvitationMetadata.Visible = standin.VisibleNextSignIn
	}
	return land
}

func (l landscape) configure(s *standin.Settings) {
	s.MembersLag, s.SearchLag, s.InvitationMetadata = standin.Duration(l.Lag), standin.Duration(l.Lag), l.InvitationMetadata
}

func (l landscape) contract(c *v1alpha1.Customer) {
	c.Spec.Roles = &v1alpha1.CustomerRoles{Allowed: []v1alpha1.RoleName{"editor", "reader"}}
	if l.SharpBrake {
		c.Spec.Removal.Brake = v1alpha1.Brake{People: ptr.To[int32](1), Percent: ptr.To[int32](0)}
	}
	if l.DeleteUsers {
		c.Spec.Removal.User = v1alpha1.RemovalUserDelete
	}
	if l.NoGrace {
		c.Spec.Removal.Grace = &metav1.Duration{}
	}
}

// grace is for how long somebody who is declared again comes back for certain: a
// minute less than a Customer has by default, for what a step takes.
func (l landscape) grace() time.Duration {
	if l.NoGrace {
		return 0
	}
	return 9 * time.Minute
}

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
