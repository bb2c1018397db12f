package walks

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/internal/ownership"
	"github.com/seatwarden/seatwarden/internal/standin"
	"github.com/seatwarden/seatwarden/test/world"
)

// Auth0's clock goes about ten times as fast as the real one while the world settles.
const (
	forwardStep  = 5 * time.Second
	forwardEvery = 500 * time.Millisecond
	askEvery     = 10 * forwardEvery
)

// scene is what there is at a pause.
type scene struct {
	at           time.Time
	customer     *v1alpha1.Customer
	removals     []v1alpha1.Removal
	members      []v1alpha1.Member
	auth0        standin.Snapshot
	organization standin.OrganizationSnapshot
}

// pause ends all faults and the mode's holding back, asks for a look, and waits until the world is
// settled and everybody is in or out as they must be.
func (w *walk) pause(at int) {
	w.note("%s  pause after step %d", w.Auth0.Clock().Now().Format(time.TimeOnly), at)
	began := time.Now()
	w.Auth0.ClearFaults()
	w.change(func() { w.customer.Spec.Mode = v1alpha1.ModeManage })
	forwarded, asked := time.Now(), time.Time{}
	w.Eventually(func(g Gomega) {
		// What was changed by hand is seen at the next look, which is ten minutes
		// away, or the one after it, where Auth0's lists lag.
		if time.Since(asked) > askEvery {
			asked = time.Now()
			w.Annotate(w.customer, v1alpha1.AnnotationReconcileRequestedAt, asked.Format(time.RFC3339Nano))
		}
		if time.Since(forwarded) > forwardEvery {
			forwarded = time.Now()
			w.Auth0.Forward(forwardStep)
		}
		now, err := w.behold()
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(now.restless()).To(BeEmpty(), "nothing is left to do")
		g.Expect(w.wrongs(now)).To(BeEmpty(), "everybody has what is owed to them")
	}, *patience, 50*time.Millisecond).Should(Succeed(), "the world settles after step %d", at)
	now, err := w.behold()
	w.Expect(err).NotTo(HaveOccurred())
	w.remember(now)
	for _, write := range w.KubernetesWrites() {
		w.Expect(write.Idle).To(BeFalse(), "a write to Kubernetes changed nothing: %s %s", write.Method, write.Path)
	}
	w.modeChanged = false
	w.Auth0.ResetAudit()
	w.note("%s  settled in %.1f s: %s", w.Auth0.Clock().Now().Format(time.TimeOnly), time.Since(began).Seconds(), now)
}

func (w *walk) behold() (scene, error) {
	now := scene{at: w.Auth0.Clock().Now(), customer: &v1alpha1.Customer{}, members: w.Members(), removals: w.Removals("acme"), auth0: w.Auth0.Snapshot()}
	if err := w.Get(w.customer); err != nil {
		return scene{}, err
	}
	now.customer = w.customer.DeepCopy()
	organization, ok := now.auth0.Organization(w.customer.Name)
	if !ok {
		return scene{}, errNoOrganization
	}
	now.organization = organization
	return now, nil
}

// restless names what the operator has left to do.
func (now scene) restless() (left []string) {
	c := now.customer
	if c.Status.ObservedGeneration != c.Generation {
		left = append(left, "the Customer's generation was not seen")
	}
	if reconciling := meta.FindStatusCondition(c.Status.Conditions, v1alpha1.ConditionReconciling); reconciling != nil {
		left = append(left, "the Customer: "+reconciling.Reason+": "+reconciling.Message)
	}
	for _, condition := range []string{v1alpha1.ConditionReady, v1alpha1.ConditionGuardInEffect} {
		if !meta.IsStatusConditionTrue(c.Status.Conditions, condition) {
			left = append(left, "the Customer is not "+condition)
		}
	}
	for _, removal := range now.removals {
		switch state := removal.Status.State; state {
		case v1alpha1.RemovalHeld, v1alpha1.RemovalRemoved:
		default:
			left = append(left, fmt.Sprintf("the removal of %s is %s", removal.Spec.Email, state))
		}
	}
	for _, admin := range c.Spec.Admins {
		if now.declaredBy(string(admin.Email)) == nil {
			left = append(left, fmt.Sprintf("admin %s has no Member", admin.Email))
		}
	}
	for i := range now.members {
		if doing := busy(&now.members[i]); doing != "" {
			left = append(left, fmt.Sprintf("Member %s: %s", now.members[i].Name, doing))
		}
	}
	return left
}

// busy is what is left to do for a Member, "" when nothing is. Who waits for a seat
// is told so at once and stalls a minute later.
func busy(m *v1alpha1.Member) string {
	reconciling := meta.FindStatusCondition(m.Status.Conditions, v1alpha1.ConditionReconciling)
	switch {
	case !m.DeletionTimestamp.IsZero():
		return "is being deleted"
	case m.Status.ObservedGeneration != m.Generation:
		return "its generation was not seen"
	case m.Status.Attempt != nil:
		return "an attempt is under way"
	case reconciling != nil && reconciling.Reason != v1alpha1.ReasonSeatLimitReached && reconciling.Reason != v1alpha1.ReasonSeatLapsed:
		return reconciling.Reason + ": " + reconciling.Message
	}
	return ""
}

