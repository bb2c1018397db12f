package directory

import (
	"slices"
	"sort"
	"strings"

	"github.com/seatwarden/seatwarden/internal/auth0"
	"github.com/seatwarden/seatwarden/internal/ownership"
)

// Holder is a user with a grant for the organization, as a search found it: a hint.
type Holder struct {
	// User without its AppMetadata, of which nothing but the grant is kept.
	auth0.User

	// Grant of any key; empty where what stands there is none.
	Grant ownership.Grant
}

// holderOf keeps of a user what is used.
func holderOf(user auth0.User, organizationID string) Holder {
	grant, _ := ownership.GrantIn(user.AppMetadata, organizationID)
	user.AppMetadata = nil
	return Holder{User: user, Grant: grant}
}

// Whole is the user with its grant where Auth0 has it.
func (h Holder) Whole(organizationID string) auth0.User {
	user := h.User
	if h.Grant.Person != "" {
		user.AppMetadata = map[string]string{ownership.GrantKey(organizationID): h.Grant.String()}
	}
	return user
}

// index finds people in an observation: each of thousands of Members asks for one.
type index struct {
	membersByID, membersByEmail, holdersByID, holdersByPerson, invitationsByEmail, invitationsByPerson order
}

// indexed returns the observation with an index.
func (ob *Observation) indexed() *Observation {
	ob.index = ob.makeIndex()
	return ob
}

func (ob *Observation) makeIndex() *index {
	return &index{
		membersByID: orderOf(len(ob.Members), ob.memberID), membersByEmail: orderOf(len(ob.Members), ob.memberEmail),
		holdersByID: orderOf(len(ob.Holders), ob.holderID), holdersByPerson: orderOf(len(ob.Holders), ob.holderPerson),
		invitationsByEmail:  orderOf(len(ob.Invitations), ob.emailOf(ob.Invitations)),
		invitationsByPerson: orderOf(len(ob.Invitations), ob.personOf(ob.Invitations)),
	}
}

// known is the index; an observation that has none is small.
func (ob *Observation) known() *index {
	if ob.index == nil {
		return ob.makeIndex()
	}
	return ob.index
}

func (ob *Observation) memberID(i int) string     { return ob.Members[i].UserID }
func (ob *Observation) memberEmail(i int) string  { return ownership.FoldEmail(ob.Members[i].Email) }
func (ob *Observation) holderID(i int) string     { return ob.Holders[i].ID }
func (ob *Observation) holderPerson(i int) string { return ob.Holders[i].Grant.Person }

func (ob *Observation) emailOf(invitations []auth0.Invitation) func(int) string {
	return func(i int) string { return ownership.FoldEmail(invitations[i].Email) }
}

// personOf is whom the grant of an invitation names, empty for none.
func (ob *Observation) personOf(invitations []auth0.Invitation) func(int) string {
	return func(i int) string {
		grant, _ := ownership.GrantIn(invitations[i].AppMetadata, ob.organizationID)
		return grant.Person
	}
}

// Listed tells whether a user is listed as a member.
func (ob *Observation) Listed(userID string) bool {
	return len(ob.known().membersByID.find(userID, ob.memberID)) > 0
}

// MembersAt are the members with an address, in whatever case.
func (ob *Observation) MembersAt(email string) (out []auth0.OrganizationMember) {
	for _, i := range ob.known().membersByEmail.find(ownership.FoldEmail(email), ob.memberEmail) {
		out = append(out, ob.Members[i])
	}
	return out
}

// Holder is a user with a grant.
func (ob *Observation) Holder(userID string) (holder Holder, ok bool) {
	for _, i := range ob.known().holdersByID.find(userID, ob.holderID) {
		return ob.Holders[i], true
	}
	return holder, false
}

// HoldersOf are the users whose grant, of any key, names a person by PersonRef.
func (ob *Observation) HoldersOf(person string) (out []Holder) {
	for _, i := range ob.known().holdersByPerson.find(person, ob.holderPerson) {
		out = append(out, ob.Holders[i])
	}
	return out
}

// InvitationsTo are those to an address, in whatever case, the newest first.
func (ob *Observation) InvitationsTo(email string) []auth0.Invitation {
	return ob.invitationsWith(ob.emailOf, ob.known().invitationsByEmail, ownership.FoldEmail(email))
}

// InvitationsFor are those whose grant, of any key, names a person by PersonRef, the
// newest first.
func (ob *Observation) InvitationsFor(person string) []auth0.Invitation {
	return ob.invitationsWith(ob.personOf, ob.known().invitationsByPerson, person)
}

func (ob *Observation) invitationsWith(key func([]auth0.Invitation) func(int) string, by order, wanted string) (out []auth0.Invitation) {
	// Those that were sent since the index was made stand first.
	sent, listed := ob.Invitations[:len(ob.Invitations)-len(by)], ob.Invitations[len(ob.Invitations)-len(by):]
	for i, keyOf := 0, key(sent); i < len(sent); i++ {
		if keyOf(i) == wanted {
			out = append(out, sent[i])
		}
	}
	for _, i := range by.find(wanted, key(listed)) {
		out = append(out, listed[i])
	}
	return out
}

// order is the rows of a list by a key, those of one key as they were listed.
type order []int32

func orderOf(rows int, key func(int) string) order {
	keys := make([]string, rows)
	out := make(order, rows)
	for i := range rows {
		keys[i], out[i] = key(i), int32(i)
	}
	slices.SortStableFunc(out, func(a, b int32) int { return strings.Compare(keys[a], keys[b]) })
	return out
}

func (o order) find(wanted string, key func(int) string) order {
	from := sort.Search(len(o), func(i int) bool { return key(int(o[i])) >= wanted })
	to := from
	for to < len(o) && key(int(o[to])) == wanted {
		to++
	}
	return o[from:to]
}
