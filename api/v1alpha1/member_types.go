package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// MemberSpec is one person in one Customer.
type MemberSpec struct {
	// customerRef names the Customer in the same namespace; it may come later. It
	// cannot be changed.
	// +required
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="customerRef cannot be changed: delete the Member and create one for the other Customer"
	CustomerRef CustomerRef `json:"customerRef"`

	// email of the person, inside the contract's domains, compared without regard
	// to case. It cannot be changed.
	// +required
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="email cannot be changed: create a Member with the new address, then delete this one"
	Email Email `json:"email"`

	// roles of the person in the organization, at most 50, all of them in the
	// Customer's roles.allowed. Of the allowed ones the person has exactly these;
	// absent means none. Other roles are never touched.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=50
	Roles []RoleName `json:"roles,omitempty"`
}

// CustomerRef names a Customer in the same namespace.
type CustomerRef struct {
	// name of the Customer.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Name string `json:"name"`
}

// SeatState is what the Customer decided about a Member's seat.
// +kubebuilder:validation:Enum=Assigned;Waiting;Refused;Withdrawing
type SeatState string

const (
	// SeatAssigned: the Member holds a seat.
	SeatAssigned SeatState = "Assigned"
	// SeatWaiting: there is no free seat.
	SeatWaiting SeatState = "Waiting"
	// SeatRefused: the Member can have none until something is changed.
	SeatRefused SeatState = "Refused"
	// SeatWithdrawing: the seat is being taken back, because the invitation
	// expired and others wait. It is in use until that is confirmed.
	SeatWithdrawing SeatState = "Withdrawing"
)

// MemberSeat is written by the Customer's reconciler alone.
type MemberSeat struct {
	// state is Assigned, Waiting, Refused or Withdrawing.
	State SeatState `json:"state"`
	// organizationID is the organization that the decision is about: a Customer
	// that is made anew decides anew.
	// +optional
	// +kubebuilder:validation:MaxLength=64
	OrganizationID string `json:"organizationID,omitempty"`
	// reason in one word.
	// +optional
	// +kubebuilder:validation:MaxLength=64
	Reason string `json:"reason,omitempty"`
	// message for people.
	// +optional
	// +kubebuilder:validation:MaxLength=512
	Message string `json:"message,omitempty"`
	// since when the state is what it is.
	Since metav1.Time `json:"since"`
}

// Attempt fences a call that gives something: it may be on its way until
// notAfter, and nobody gives again or confirms a removal before that.
type Attempt struct {
	// id of the attempt; an invitation and a grant carry it.
	// +kubebuilder:validation:MaxLength=32
	ID string `json:"id"`
	// notAfter is when the call is given up, by Auth0's clock. Absent: the call
	// certainly had no effect, and is to be made again.
	// +optional
	NotAfter *metav1.MicroTime `json:"notAfter,omitempty"`
	// invites is whether the attempt sends an invitation.
	// +optional
	Invites bool `json:"invites,omitempty"`
}

// InvitationState is what became of an invitation.
// +kubebuilder:validation:Enum=Sent;Accepted;Expired;Consumed
type InvitationState string

const (
	// InvitationSent: the link is alive.
	InvitationSent InvitationState = "Sent"
	// InvitationAccepted: the person joined.
	InvitationAccepted InvitationState = "Accepted"
	// InvitationExpired: nobody used the link in its time.
	InvitationExpired InvitationState = "Expired"
	// InvitationConsumed: the link was used up by another account, or revoked by hand.
	InvitationConsumed InvitationState = "Consumed"
)

// MemberInvitation is the last invitation that was sent. It never holds the link.
type MemberInvitation struct {
	// id of the invitation in Auth0 (uinv_…).
	// +kubebuilder:validation:MaxLength=64
	ID string `json:"id"`
	// attempt that sent it.
	// +optional
	// +kubebuilder:validation:MaxLength=32
	Attempt string `json:"attempt,omitempty"`
	// state is Sent, Accepted, Expired or Consumed.
	State InvitationState `json:"state"`
	// sentAt is when it was made, by Auth0's clock.
	SentAt metav1.Time `json:"sentAt"`
	// expiresAt is when its link dies, by Auth0's clock. Absent once it was accepted.
	// +optional
	ExpiresAt metav1.Time `json:"expiresAt,omitzero"`
	// usedUpBy is the Auth0 user that used up the link without being let in, where the
	// tenant log tells (scope read:logs).
	// +optional
	// +kubebuilder:validation:MaxLength=512
	UsedUpBy string `json:"usedUpBy,omitempty"`
}

// MemberUser is an Auth0 user that is this person.
type MemberUser struct {
	// userID in Auth0.
	// +kubebuilder:validation:MaxLength=512
	UserID string `json:"userID"`
	// connection through which the person signs in.
	// +optional
	// +kubebuilder:validation:MaxLength=128
	Connection string `json:"connection,omitempty"`
	// email as Auth0 spells it.
	// +optional
	// +kubebuilder:validation:MaxLength=320
	Email string `json:"email,omitempty"`
	// movedFrom stands, as in a grant, for the address of the Member whose person
	// the user was before its own address changed; absent if it never did.
	// +optional
	// +kubebuilder:validation:MaxLength=16
	MovedFrom string `json:"movedFrom,omitempty"`
	// since when it is known as a member of the organization.
	Since metav1.Time `json:"since"`
}