// declaredBy is the Member that stands for a person: the one with a seat, or any.
func (now scene) declaredBy(email string) (found *v1alpha1.Member) {
	for i := range now.members {
		m := &now.members[i]
		if strings.EqualFold(string(m.Spec.Email), email) && m.DeletionTimestamp.IsZero() && (found == nil || world.HoldsSeat(m)) {
			found = m
		}
	}
	return found
}

func (now scene) suspended() bool { return now.customer.Spec.Access == v1alpha1.AccessSuspended }

func (now scene) held(email string) bool {
	return slices.ContainsFunc(now.removals, func(removal v1alpha1.Removal) bool {
		return ownership.PersonRef(string(removal.Spec.Email)) == ownership.PersonRef(email) && removal.Status.State == v1alpha1.RemovalHeld
	})
}

// someone is what the pure rules need to know of a person.
func (w *walk) someone(now scene, email string) someone {
	who, member := w.of(email), now.declaredBy(email)
	return someone{
		Declared: member != nil, Seated: member != nil && world.HoldsSeat(member), Held: member == nil && now.held(email),
		RolesRefused: member != nil && now.rolesRefused(member), LeftBehind: who.leftBehind, Joined: who.joined, Unsure: who.unsure, Member: now.isMember(email),
	}
}

// wrongs are the promises that are not kept.
func (w *walk) wrongs(now scene) (wrongs []string) {
	wrongs = now.seatsWrong()
	c := contract{Mode: now.customer.Spec.Mode, Access: now.customer.Spec.Access}
	for _, email := range staff {
		session, refused := w.SignIn(now.organization.ID, email)
		if refused == nil {
			w.of(email).sessions = append(w.of(email).sessions, session)
		}
		owed := settled(c, w.someone(now, email))
		if owed == mustBeIn && refused != nil || owed == mustBeOut && refused == nil {
			wrongs = append(wrongs, fmt.Sprintf("%s %s, and the sign-in says %v (%+v)", email, owed, refused, w.someone(now, email)))
			continue
		}
		if err := w.personWrong(now, email, refused); err != nil {
			wrongs = append(wrongs, fmt.Sprintf("%s: %v", email, err))
		}
	}
	return wrongs
}

// personWrong holds what is said of a person to what Auth0 does, and what was sent
// to what was meant.
func (w *walk) personWrong(now scene, email string, refused error) error {
	who, member := w.of(email), now.declaredBy(email)
	if sent := len(w.Mails(email)); sent > who.intents {
		return fmt.Errorf("%d mails were sent, and %d were meant at most", sent, who.intents)
	}
	if refused == nil && !who.joined && !who.mayJoin {
		return errors.New("is let in and has accepted no link")
	}
	if member != nil {
		active := meta.FindStatusCondition(member.Status.Conditions, v1alpha1.ConditionActive)
		if active == nil {
			return errors.New("the Member has no condition Active")
		}
		if says := active.Status == "True"; says != (refused == nil) {
			return fmt.Errorf("the Member says %s/%s, and the sign-in says: %w", active.Status, active.Reason, cmp.Or(refused, errLetIn))
		}
	}
	if refused == nil {
		return now.rolesWrong(member, email)
	}
	gone := member == nil && !now.held(email) && !who.leftBehind
	// Whom an engineer takes out keeps the grant, and with it what is open.
	for _, session := range who.sessions {
		if _, err := session.Refresh(w.Context()); err == nil && (gone || now.suspended()) {
			return errors.New("a new sign-in is refused, and a refresh token still serves")
		}
	}
	if gone {
		return now.leftOver(email)
	}
	return nil
}

func (now scene) rolesRefused(member *v1alpha1.Member) bool {
	return slices.ContainsFunc(member.Spec.Roles, func(role v1alpha1.RoleName) bool {
		return !slices.Contains(now.customer.Spec.Roles.Allowed, role)
	})
}

// isMember tells whether Auth0 has the person as a member, by the company's connection.
func (now scene) isMember(email string) bool {
	return slices.ContainsFunc(now.auth0.Users, func(user standin.User) bool {
		return ofCompany(user, email) && slices.Contains(now.organization.Members, user.UserID)
	})
}

// rolesWrong holds the roles of somebody who is in to those that are declared.
func (now scene) rolesWrong(member *v1alpha1.Member, email string) error {
	if member == nil || !meta.IsStatusConditionTrue(member.Status.Conditions, v1alpha1.ConditionReady) {
		return nil
	}
	for _, user := range now.auth0.Users {
		if !strings.EqualFold(user.Email, email) || !slices.Contains(now.organization.Members, user.UserID) {
			continue
		}
		for _, role := range now.auth0.Roles {
			name := v1alpha1.RoleName(role.Name)
			if slices.Contains(now.customer.Spec.Roles.Allowed, name) && slices.Contains(member.Spec.Roles, name) != slices.Contains(now.organization.MemberRoles[user.UserID], role.ID) {
				return fmt.Errorf("declared roles are %v, and role %s is not so", member.Spec.Roles, role.Name)
			}
		}
	}
	return nil
}

