package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// RemovalSpec is one person on the way out of one Customer, as it was when the
// person's Member was deleted. It cannot be changed.
type RemovalSpec struct {
	// customerRef is the Customer that the person leaves.
	// +required
	CustomerRef RemovalCustomer `json:"customerRef"`

	// email of the person, as the Member declared it.
	// +required
	Email Email `json:"email"`

	// member that was deleted.
	// +required
	Member RemovalMember `json:"member"`

	// tenantRef names the Auth0Tenant of the Customer.
	// +required
	TenantRef TenantRef `json:"tenantRef"`

	// organizationID is the organization's id in Auth0 (org_…) from which the person is removed.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	OrganizationID string `json:"organizationID"`

	// requestedAt is when the removal was asked for, by the operator's clock. Removals
	// are decided in this order.
	// +required
	RequestedAt metav1.MicroTime `json:"requestedAt"`

	// known is what the Member's status knew of the person.
	// +optional
	Known Known `json:"known,omitzero"`
}

// RemovalCustomer is the Customer that a person leaves.
type RemovalCustomer struct {
	// name of the Customer, in the same namespace.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Name string `json:"name"`
	// uid of the Customer.
	// +required
	UID types.UID `json:"uid"`
}

// RemovalMember is a Member that was deleted.
type RemovalMember struct {
	// name of the Member, in the same namespace.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Name string `json:"name"`
	// uid of the Member.
	// +required
	UID types.UID `json:"uid"`
}

// Known is what is known of a person who leaves, so that they are found under any name.
type Known struct {
	// joined: the person had joined.
	// +optional
	Joined bool `json:"joined,omitempty"`
	// attempt that may have been on its way: nothing is confirmed before it cannot be.
	// +optional
	Attempt *Attempt `json:"attempt,omitempty"`
	// invitation that was sent last. It never holds the link.
	// +optional
	Invitation *MemberInvitation `json:"invitation,omitempty"`
	// users in Auth0 that are the person.
	// +optional
	// +listType=map
	// +listMapKey=userID
	// +kubebuilder:validation:MaxItems=10
	Users []MemberUser `json:"users,omitempty"`
}

// RemovalState is how far a removal is.
// +kubebuilder:validation:Enum=Pending;Held;Removing;Removed;Deleting;Done
type RemovalState string

const (
	// RemovalPending: nothing is taken yet, and the Customer has not decided. So is a
	// Removal without a state.
	RemovalPending RemovalState = "Pending"
	// RemovalHeld: nothing is taken, the seat is in use, and a person must approve.
	RemovalHeld RemovalState = "Held"
	// RemovalRemoving: access is being taken.
	RemovalRemoving RemovalState = "Removing"
	// RemovalRemoved: nothing is left to take; until restorableUntil a Member of the
	// address brings the person back.
	RemovalRemoved RemovalState = "Removed"
	// RemovalDeleting: the grace is over, and the user is being deleted.
	RemovalDeleting RemovalState = "Deleting"
	// RemovalDone: nothing more comes of it; the object goes.
	RemovalDone RemovalState = "Done"
)

// RemovalOutcome is what came of a removal.
// +kubebuilder:validation:Enum=TakenOver;Removed;UserDeleted;UserKept;LeftAsIs
type RemovalOutcome string

const (
	// OutcomeTakenOver: a Member of the address has the person, or brought them back.
	OutcomeTakenOver RemovalOutcome = "TakenOver"
	// OutcomeRemoved: the person is out.
	OutcomeRemoved RemovalOutcome = "Removed"
	// OutcomeUserDeleted: the person is out, and every user of theirs is deleted in Auth0.
	OutcomeUserDeleted RemovalOutcome = "UserDeleted"
	// OutcomeUserKept: the person is out, and a user of theirs stays in Auth0.
	OutcomeUserKept RemovalOutcome = "UserKept"
	// OutcomeLeftAsIs: nothing more is taken, because the Customer went, or the
	// organization is not its own any more.
	OutcomeLeftAsIs RemovalOutcome = "LeftAsIs"
)

// DecisionOutcome is what the Customer's round decided about a removal.
// +kubebuilder:validation:Enum=Admitted;Held
type DecisionOutcome string

const (
	// DecisionAdmitted: the person is removed.
	DecisionAdmitted DecisionOutcome = "Admitted"
	// DecisionHeld: the removal waits.
	DecisionHeld DecisionOutcome = "Held"
)