// Withdrawal is how far the removal of a person is.
type Withdrawal struct {
	// startedAt is when it began, by Auth0's clock.
	StartedAt metav1.MicroTime `json:"startedAt"`
	// changedAt is when a pass last began to change something.
	ChangedAt metav1.MicroTime `json:"changedAt"`
	// takenAt is when, by Auth0's clock, a pass last took everything that it saw. The look
	// that proves that nothing is left comes 15 seconds later at the earliest.
	// +optional
	TakenAt *metav1.MicroTime `json:"takenAt,omitempty"`
	// revokedAt is when sessions and refresh tokens were last ended.
	// +optional
	RevokedAt *metav1.MicroTime `json:"revokedAt,omitempty"`
	// confirmedAt is when a later pass, after Auth0's consistency window, found
	// nothing left to take.
	// +optional
	ConfirmedAt *metav1.MicroTime `json:"confirmedAt,omitempty"`
}

// MemberStatus is a cache of what Auth0 holds of this person.
type MemberStatus struct {
	// observedGeneration of the spec that this status speaks of; -1 before the first look.
	// +optional
	// +kubebuilder:validation:Minimum=-1
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// summary says the most urgent thing in a few words.
	// +optional
	// +kubebuilder:validation:MaxLength=60
	Summary string `json:"summary,omitempty"`

	// conditions: Ready, Reconciling, Stalled, SeatAssigned, Invited, Active.
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=16
	Conditions []metav1.Condition `json:"conditions,omitempty"`

	// seat is the Customer's decision.
	// +optional
	Seat *MemberSeat `json:"seat,omitempty"`

	// tenant is the name of the Auth0Tenant in which the person was given something.
	// +optional
	// +kubebuilder:validation:MaxLength=253
	Tenant string `json:"tenant,omitempty"`

	// organizationID is the organization in which the person was given something.
	// +optional
	// +kubebuilder:validation:MaxLength=64
	OrganizationID string `json:"organizationID,omitempty"`

	// attempt that may be on its way.
	// +optional
	Attempt *Attempt `json:"attempt,omitempty"`

	// invitation that was sent last. It never holds the link.
	// +optional
	Invitation *MemberInvitation `json:"invitation,omitempty"`

	// users in Auth0 that are this person and belong to the organization.
	// +optional
	// +listType=map
	// +listMapKey=userID
	// +kubebuilder:validation:MaxItems=10
	Users []MemberUser `json:"users,omitempty"`

	// withdrawal under way.
	// +optional
	Withdrawal *Withdrawal `json:"withdrawal,omitempty"`

	// planned are the first calls to Auth0 that mode Observe keeps from being made.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=20
	Planned []PlannedCall `json:"planned,omitempty"`

	// plannedCount is how many they are in all.
	// +optional
	PlannedCount int32 `json:"plannedCount,omitempty"`

	// lastHandledInviteRequest is the last value of the annotation
	// seatwarden.dev/invite-requested-at that was acted on.
	// +optional
	// +kubebuilder:validation:MaxLength=253
	LastHandledInviteRequest string `json:"lastHandledInviteRequest,omitempty"`

	// lastInviteRequestHandledAt is when that was.
	// +optional
	LastInviteRequestHandledAt *metav1.MicroTime `json:"lastInviteRequestHandledAt,omitempty"`

	// refusedRequests are the requests by annotation that were refused last.
	// +optional
	// +listType=map
	// +listMapKey=annotation
	// +kubebuilder:validation:MaxItems=8
	RefusedRequests []RefusedRequest `json:"refusedRequests,omitempty"`

	// lastHandledReconcileAt is the last value of the annotation
	// seatwarden.dev/reconcile-requested-at that was acted on.
	// +optional
	// +kubebuilder:validation:MaxLength=253
	LastHandledReconcileAt string `json:"lastHandledReconcileAt,omitempty"`
}

// Member is one person of one Customer.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:shortName=mbr,categories=seatwarden
// +kubebuilder:selectablefield:JSONPath=`.spec.customerRef.name`
// +kubebuilder:selectablefield:JSONPath=`.spec.email`
// +kubebuilder:selectablefield:JSONPath=`.status.organizationID`
// +kubebuilder:printcolumn:name="Customer",type=string,JSONPath=`.spec.customerRef.name`
// +kubebuilder:printcolumn:name="Email",type=string,JSONPath=`.spec.email`
// +kubebuilder:printcolumn:name="Seat",type=string,JSONPath=`.status.seat.state`
// +kubebuilder:printcolumn:name="State",type=string,JSONPath=`.status.conditions[?(@.type=="Active")].reason`
// +kubebuilder:printcolumn:name="Expires",type=string,JSONPath=`.status.invitation.expiresAt`
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Status",type=string,JSONPath=`.status.summary`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:printcolumn:name="User-ID",type=string,JSONPath=`.status.users[0].userID`,priority=1
// +kubebuilder:printcolumn:name="Message",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].message`,priority=1
type Member struct {
	metav1.TypeMeta `json:",inline"`

	// metadata of the object.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitzero"`

	// spec is the person.
	// +required
	Spec MemberSpec `json:"spec"`

	// status is what the operator saw.
	// +optional
	// +kubebuilder:default:={"observedGeneration":-1}
	Status MemberStatus `json:"status,omitzero"`

	// Unreadable names what of the object this version cannot read, and why; empty
	// when it has read all. It is never stored.
	Unreadable string `json:"-"`
}

// MemberList is a list of Members.
//
// +kubebuilder:object:root=true
type MemberList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitzero"`
	Items           []Member `json:"items"`
}
