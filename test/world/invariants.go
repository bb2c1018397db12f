package world

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/google/go-cmp/cmp"
	. "github.com/onsi/gomega"
	eventsv1 "k8s.io/api/events/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/internal/ownership"
	"github.com/seatwarden/seatwarden/internal/standin"
)

// version is an object as it was at one time.
type version struct {
	at   uint64
	gone bool
	obj  client.Object
}

// keep adds a version to those that the rules are held to in the end.
func (h *history) keep(change watch.Event, obj client.Object) {
	at, err := strconv.ParseUint(obj.GetResourceVersion(), 10, 64)
	if err != nil {
		h.broken = append(h.broken, fmt.Sprintf("%s %s: a resourceVersion that is no number", kindOf(obj), obj.GetName()))
		return
	}
	h.versions = append(h.versions, version{at: at, gone: change.Type == watch.Deleted, obj: obj})
}

// closeAge holds the versions seen so far to the rules and begins anew: restored
// data count their versions anew.
func (h *history) closeAge() {
	h.mu.Lock()
	defer h.mu.Unlock()
	slices.SortStableFunc(h.versions, func(a, b version) int { return int(a.at) - int(b.at) }) //nolint:gosec // a test makes no 2^63 versions
	h.broken = append(h.broken, h.idleVersions()...)
	h.broken = append(h.broken, h.overfull()...)
	h.countTransitions()
	h.versions = nil
}

// idleVersions are those in which nothing changed.
func (h *history) idleVersions() (broken []string) {
	last := map[types.UID]version{}
	for _, v := range h.versions {
		before, ok := last[v.obj.GetUID()]
		last[v.obj.GetUID()] = v
		if ok && before.at != v.at && !v.gone && equality.Semantic.DeepEqual(bare(before.obj), bare(v.obj)) {
			broken = append(broken, fmt.Sprintf("%s %s: a write changed nothing but %s", kindOf(v.obj), v.obj.GetName(), cmp.Diff(before.obj, v.obj)))
		}
	}
	return broken
}

// bare is an object without what changes with every write.
func bare(obj client.Object) client.Object {
	out := obj.DeepCopyObject().(client.Object)
	out.SetResourceVersion("")
	out.SetManagedFields(nil)
	return out
}

// RecognisesMore says that grants are to be recognised beyond a Customer's seats,
// which gives nobody anything.
func (w *World) RecognisesMore(customer string) {
	w.history.mu.Lock()
	defer w.history.mu.Unlock()
	w.history.recognises = append(w.history.recognises, customer)
}

// overfull are the moments at which a seat was given beyond the contract, at its
// largest: lowering it takes nobody's.
func (h *history) overfull() (broken []string) {
	contracts := map[client.ObjectKey]int{}
	for _, v := range h.versions {
		if customer, ok := v.obj.(*v1alpha1.Customer); ok {
			key := client.ObjectKeyFromObject(customer)
			contracts[key] = max(contracts[key], int(customer.Spec.Seats))
		}
	}
	members := map[types.UID]*v1alpha1.Member{}
	used := map[client.ObjectKey]int{}
	for _, v := range h.versions {
		member, ok := v.obj.(*v1alpha1.Member)
		if !ok {
			continue
		}
		members[member.UID] = member
		if v.gone {
			delete(members, member.UID)
		}
		key := client.ObjectKey{Namespace: member.Namespace, Name: member.Spec.CustomerRef.Name}
		now := seatsOf(key, members)
		contract, known := contracts[key]
		if now > used[key] && known && now > contract && !slices.Contains(h.recognises, key.Name) {
			broken = append(broken, fmt.Sprintf("Customer %s: a seat was given to Member %s, and %d of %d are in use", key.Name, member.Name, now, contract))
		}
		used[key] = now
	}
	return broken
}

// seatsOf counts the people whose Members' statuses give them a seat.
func seatsOf(customer client.ObjectKey, members map[types.UID]*v1alpha1.Member) int {
	seated := map[string]bool{}
	for _, member := range members {
		if member.Namespace == customer.Namespace && member.Spec.CustomerRef.Name == customer.Name && HoldsSeat(member) {
			seated[ownership.PersonRef(string(member.Spec.Email))] = true
		}
	}
	return len(seated)
}

// HoldsSeat tells whether the Member's status gives a seat, or takes one that is
// not confirmed free.
func HoldsSeat(member *v1alpha1.Member) bool {
	seat, withdrawal := member.Status.Seat, member.Status.Withdrawal
	withdrawn := withdrawal != nil && withdrawal.ConfirmedAt != nil
	return seat != nil && (seat.State == v1alpha1.SeatAssigned || seat.State == v1alpha1.SeatWithdrawing && !withdrawn)
}

