package view

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
)

// Customer is what `kubectl seats list` and `status` show of one contract.
type Customer struct {
	Namespace      string     `json:"namespace"`
	Name           string     `json:"name"`
	DisplayName    string     `json:"displayName"`
	Organization   string     `json:"organization,omitempty"`
	OrganizationID string     `json:"organizationID,omitempty"`
	Tenant         string     `json:"tenant"`
	Mode           string     `json:"mode"`
	Access         string     `json:"access"`
	StartTime      *time.Time `json:"startTime,omitempty"`
	EndTime        *time.Time `json:"endTime,omitempty"`
	Deleting       bool       `json:"deleting,omitempty"`
	Seats          Seats      `json:"seats"`
	Ready          string     `json:"ready"`
	Status         string     `json:"status"`
	Message        string     `json:"message,omitempty"`
	Held           *Held      `json:"held,omitempty"`
}

// Seats count a contract's people.
type Seats struct {
	Total     int32 `json:"total"`
	Used      int32 `json:"used"`
	Active    int32 `json:"active"`
	Invited   int32 `json:"invited"`
	Waiting   int32 `json:"waiting"`
	Removing  int32 `json:"removing"`
	Unmanaged int32 `json:"unmanaged"`
}

// Details is everything that `kubectl seats status` shows.
type Details struct {
	Customer    `json:",inline"`
	Conditions  []Condition  `json:"conditions"`
	Connections []Connection `json:"connections"`
	People      []Person     `json:"people"`
	Removals    []Removal    `json:"removals"`
	Unmanaged   []Unmanaged  `json:"unmanagedPeople"`
	Events      []Event      `json:"events"`
	// EventsUnread says why there are no events, where they could not be read.
	EventsUnread string `json:"eventsUnread,omitempty"`
}

// Condition is one of the Customer's.
type Condition struct {
	Type    string `json:"type"`
	Status  string `json:"status"`
	Reason  string `json:"reason"`
	Message string `json:"message,omitempty"`
}

// Connection is a way to sign in.
type Connection struct {
	Name     string `json:"name"`
	ID       string `json:"id,omitempty"`
	Strategy string `json:"strategy,omitempty"`
	Enabled  bool   `json:"enabled"`
}

// Person is one Member.
type Person struct {
	Member  string     `json:"member"`
	Email   string     `json:"email"`
	Roles   []string   `json:"roles,omitempty"`
	Seat    string     `json:"seat,omitempty"`
	State   string     `json:"state,omitempty"`
	Expires *time.Time `json:"expires,omitempty"`
	// WaitsFor says what the person, or the operator, waits for; empty for nothing.
	WaitsFor string `json:"waitsFor,omitempty"`
}

// Unmanaged is somebody in the organization whom nobody declares.
type Unmanaged struct {
	Kind  string `json:"kind"`
	ID    string `json:"id"`
	Email string `json:"email,omitempty"`
}

// Event is what was told of the Customer or one of its Members.
type Event struct {
	At      time.Time `json:"at"`
	Type    string    `json:"type"`
	Object  string    `json:"object"`
	Reason  string    `json:"reason"`
	Message string    `json:"message"`
}

// OfCustomer is the row of one Customer.
func OfCustomer(customer *v1alpha1.Customer) Customer {
	spec, status := &customer.Spec, &customer.Status
	row := Customer{
		Namespace: customer.Namespace, Name: customer.Name, DisplayName: customer.DisplayName(),
		Organization: customer.OrganizationName(), OrganizationID: status.OrganizationID,
		Tenant: spec.TenantRef.Name, Mode: string(cmp.Or(spec.Mode, v1alpha1.ModeManage)), Access: string(cmp.Or(spec.Access, v1alpha1.AccessOpen)),
		Deleting: !customer.DeletionTimestamp.IsZero(), Seats: Seats{Total: spec.Seats},
		Ready: "Unknown", Status: status.Summary, Held: HeldOf(customer),
	}
	if contract := spec.Contract; contract != nil {
		row.StartTime, row.EndTime = timeOf(contract.StartTime), timeOf(contract.EndTime)
	}
	if counts := status.Seats; counts != nil {
		row.Seats.Used, row.Seats.Active, row.Seats.Invited = counts.Used, counts.Active, counts.Invited
		row.Seats.Waiting, row.Seats.Removing, row.Seats.Unmanaged = counts.Waiting, counts.Removing, counts.Unmanaged
	}
	if ready := meta.FindStatusCondition(status.Conditions, v1alpha1.ConditionReady); ready != nil {
		row.Ready, row.Message = string(ready.Status), ready.Message
	}
	if row.Status == "" {
		row.Status = "not seen by the operator yet"
	}
	return row
}

