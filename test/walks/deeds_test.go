package walks

import (
	"slices"
	"strings"
	"time"

	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/internal/standin"
	"github.com/seatwarden/seatwarden/internal/standin/person"
	"github.com/seatwarden/seatwarden/test/world"
)

// membersOf are the Members that declare a person, those being deleted included.
func (w *walk) membersOf(email string) (members []*v1alpha1.Member) {
	all := w.Members()
	for i := range all {
		if strings.EqualFold(string(all[i].Spec.Email), email) {
			members = append(members, &all[i])
		}
	}
	return members
}

// memberOf is the first Member of a person that stays, nil when there is none.
func (w *walk) memberOf(email string) *v1alpha1.Member {
	for _, member := range w.membersOf(email) {
		if member.DeletionTimestamp.IsZero() {
			return member
		}
	}
	return nil
}

// declare applies a Member, unless the person has one that stays.
func (w *walk) declare(s step) {
	if w.memberOf(s.To) != nil {
		return
	}
	w.of(s.To).declared(w.Auth0.Clock().Now(), w.land.grace())
	w.apply(s.To, s.By)
}

// apply makes a Member under a free name.
func (w *walk) apply(email string, by int) {
	member := w.MemberObject(w.customer.Name, email)
	local := member.Name
	for _, suffix := range []string{"", "-2", "-3"} {
		member.Name, member.Spec.Roles = local+suffix, rolesBy(by)
		err := w.Client.Create(w.Context(), member)
		if apierrors.IsAlreadyExists(err) {
			continue
		}
		// The domain policy is not installed, so nothing else refuses.
		w.Expect(err).NotTo(HaveOccurred())
		return
	}
}

// delete deletes the Members of a person. An admin gets another, which knows only
// what Auth0 still shows: who had a link that died is sent one more.
func (w *walk) delete(s step) {
	for _, member := range w.membersOf(s.To) {
		if member.DeletionTimestamp.IsZero() {
			w.of(s.To).deleted(w.Auth0.Clock().Now(), w.modeSteady())
			if !meta.IsStatusConditionTrue(member.Status.Conditions, v1alpha1.ConditionActive) {
				w.of(s.To).unsure = true // joined, and nobody has noticed
			}
			w.Expect(client.IgnoreNotFound(w.Client.Delete(w.Context(), member))).To(Succeed())
			if w.isAdmin(s.To) {
				w.of(s.To).intents++
			}
		}
	}
}

func (w *walk) isAdmin(email string) bool {
	return slices.ContainsFunc(w.customer.Spec.Admins, func(a v1alpha1.Admin) bool { return string(a.Email) == email })
}

// replace applies a second Member of a person and deletes the first.
func (w *walk) replace(s step) {
	first := w.memberOf(s.To)
	if first == nil {
		return
	}
	if mode := w.customer.Spec.Mode; !world.HoldsSeat(first) || mode == v1alpha1.ModeObserve || mode == v1alpha1.ModePaused {
		// Whose seat lapsed asks for one anew, and nothing is handed over under these modes.
		w.of(s.To).intents++
	}
	w.apply(s.To, s.By)
	w.Expect(client.IgnoreNotFound(w.Client.Delete(w.Context(), first))).To(Succeed())
}

// open opens the last link that was sent to a person.
func (w *walk) open(s step) {
	if mails := w.Mails(s.To); len(mails) > 0 {
		w.use(s.To, mails[len(mails)-1])
	}
}

// openFirst opens the first link that was ever sent to a person.
func (w *walk) openFirst(s step) {
	if mails := w.Mails(s.To); len(mails) > 0 {
		w.use(s.To, mails[0])
	}
}

func (w *walk) use(email string, mail standin.Mail) {
	session, err := w.Accept(mail)
	if err != nil {
		// A link may make somebody a member whom the guard refuses at this moment.
		w.of(email).unsure, w.of(email).mayJoin = true, true
		return
	}
	w.of(email).joined = true
	if w.memberOf(email) == nil {
		w.of(email).unsure = true // what a removal remembers of who joins in the midst of it
	}
	w.of(email).sessions = append(w.of(email).sessions, session)
}

// openAsOutsider opens a person's last link with another account.
func (w *walk) openAsOutsider(s step) {
	mails := w.Mails(s.To)
	if len(mails) == 0 {
		return
	}
	_, err := w.Browser().OpenLink(w.Context(), mails[len(mails)-1].Link, person.As{Connection: world.ConnectionName, Email: outsider})
	w.Expect(err).To(HaveOccurred(), "another account is not let in by the link of "+s.To)
}

// signIn has a person try to sign in.
func (w *walk) signIn(s step) {
	who := w.of(s.To)
	session, err := w.tryToSignIn(s.To)
	if err != nil {
		return
	}
	w.Expect(who.joined || who.mayJoin).To(BeTrue(), "%s is let in and has accepted no link", s.To)
	who.sessions = append(who.sessions, session)
}

// tryToSignIn signs in with a fresh browser; without an organization nobody can.
func (w *walk) tryToSignIn(email string) (*person.Session, error) {
	organization, ok := w.Organization(w.customer.Name)
	if !ok {
		return nil, errNoOrganization
	}
	return w.SignIn(organization.ID, email)
}

