package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// CustomerStatus is a cache of what Auth0 holds, and the ledger of seats.
type CustomerStatus struct {
	// observedGeneration of the spec that this status speaks of; -1 before the first look.
	// +optional
	// +kubebuilder:validation:Minimum=-1
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// summary says the most urgent thing in a few words.
	// +optional
	// +kubebuilder:validation:MaxLength=60
	Summary string `json:"summary,omitempty"`

	// conditions: Ready, Reconciling, Stalled, OrganizationSynced,
	// ConnectionsSynced, ContractActive, GuardInEffect, SeatsExceeded, RemovalsHeld, RequestRefused.
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=16
	Conditions []metav1.Condition `json:"conditions,omitempty"`

	// organizationID is the organization's id in Auth0 (org_…).
	// +optional
	// +kubebuilder:validation:MaxLength=64
	OrganizationID string `json:"organizationID,omitempty"`

	// organizationName is the organization's name in Auth0.
	// +optional
	// +kubebuilder:validation:MaxLength=50
	OrganizationName string `json:"organizationName,omitempty"`

	// adopted: somebody else made the organization; it is never deleted.
	// +optional
	Adopted bool `json:"adopted,omitempty"`

	// changingUntil is the last moment, by Auth0's clock, at which a call that changes the
	// organization may leave. The organization is not let go until 30 seconds after it.
	// Absent where none is under way.
	// +optional
	ChangingUntil *metav1.MicroTime `json:"changingUntil,omitempty"`

	// seats counts the contract's seats.
	// +optional
	Seats *SeatCounts `json:"seats,omitempty"`

	// assigning is the ledger: Members that were chosen for a seat and whose
	// status may not say so yet. Each counts as a seat in use.
	// +optional
	// +listType=map
	// +listMapKey=uid
	// +kubebuilder:validation:MaxItems=100
	Assigning []SeatAssignment `json:"assigning,omitempty"`

	// connections that the operator enabled for the organization.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=20
	Connections []EnabledConnection `json:"connections,omitempty"`

	// activation is the way to put an organization with people under the guard.
	// +optional
	Activation *Activation `json:"activation,omitempty"`

	// removals is the ledger of removals: what the brake let through lately, and what
	// was approved.
	// +optional
	Removals *RemovalLedger `json:"removals,omitempty"`

	// heldRemovals is what waits for approval, absent when nothing does.
	// +optional
	HeldRemovals *HeldRemovals `json:"heldRemovals,omitempty"`

	// lastHandledApproval is the last value of the annotation
	// seatwarden.dev/approve-removals that approved something.
	// +optional
	// +kubebuilder:validation:MaxLength=64
	LastHandledApproval string `json:"lastHandledApproval,omitempty"`

	// unmanaged are people in the organization whom nobody declares.
	// +optional
	Unmanaged *Unmanaged `json:"unmanaged,omitempty"`

	// planned are the first calls to Auth0 that mode Observe keeps from being
	// made, for this Customer and its Members.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=20
	Planned []PlannedCall `json:"planned,omitempty"`

	// plannedCount is how many they are in all.
	// +optional
	PlannedCount int32 `json:"plannedCount,omitempty"`

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

// RefusedRequest is a request by annotation that was refused. It is answered
// once, whoever takes the annotation away and puts it back.
type RefusedRequest struct {
	// annotation that asked.
	// +kubebuilder:validation:MaxLength=64
	Annotation string `json:"annotation"`
	// value that it had, cut to 253 characters.
	// +kubebuilder:validation:MaxLength=253
	Value string `json:"value"`
	// reason in one word.
	// +kubebuilder:validation:MaxLength=64
	Reason string `json:"reason"`
	// message for people.
	// +kubebuilder:validation:MaxLength=1024
	Message string `json:"message"`
}

// RemovalLedger is written by the Customer's round of removals alone, before the
// decisions of the round are.
type RemovalLedger struct {
	// round counts the rounds that decided something.
	Round int64 `json:"round"`
	// deciding are the Removals that the round chose to admit and whose status may not
	// say so yet.
	// +optional
	// +listType=map
	// +listMapKey=uid
	// +kubebuilder:validation:MaxItems=100
	Deciding []DecidingRemoval `json:"deciding,omitempty"`
	// admitted counts, by the minute, the removals that the brake let through and
	// still counts. Approved ones are not counted.
	// +optional
	// +listType=map
	// +listMapKey=minute
	// +kubebuilder:validation:MaxItems=12
	Admitted []AdmittedRemovals `json:"admitted,omitempty"`
	// approvedRound is the last round whose held removals were approved.
	// +optional
	ApprovedRound int64 `json:"approvedRound,omitempty"`
}

// DecidingRemoval is a Removal that a round chose to admit.
type DecidingRemoval struct {
	// name of the Removal.
	// +kubebuilder:validation:MaxLength=253
	Name string `json:"name"`
	// uid of the Removal.
	UID types.UID `json:"uid"`
	// resourceVersion of the Removal when it was listed: it is admitted at this version or not
	// at all.
	// +kubebuilder:validation:MaxLength=64
	ResourceVersion string `json:"resourceVersion"`
}

// AdmittedRemovals are the removals that the brake let through in one minute.
type AdmittedRemovals struct {
	// minute is when it began, in minutes since 1970.
	Minute int64 `json:"minute"`
	// count of people.
	Count int32 `json:"count"`
}

// HeldRemovals is what waits for approval.
type HeldRemovals struct {
	// hash to be quoted in the annotation seatwarden.dev/approve-removals. It
	// changes with the people it stands for.
	// +kubebuilder:validation:MaxLength=64
	Hash string `json:"hash"`
	// people who are held.
	People int32 `json:"people"`
	// of says what is held: People (their removal), Organization (its deletion), or Users
	// (their deletion, where the organization is gone). Absent in an older status.
	// +optional
	Of HeldKind `json:"of,omitempty"`
}

// HeldKind is what the brake holds.
// +kubebuilder:validation:Enum=People;Organization;Users
type HeldKind string

const (
	// HeldPeople: the removal of people from an organization that stays.
	HeldPeople HeldKind = "People"
	// HeldOrganization: the deletion of the organization.
	HeldOrganization HeldKind = "Organization"
	// HeldUsers: the deletion of the users of an organization that is gone.
	HeldUsers HeldKind = "Users"
)

// Unmanaged are people in the organization whom nobody declares. They use no
// seat, and nothing is done about them.
type Unmanaged struct {
	// members of the organization without a Member.
	Members int32 `json:"members"`
	// invitations that others sent, and whose link is alive.
	Invitations int32 `json:"invitations"`
	// grants of ours that no Member stands for. They use a seat.
	Grants int32 `json:"grants"`
	// sample of them, at most 20.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=20
	Sample []UnmanagedPerson `json:"sample,omitempty"`
}

// UnmanagedKind is what an unmanaged person holds.
// +kubebuilder:validation:Enum=Member;Invitation;Grant
type UnmanagedKind string

const (
	// UnmanagedMember is a member of the organization.
	UnmanagedMember UnmanagedKind = "Member"
	// UnmanagedInvitation is an invitation that others sent.
	UnmanagedInvitation UnmanagedKind = "Invitation"
	// UnmanagedGrant is a grant of ours.
	UnmanagedGrant UnmanagedKind = "Grant"
)

// UnmanagedPerson is one of them.
type UnmanagedPerson struct {
	// kind is Member, Invitation or Grant.
	Kind UnmanagedKind `json:"kind"`
	// id in Auth0: of the user, or of the invitation.
	// +kubebuilder:validation:MaxLength=512
	ID string `json:"id"`
	// email, where Auth0 tells it.
	// +optional
	// +kubebuilder:validation:MaxLength=320
	Email string `json:"email,omitempty"`
}

// PlannedCall is a call to Auth0 that mode Observe keeps from being made.
type PlannedCall struct {
	// route is the call's method and route, such as POST /api/v2/organizations.
	// +kubebuilder:validation:MaxLength=128
	Route string `json:"route"`
	// about is whom or what it is about.
	// +optional
	// +kubebuilder:validation:MaxLength=512
	About string `json:"about,omitempty"`
}

// SeatCounts counts people.
type SeatCounts struct {
	// used seats: assigned ones, withdrawals under way included.
	Used int32 `json:"used"`
	// active people: their Members say that they can sign in.
	Active int32 `json:"active"`
	// invited people whose link is alive.
	Invited int32 `json:"invited"`
	// waiting Members for whom there is no seat.
	Waiting int32 `json:"waiting"`
	// removing people: access is being taken from them, and that is not confirmed
	// yet. Who is held is not counted.
	Removing int32 `json:"removing"`
	// unmanaged people whom no Member declares: members of the organization, whom the
	// guard refuses, and who holds a grant of ours, which uses a seat.
	Unmanaged int32 `json:"unmanaged"`
}

// SeatAssignment is one line of the ledger.
type SeatAssignment struct {
	// name of the chosen Member.
	// +kubebuilder:validation:MaxLength=253
	Name string `json:"name"`
	// uid of the chosen Member.
	UID types.UID `json:"uid"`
	// resourceVersion of the Member when it was listed, before the choice was
	// written. The seat is given at this version or not at all.
	// +kubebuilder:validation:MaxLength=64
	ResourceVersion string `json:"resourceVersion"`
}

// EnabledConnection is a connection that the operator enabled.
type EnabledConnection struct {
	// name of the connection in Auth0.
	// +kubebuilder:validation:MaxLength=128
	Name string `json:"name"`
	// id of the connection in Auth0 (con_…).
	// +kubebuilder:validation:MaxLength=64
	ID string `json:"id"`
	// strategy of the connection in Auth0, such as okta.
	// +optional
	// +kubebuilder:validation:MaxLength=64
	Strategy string `json:"strategy,omitempty"`
}

// Activation is how far an organization is on its way under the guard.
type Activation struct {
	// quietSince is when sending stopped, every holder's grant being confirmed.
	// +optional
	QuietSince *metav1.MicroTime `json:"quietSince,omitempty"`
}
