package walks

import (
	"testing"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
)

// contract is what a Customer declares, as far as it decides who gets in.
type contract struct {
	Mode   v1alpha1.Mode
	Access v1alpha1.Access
}

// someone is one person of the Customer at a pause.
type someone struct {
	// Declared by a Member that is not being deleted, or as an admin.
	Declared bool
	// Held: the brake keeps the person's removal until somebody approves it.
	Held bool
	// LeftBehind: the last Member went while the mode had nothing taken.
	LeftBehind bool
	// Seated: the ledger gave the person a seat.
	Seated bool
	// RolesRefused: the Member asks for a role that the contract does not allow. It
	// gives nothing until that is mended, and takes nothing.
	RolesRefused bool
	// Joined: the person has accepted a link, and was not removed since.
	Joined bool
	// Unsure: what the person holds rests on who was faster, or on what somebody
	// did by hand in Auth0. Then it counts whether Auth0 has them as a member.
	Unsure, Member bool
}

// must is what a settled world owes a person.
type must string

const (
	mustBeIn  must = "must be able to sign in"
	mustBeOut must = "must not be able to sign in"
	mayBeBoth must = "may be in or out"
)

// settled says who must be able to sign in and who must not, once nothing is left
// to do and the guard is in effect.
func settled(c contract, p someone) must {
	switch {
	case c.Access == v1alpha1.AccessSuspended:
		return mustBeOut
	case p.LeftBehind:
		return mayBeBoth
	case !p.Declared && !p.Held, p.Declared && !p.Seated:
		return mustBeOut
	case p.Unsure && !p.Member, !p.Unsure && !p.Joined:
		return mustBeOut
	case p.RolesRefused, p.Unsure && p.Held:
		return mayBeBoth
	}
	return mustBeIn
}

func TestSettledWorld(t *testing.T) {
	open, suspended := contract{Mode: v1alpha1.ModeManage, Access: v1alpha1.AccessOpen}, contract{Mode: v1alpha1.ModeManage, Access: v1alpha1.AccessSuspended}
	for name, tc := range map[string]struct {
		contract contract
		person   someone
		want     must
	}{
		"nobody declares the person":         {open, someone{Joined: true}, mustBeOut},
		"invited and not joined":             {open, someone{Declared: true, Seated: true}, mustBeOut},
		"joined":                             {open, someone{Declared: true, Seated: true, Joined: true}, mustBeIn},
		"joined, and the seat went":          {open, someone{Declared: true, Joined: true}, mustBeOut},
		"joined, and the contract suspended": {suspended, someone{Declared: true, Seated: true, Joined: true}, mustBeOut},
		"a role that is not allowed":         {open, someone{Declared: true, Seated: true, Joined: true, RolesRefused: true}, mayBeBoth},
		"the removal is held":                {open, someone{Held: true, Joined: true}, mustBeIn},
		"the removal of an invited is held":  {open, someone{Held: true}, mustBeOut},
		"taken out and put in by hand":       {open, someone{Joined: true, Unsure: true}, mustBeOut},
		"the Member went under Paused":       {open, someone{LeftBehind: true, Joined: true}, mayBeBoth},
		"taken out by hand":                  {open, someone{Declared: true, Seated: true, Joined: true, Unsure: true}, mustBeOut},
		"put in by hand":                     {open, someone{Declared: true, Seated: true, Unsure: true, Member: true}, mustBeIn},
	} {
		t.Run(name, func(t *testing.T) {
			if got := settled(tc.contract, tc.person); got != tc.want {
				t.Errorf("settled says %q, want %q", got, tc.want)
			}
		})
	}
}