// transition is a condition's turn to a reason.
type transition struct {
	uid    types.UID
	reason string
}

func (h *history) countTransitions() {
	if h.transitions == nil {
		h.transitions = map[transition]int{}
	}
	last := map[types.UID][]metav1.Condition{}
	for _, v := range h.versions {
		before := last[v.obj.GetUID()]
		last[v.obj.GetUID()] = Conditions(v.obj)
		for _, is := range Conditions(v.obj) {
			same := slices.ContainsFunc(before, func(was metav1.Condition) bool {
				return was.Type == is.Type && was.Reason == is.Reason && was.Status == is.Status
			})
			if !same {
				h.transitions[transition{v.obj.GetUID(), is.Reason}]++
			}
		}
	}
}

// assertEvents fails the test for Events about a condition that did not turn. Where
// a change of the CRD cut a watch, turns were missed, and nothing can be said.
func (w *World) assertEvents() {
	if w.history.cut {
		return
	}
	list := &eventsv1.EventList{}
	w.Expect(w.Client.List(context.Background(), list)).To(Succeed())
	told := map[transition]int{}
	for _, event := range list.Items {
		if event.Reason == v1alpha1.ReasonObserving || event.Action == "Answer" {
			continue // tells of each change of the plan, answers each request
		}
		times := 1
		if event.Series != nil {
			times = int(event.Series.Count)
		}
		told[transition{event.Regarding.UID, event.Reason}] += times
	}
	for what, times := range told {
		// A reason that is no condition's tells of something else.
		if turns := w.history.transitions[what]; turns > 0 && times > turns {
			w.Errorf("%d Events %s about %s, whose conditions turned to it %d times", times, what.reason, what.uid, turns)
		}
	}
}

// assertOneMail fails the test when two mails went out for one attempt.
func (w *World) assertOneMail() {
	sent := map[string]int{}
	for _, mail := range w.Auth0.Outbox().Mails() {
		if grant, ok := mail.AppMetadata[ownership.GrantKey(mail.OrganizationID)].(string); ok {
			sent[mail.OrganizationID+" "+grant]++
		}
	}
	for _, times := range sent {
		if times > 1 {
			w.Errorf("%d mails were sent for one attempt", times)
		}
	}
}

// foreignName is the name of an organization that nobody told the operator about.
const foreignName = "foreign"

// seedForeign puts things of others into Auth0: an organization with a connection
// and a member, and metadata that look like the operator's.
func (w *World) seedForeign() {
	w.Helper()
	_, err := w.Auth0.AddConnection(standin.Connection{Name: "foreign-okta", Strategy: "okta", Options: map[string]any{"domain": "foreign.okta.com"}})
	w.Expect(err).NotTo(HaveOccurred())
	_, err = w.Auth0.AddRole(standin.Role{Name: "foreign-role"})
	w.Expect(err).NotTo(HaveOccurred())
	user, err := w.Auth0.AddUser(standin.UserSeed{
		Connection: "foreign-okta", Email: "boss@acme.com",
		AppMetadata: map[string]any{"crm": "7", "seatwarden_org_other": "key.person.attempt"}, UserMetadata: map[string]any{"theme": "dark"},
	})
	w.Expect(err).NotTo(HaveOccurred())
	_, err = w.Auth0.AddOrganization(standin.OrganizationSeed{
		Name: foreignName, DisplayName: "Foreign", Members: []string{user.UserID}, Connections: []string{"foreign-okta"},
		Metadata: map[string]string{"team": "sales", ownership.MetadataOwner: "elsewhere/crm/foreign", ownership.MetadataKey: "key"},
	})
	w.Expect(err).NotTo(HaveOccurred())
	w.foreign = w.foreignThings()
}

// foreignThings are the things of others as they are.
func (w *World) foreignThings() string {
	snapshot := w.Auth0.Snapshot()
	organization, _ := snapshot.Organization(foreignName)
	things := []any{organization}
	for _, user := range snapshot.Users {
		if strings.HasPrefix(user.UserID, "okta|foreign-okta|") {
			things = append(things, user)
		}
	}
	for _, connection := range snapshot.Connections {
		if connection.Name == "foreign-okta" {
			things = append(things, connection)
		}
	}
	for _, role := range snapshot.Roles {
		if role.Name == "foreign-role" {
			things = append(things, role)
		}
	}
	text, err := json.MarshalIndent(things, "", "  ")
	if err != nil {
		w.Errorf("encode the things of others: %v", err)
	}
	return string(text)
}

// assertHandsOff fails the test when the things of others are not as they were.
func (w *World) assertHandsOff() {
	if diff := cmp.Diff(w.foreign, w.foreignThings()); diff != "" {
		w.Errorf("things of others were changed:\n%s", diff)
	}
}