func timeOf(t *metav1.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	at := t.UTC()
	return &at
}

// OfDetails is the whole of one Customer; now tells how long things still take.
func OfDetails(customer *v1alpha1.Customer, members []v1alpha1.Member, removals []v1alpha1.Removal, events []Event, now time.Time) Details {
	details := Details{Customer: OfCustomer(customer), Events: events, Connections: connections(customer)}
	for _, condition := range customer.Status.Conditions {
		details.Conditions = append(details.Conditions, Condition{
			Type: condition.Type, Status: string(condition.Status), Reason: condition.Reason, Message: condition.Message})
	}
	for i := range members {
		details.People = append(details.People, OfMember(&members[i], now))
	}
	slices.SortFunc(details.People, func(a, b Person) int { return strings.Compare(a.Member, b.Member) })
	details.Removals = Removals(removals)
	slices.SortStableFunc(details.Removals, func(a, b Removal) int {
		return cmp.Or(b.Since.Compare(a.Since), strings.Compare(a.Email, b.Email))
	})
	if unmanaged := customer.Status.Unmanaged; unmanaged != nil {
		for _, person := range unmanaged.Sample {
			details.Unmanaged = append(details.Unmanaged, Unmanaged{Kind: string(person.Kind), ID: person.ID, Email: person.Email})
		}
	}
	return details
}

// connections are those that are declared, and whether the operator has enabled them.
func connections(customer *v1alpha1.Customer) []Connection {
	var rows []Connection
	for _, declared := range customer.Spec.Connections {
		row := Connection{Name: declared.Name}
		for _, enabled := range customer.Status.Connections {
			if enabled.Name == declared.Name {
				row.ID, row.Strategy, row.Enabled = enabled.ID, enabled.Strategy, true
			}
		}
		rows = append(rows, row)
	}
	return rows
}

// OfMember is the row of one Member.
func OfMember(member *v1alpha1.Member, now time.Time) Person {
	row := Person{Member: member.Name, Email: string(member.Spec.Email), WaitsFor: waitsFor(member, now)}
	for _, role := range member.Spec.Roles {
		row.Roles = append(row.Roles, string(role))
	}
	if member.Status.Seat != nil {
		row.Seat = string(member.Status.Seat.State)
	}
	row.State = StateOf(member)
	if invitation := member.Status.Invitation; invitation != nil && row.State != v1alpha1.ReasonJoined && !invitation.ExpiresAt.IsZero() {
		at := invitation.ExpiresAt.UTC()
		row.Expires = &at
	}
	return row
}

// StateOf is the STATE of a Member, as kubectl get shows it.
func StateOf(member *v1alpha1.Member) string {
	if active := meta.FindStatusCondition(member.Status.Conditions, v1alpha1.ConditionActive); active != nil {
		return active.Reason
	}
	return ""
}

// waitsFor says what a Member waits for, and what to do about it.
func waitsFor(member *v1alpha1.Member, now time.Time) string {
	conditions := member.Status.Conditions
	active := meta.FindStatusCondition(conditions, v1alpha1.ConditionActive)
	refused := meta.FindStatusCondition(conditions, v1alpha1.ConditionRequestRefused)
	resend := "kubectl seats resend " + member.Name
	switch {
	case !member.DeletionTimestamp.IsZero() && active == nil:
		return "its removal"
	case !member.DeletionTimestamp.IsZero():
		return "its removal: " + active.Message
	case refused != nil:
		return "a request is refused: " + refused.Message
	case active == nil:
		return "a first look by the operator"
	}
	ready := meta.FindStatusCondition(conditions, v1alpha1.ConditionReady)
	if ready != nil && ready.Status == metav1.ConditionFalse && ready.Reason != active.Reason && ready.Reason != v1alpha1.ReasonProgressing {
		return ready.Message
	}
	switch active.Reason {
	case v1alpha1.ReasonJoined:
		return ""
	case v1alpha1.ReasonInvited:
		if invitation := member.Status.Invitation; invitation != nil && invitation.ExpiresAt.After(now) {
			return "the person's click, " + Ahead(invitation.ExpiresAt.Sub(now)) + " left"
		}
		return "the person's click"
	case v1alpha1.ReasonSeatLimitReached:
		return "a free seat"
	case v1alpha1.ReasonExpired:
		return "the link expired: " + resend
	case v1alpha1.ReasonAcceptedByWrongAccount:
		return "another account used the link: " + resend
	case v1alpha1.ReasonRemovedInAuth0:
		return "taken out in Auth0: " + resend
	}
	return active.Message
}