// leftOver is what is left in Auth0 of somebody whom nobody declares.
func (now scene) leftOver(email string) error {
	for _, user := range now.auth0.Users {
		if strings.EqualFold(user.Email, email) && user.AppMetadata[ownership.GrantKey(now.organization.ID)] != nil {
			return errors.New("nobody declares the person, and a grant is left")
		}
	}
	for _, invitation := range now.organization.Invitations {
		if strings.EqualFold(invitation.InviteeEmail, email) && invitation.ExpiresAt.After(now.at) {
			return errors.New("nobody declares the person, and an invitation is left")
		}
	}
	return nil
}

// seatsWrong holds the ledger: what is counted is what is used, and nobody waits
// for a seat that is free.
func (now scene) seatsWrong() (wrongs []string) {
	counts := now.customer.Status.Seats
	if counts == nil {
		return []string{"the Customer counts no seats"}
	}
	used := map[string]bool{}
	waits := ""
	for i := range now.members {
		m := &now.members[i]
		if world.HoldsSeat(m) {
			used[ownership.PersonRef(string(m.Spec.Email))] = true
		}
		if m.Status.Seat != nil && m.Status.Seat.State == v1alpha1.SeatWaiting && m.Status.Seat.Reason == v1alpha1.ReasonSeatLimitReached {
			waits = m.Name
		}
	}
	for _, removal := range now.removals {
		known := removal.Spec.Known
		given := known.Attempt != nil || known.Invitation != nil || len(known.Users) > 0 || removal.Status.Known != nil
		if removal.Status.State == v1alpha1.RemovalHeld && given {
			used[ownership.PersonRef(string(removal.Spec.Email))] = true
		}
	}
	for _, person := range now.letIn() {
		used[person] = true
	}
	in := len(used)
	if int(counts.Used) != in {
		wrongs = append(wrongs, fmt.Sprintf("the Customer counts %d seats in use, and %d are: %s", counts.Used, in, now))
	}
	if waits != "" && in < int(now.customer.Spec.Seats) {
		wrongs = append(wrongs, fmt.Sprintf("%s waits for a seat, and %d of %d are in use", waits, in, now.customer.Spec.Seats))
	}
	return wrongs
}

// letIn are the people whom a grant of the operator's lets in, as members or by a
// live invitation.
func (now scene) letIn() (people []string) {
	add := func(value any) {
		text, _ := value.(string)
		if grant, ok := ownership.ParseGrant(text); ok && grant.Key == now.organization.Metadata[ownership.MetadataKey] {
			people = append(people, grant.Person)
		}
	}
	for _, user := range now.auth0.Users {
		if slices.Contains(now.organization.Members, user.UserID) {
			add(user.AppMetadata[ownership.GrantKey(now.organization.ID)])
		}
	}
	for _, invitation := range now.organization.Invitations {
		if invitation.ExpiresAt.After(now.at) {
			add(invitation.AppMetadata[ownership.GrantKey(now.organization.ID)])
		}
	}
	return people
}

// remember takes what a settled world shows for certain.
func (w *walk) remember(now scene) {
	for _, email := range staff {
		who, member := w.of(email), now.declaredBy(email)
		_, refused := w.SignIn(now.organization.ID, email)
		switch {
		case now.suspended():
			// What the person holds does not show.
		case refused == nil:
			who.joined, who.unsure = true, false
		case member == nil && !now.held(email) && now.leftOver(email) == nil:
			who.leftBehind = false // and within the grace they come back as they were
		case who.unsure && member != nil && world.HoldsSeat(member) && !now.rolesRefused(member):
			who.joined, who.unsure = false, false
		}
		if member != nil {
			who.leftBehind, who.deletedAt = false, time.Time{}
		}
	}
}

// String is the scene in short.
func (now scene) String() string {
	var text strings.Builder
	if now.customer.Status.Seats != nil {
		fmt.Fprintf(&text, "%d of %d seats, %s;", now.customer.Status.Seats.Used, now.customer.Spec.Seats, now.customer.Spec.Access)
	}
	for i := range now.members {
		m := &now.members[i]
		reason := "-"
		if active := meta.FindStatusCondition(m.Status.Conditions, v1alpha1.ConditionActive); active != nil {
			reason = active.Reason
		}
		fmt.Fprintf(&text, " %s %s;", m.Name, reason)
	}
	for _, removal := range now.removals {
		fmt.Fprintf(&text, " %s %s;", removal.Spec.Email, removal.Status.State)
	}
	if u := now.customer.Status.Unmanaged; u != nil {
		fmt.Fprintf(&text, " unmanaged: %v;", u.Sample)
	}
	return text.String()
}