// RemovalDecision is written by the Customer's round alone.
type RemovalDecision struct {
	// outcome is Admitted or Held.
	Outcome DecisionOutcome `json:"outcome"`
	// reason in one word: why it is held.
	// +optional
	// +kubebuilder:validation:MaxLength=64
	Reason string `json:"reason,omitempty"`
	// at is when it was decided, by the operator's clock.
	At metav1.MicroTime `json:"at"`
	// round of the Customer that decided.
	Round int64 `json:"round"`
	// approvedAt is when a person approved it; the brake does not count it then.
	// +optional
	ApprovedAt *metav1.MicroTime `json:"approvedAt,omitempty"`
}

// CarriedMember is a deleted Member whose person this removal removes, and which
// stays until that is decided or done.
type CarriedMember struct {
	// name of the Member.
	// +kubebuilder:validation:MaxLength=253
	Name string `json:"name"`
	// uid of the Member.
	UID types.UID `json:"uid"`
	// since when the removal carries it.
	Since metav1.MicroTime `json:"since"`
}

// RemovalStatus is how far the removal is.
type RemovalStatus struct {
	// observedGeneration of the spec that this status speaks of; -1 before the first look.
	// +optional
	// +kubebuilder:validation:Minimum=-1
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// summary says in a few words where the person stands.
	// +optional
	// +kubebuilder:validation:MaxLength=60
	Summary string `json:"summary,omitempty"`

	// conditions: Ready, Reconciling, Stalled, AccessRemoved.
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=16
	Conditions []metav1.Condition `json:"conditions,omitempty"`

	// state is Pending, Held, Removing, Removed, Deleting or Done; absent means Pending.
	// +optional
	State RemovalState `json:"state,omitempty"`

	// carries are further Members of the address that were deleted since, and that wait.
	// +optional
	// +listType=map
	// +listMapKey=uid
	// +kubebuilder:validation:MaxItems=20
	Carries []CarriedMember `json:"carries,omitempty"`

	// decision of the Customer's round, absent before the first.
	// +optional
	Decision *RemovalDecision `json:"decision,omitempty"`

	// known is what was learned of the person since the removal was asked for.
	// +optional
	Known *Known `json:"known,omitempty"`

	// withdrawal is how far the taking is.
	// +optional
	Withdrawal *Withdrawal `json:"withdrawal,omitempty"`

	// restorableUntil is when the grace is over, by Auth0's clock. It is fixed when the removal
	// is confirmed.
	// +optional
	RestorableUntil *metav1.MicroTime `json:"restorableUntil,omitempty"`

	// outcome is what came of it, once it is done.
	// +optional
	Outcome RemovalOutcome `json:"outcome,omitempty"`
}

// Removal is one person on the way out of one Customer, from the deletion of the
// person's Member until nothing more can come of it. The operator alone writes it.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:shortName=rmv,categories=seatwarden
// +kubebuilder:selectablefield:JSONPath=`.spec.customerRef.name`
// +kubebuilder:printcolumn:name="Customer",type=string,JSONPath=`.spec.customerRef.name`
// +kubebuilder:printcolumn:name="Email",type=string,JSONPath=`.spec.email`
// +kubebuilder:printcolumn:name="State",type=string,JSONPath=`.status.state`
// +kubebuilder:printcolumn:name="Until",type=string,JSONPath=`.status.restorableUntil`
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:printcolumn:name="Member",type=string,JSONPath=`.spec.member.name`,priority=1
// +kubebuilder:printcolumn:name="Status",type=string,JSONPath=`.status.summary`,priority=1
type Removal struct {
	metav1.TypeMeta `json:",inline"`

	// metadata of the object.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitzero"`

	// spec is who is removed, and what was known.
	// +required
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="a Removal cannot be changed: to keep the person, apply their Member again"
	Spec RemovalSpec `json:"spec"`

	// status is how far it is.
	// +optional
	// +kubebuilder:default:={"observedGeneration":-1}
	Status RemovalStatus `json:"status,omitzero"`

	// Unreadable names what of the object this version cannot read, and why; empty
	// when it has read all. It is never stored.
	Unreadable string `json:"-"`
}

// RemovalList is a list of Removals.
//
// +kubebuilder:object:root=true
type RemovalList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitzero"`
	Items           []Removal `json:"items"`
}