// toneOf says how a STATE is meant.
func toneOf(state string) Tone {
	switch state {
	case v1alpha1.ReasonJoined:
		return Good
	case v1alpha1.ReasonInvited, v1alpha1.ReasonInviting, v1alpha1.ReasonGranting, v1alpha1.ReasonOnHold, v1alpha1.ReasonSeatPending,
		v1alpha1.ReasonSeatLimitReached, v1alpha1.ReasonWithdrawing, v1alpha1.ReasonLeaving, v1alpha1.ReasonObserving, v1alpha1.ReasonPaused, "":
		return Pending
	}
	return Bad
}

func toneOfReady(ready string) Tone {
	switch ready {
	case "True":
		return Good
	case "False":
		return Bad
	}
	return Pending
}

// Ahead says how long something still takes, in one unit.
func Ahead(left time.Duration) string {
	switch {
	case left >= 48*time.Hour:
		return fmt.Sprintf("%dd", int(left.Hours())/24)
	case left >= 2*time.Hour:
		return fmt.Sprintf("%dh", int(left.Hours()))
	case left >= 2*time.Minute:
		return fmt.Sprintf("%dm", int(left.Minutes()))
	}
	return fmt.Sprintf("%ds", int(left.Seconds()))
}

// List is the table of several Customers.
func List(customers []Customer, namespaces bool) *Table {
	table := &Table{Headers: []string{"NAME", "SEATS", "USED", "ACTIVE", "INVITED", "WAITING", "READY", "STATUS"}}
	if namespaces {
		table.Headers = append([]string{"NAMESPACE"}, table.Headers...)
	}
	for _, c := range customers {
		status := Cell{Text: c.Status}
		if c.Held != nil {
			status.Tone = Bad
		}
		row := []Cell{{Text: c.Name}, number(c.Seats.Total), number(c.Seats.Used), number(c.Seats.Active), number(c.Seats.Invited), number(c.Seats.Waiting),
			{Text: c.Ready, Tone: toneOfReady(c.Ready)}, status}
		if namespaces {
			row = append([]Cell{{Text: c.Namespace}}, row...)
		}
		table.Rows = append(table.Rows, row)
	}
	return table
}

func number(n int32) Cell { return Cell{Text: fmt.Sprint(n)} }

// LeavingStep is how far the removal of a Member is that is being deleted.
func LeavingStep(member *v1alpha1.Member) string {
	if member.DeletionTimestamp.IsZero() {
		return "its Member is being deleted"
	}
	if active := meta.FindStatusCondition(member.Status.Conditions, v1alpha1.ConditionActive); active != nil && active.Reason == v1alpha1.ReasonWithdrawing && active.Message != "" {
		return active.Message
	}
	// A deletion is a generation of its own: what was said before is not about it.
	seen := member.Status.ObservedGeneration >= member.Generation
	if ready := meta.FindStatusCondition(member.Status.Conditions, v1alpha1.ConditionReady); seen && ready != nil && ready.Status == metav1.ConditionFalse && ready.Message != "" {
		return ready.Message
	}
	return "waits for the operator"
}

// NothingTaken is the mode under which deleting a Member takes nothing in Auth0, empty
// under Manage. It is the Customer's or its Auth0Tenant's, as the operator says.
func NothingTaken(customer *v1alpha1.Customer) string {
	if mode := customer.Spec.Mode; mode == v1alpha1.ModeObserve || mode == v1alpha1.ModePaused {
		return string(mode)
	}
	ready := meta.FindStatusCondition(customer.Status.Conditions, v1alpha1.ConditionReady)
	switch {
	case ready == nil:
	case ready.Reason == v1alpha1.ReasonObserving:
		return string(v1alpha1.ModeObserve)
	case ready.Reason == v1alpha1.ReasonPaused:
		return string(v1alpha1.ModePaused)
	}
	return ""
}