// ask asks for an invitation.
func (w *walk) ask(s step) {
	member := w.memberOf(s.To)
	if member == nil {
		return
	}
	w.of(s.To).intents++
	patch := client.MergeFrom(member.DeepCopy())
	if member.Annotations == nil {
		member.Annotations = map[string]string{}
	}
	member.Annotations[v1alpha1.AnnotationInviteRequestedAt] = time.Now().UTC().Format(time.RFC3339Nano)
	w.Expect(client.IgnoreNotFound(w.Client.Patch(w.Context(), member, patch))).To(Succeed())
}

// approve approves the removals that are held.
func (w *walk) approve(step) {
	w.Expect(w.Get(w.customer)).To(Succeed())
	if held := w.customer.Status.HeldRemovals; held != nil {
		w.Annotate(w.customer, v1alpha1.AnnotationApproveRemovals, held.Hash)
	}
}

// rolesBy are none, one or both of the roles.
func rolesBy(by int) []v1alpha1.RoleName {
	return [][]v1alpha1.RoleName{nil, {"reader"}, {"editor"}, {"editor", "reader"}}[by%4]
}

func (w *walk) setRoles(s step) {
	member := w.memberOf(s.To)
	if member == nil || slices.Equal(member.Spec.Roles, rolesBy(s.By)) {
		return
	}
	patch := client.MergeFrom(member.DeepCopy())
	member.Spec.Roles = rolesBy(s.By)
	w.Expect(client.IgnoreNotFound(w.Client.Patch(w.Context(), member, patch))).To(Succeed())
}

// change changes the Customer, if anything is to change: the API server stores an
// object anew that nobody has written to since it was made, and it was not the
// operator who wrote what changes nothing.
func (w *walk) change(change func()) {
	w.Expect(w.Get(w.customer)).To(Succeed())
	before := w.customer.DeepCopy()
	if change(); !equality.Semantic.DeepEqual(before.Spec, w.customer.Spec) {
		w.Update(w.customer, change)
	}
}

func (w *walk) setSeats(s step) {
	w.change(func() { w.customer.Spec.Seats = int32(2 + s.By%6) })
}

func (w *walk) setDomains(s step) {
	w.change(func() {
		w.customer.Spec.Domains = [][]v1alpha1.DomainPattern{{"acme.com"}, {"acme.com", "acme.org"}}[s.By%2]
	})
}

func (w *walk) setAdmins(s step) {
	admins := [][]v1alpha1.Admin{
		{{Email: "boss@acme.com"}}, {{Email: "boss@acme.com"}, {Email: "ann@acme.com"}}, {{Email: "bob@acme.com"}},
	}[s.By%3]
	w.Expect(w.Get(w.customer)).To(Succeed())
	for _, admin := range admins {
		if w.memberOf(string(admin.Email)) == nil {
			w.of(string(admin.Email)).declared(w.Auth0.Clock().Now(), w.land.grace())
		}
	}
	for _, admin := range w.customer.Spec.Admins {
		w.of(string(admin.Email)).unsure = true // the Member may not be there yet
	}
	w.change(func() { w.customer.Spec.Admins = admins })
}

func (w *walk) setAllowedRoles(s step) {
	allowed := [][]v1alpha1.RoleName{{"editor", "reader"}, {"editor", "reader"}, {"reader"}}[s.By%3]
	w.change(func() { w.customer.Spec.Roles = &v1alpha1.CustomerRoles{Allowed: allowed} })
}

func (w *walk) setAccess(s step) {
	access := v1alpha1.AccessOpen
	if s.By%3 == 0 {
		access = v1alpha1.AccessSuspended
	}
	w.change(func() { w.customer.Spec.Access = access })
}

func (w *walk) setMode(s step) {
	mode := []v1alpha1.Mode{v1alpha1.ModeManage, v1alpha1.ModeManage, v1alpha1.ModeObserve, v1alpha1.ModePaused}[s.By%4]
	w.modeChanged = true
	for _, email := range staff {
		for _, member := range w.membersOf(email) {
			if !member.DeletionTimestamp.IsZero() {
				w.of(email).leftBehind = true // the mode counts at the moment of the deletion
			}
		}
	}
	w.change(func() { w.customer.Spec.Mode = mode })
}

// forward puts Auth0's clock forward, mostly by little, at times beyond a link's life.
func (w *walk) forward(s step) {
	w.Auth0.Forward([]time.Duration{time.Second, 10 * time.Second, 20 * time.Second, time.Minute, 11 * time.Minute, 25 * time.Hour}[s.By%6])
}

// restart ends the operator, in the middle of a call or in order, and starts another.
func (w *walk) restart(s step) {
	if s.By%2 == 0 {
		w.operator.Kill()
	}
	w.operator.Stop()
	w.start()
}

// look waits until the operator has made some calls, or makes none for a while.
func (w *walk) look(s step) {
	calls := func() int { return len(w.Auth0.Audit()) }
	wanted, deadline := calls()+s.By%12, time.Now().Add(time.Duration(50+s.By%400)*time.Millisecond)
	w.Eventually(func() bool { return calls() >= wanted || time.Now().After(deadline) }, world.Patience, 10*time.Millisecond).Should(BeTrue())
}

// modeSteady tells whether the mode is Manage and was since the last pause.
func (w *walk) modeSteady() bool {
	w.Expect(w.Get(w.customer)).To(Succeed())
	return !w.modeChanged && w.customer.Spec.Mode == v1alpha1.ModeManage
}
