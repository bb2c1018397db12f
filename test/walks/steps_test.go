package walks

import (
	"fmt"
	"math/rand/v2"
)

// step is one thing that happens. It says nothing of the state of the world, so
// that a walk can be walked again with steps left out.
type step struct {
	// At is its place in the walk as it was drawn.
	At int
	// Do is the name of a deed, To the person it is about, By a number to choose with.
	Do string
	To string
	By int
}

func (s step) String() string { return fmt.Sprintf("%d %s(%s, %d)", s.At, s.Do, s.To, s.By) }

// staff are the people of the company. The first is the contract's admin; the last
// has an address of the second domain.
var staff = []string{"boss@acme.com", "ann@acme.com", "bob@acme.com", "cyd@acme.com", "dan@acme.com", "eve@acme.com", "fay@acme.org"}

// outsider has an account at the company's identity provider and no Member.
const outsider = "guest@acme.com"

// deed is something that can be done, and how often relative to the others.
type deed struct {
	name   string
	weight int
	do     func(*walk, step)
}

// deeds are everything that can happen on a walk.
func deeds() []deed {
	return []deed{
		{"declare", 12, (*walk).declare},
		{"delete", 7, (*walk).delete},
		{"replace", 2, (*walk).replace},
		{"open", 14, (*walk).open},
		{"openFirst", 2, (*walk).openFirst},
		{"openAsOutsider", 2, (*walk).openAsOutsider},
		{"signIn", 4, (*walk).signIn},
		{"ask", 4, (*walk).ask},
		{"approve", 4, (*walk).approve},
		{"setRoles", 3, (*walk).setRoles},
		{"setSeats", 5, (*walk).setSeats},
		{"setDomains", 2, (*walk).setDomains},
		{"setAdmins", 2, (*walk).setAdmins},
		{"setAllowedRoles", 2, (*walk).setAllowedRoles},
		{"setAccess", 3, (*walk).setAccess},
		{"setMode", 3, (*walk).setMode},
		{"addByHand", 2, (*walk).addByHand},
		{"takeOutByHand", 2, (*walk).takeOutByHand},
		{"wipeGrant", 2, (*walk).wipeGrant},
		{"wipeMetadata", 1, (*walk).wipeMetadata},
		{"deleteUserByHand", 1, (*walk).deleteUserByHand},
		{"deleteLinkByHand", 1, (*walk).deleteLinkByHand},
		{"fault", 6, (*walk).fault},
		{"endFaults", 3, (*walk).endFaults},
		{"forward", 4, (*walk).forward},
		{"restart", 3, (*walk).restart},
		{"look", 12, (*walk).look},
	}
}

// stretch is how many steps lie between two pauses.
const stretch = 20

// draw draws a walk's steps.
func draw(seed uint64, steps int) []step {
	random := rand.New(rand.NewPCG(seed, 0))
	total := 0
	for _, d := range deeds() {
		total += d.weight
	}
	drawn := make([]step, 0, steps)
	for at := range steps {
		pick := random.IntN(total)
		s := step{At: at + 1, To: staff[random.IntN(len(staff))], By: random.IntN(1000)}
		for _, d := range deeds() {
			if pick -= d.weight; pick < 0 {
				s.Do = d.name
				break
			}
		}
		drawn = append(drawn, s)
	}
	return drawn
}
