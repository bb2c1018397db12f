package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// CustomerSpec is one contract.
//
// +kubebuilder:validation:XValidation:rule="(has(self.organization) && has(self.organization.name) ? self.organization.name : \"\") == (has(oldSelf.organization) && has(oldSelf.organization.name) ? oldSelf.organization.name : \"\")",message="organization.name cannot be changed, added or taken away: it names the organization in Auth0"
// +kubebuilder:validation:XValidation:rule="self.admins.all(a, self.domains.exists(d, d.startsWith('*.') ? a.email.lowerAscii().endsWith(d.lowerAscii().substring(1)) : a.email.lowerAscii().endsWith('@' + d.lowerAscii())))",message="every admin's e-mail must lie inside one of the contract's domains"
// +kubebuilder:validation:XValidation:rule="self.admins.all(a, self.admins.filter(b, b.email.lowerAscii() == a.email.lowerAscii()).size() == 1)",message="admins must be different people: addresses that differ only in case are one person"
// +kubebuilder:validation:XValidation:rule="self.admins.all(a, !has(a.roles) || a.roles.all(r, has(self.roles) && r in self.roles.allowed))",message="every role in admins[].roles must be in roles.allowed"
type CustomerSpec struct {
	// tenantRef names the Auth0Tenant; default: the one called default. It cannot be changed.
	// +optional
	// +kubebuilder:default={name: default}
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="tenantRef cannot be changed: the organization lives in that tenant"
	TenantRef TenantRef `json:"tenantRef,omitzero"`

	// displayName is the company's name as people see it on the login page and in
	// mails, at most 100 characters. Default: the organization's name.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=100
	// +kubebuilder:validation:XValidation:rule="!self.matches('[\\\\x00-\\\\x1f\\\\x7f<>\"{}]') && !self.contains('://')",message="displayName stands in e-mails: no control characters, none of < > \" { } and no ://"
	DisplayName string `json:"displayName,omitempty"`

	// organization is the company's Auth0 Organization.
	// +optional
	Organization *OrganizationSpec `json:"organization,omitempty"`

	// seats is how many people the contract pays for, 0 to 100,000; 0 means none.
	// Raising it seats those who wait; lowering it removes nobody.
	// +required
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=100000
	Seats int32 `json:"seats"`

	// contract is the time in which people may sign in. Absent: always.
	// +optional
	Contract *Contract `json:"contract,omitempty"`

	// access is Open (default) or Suspended. Suspended: nobody is invited,
	// everybody keeps the seat, and with the guard in effect nobody signs in.
	// +optional
	// +kubebuilder:default=Open
	Access Access `json:"access,omitempty"`

	// domains of the company's e-mail addresses, 1 to 50: exact (acme.com) or all
	// below one (*.acme.com). ASCII; internationalised domains as xn--. Nobody
	// outside is invited. Narrowing them removes nobody.
	// +required
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=50
	Domains []DomainPattern `json:"domains"`

	// admins are the people named in the contract, 1 to 5, first in the queue for
	// seats. Each gets a Member by itself. Replacing one leaves the old Member,
	// labelled, for a person to delete.
	// +required
	// +listType=map
	// +listMapKey=email
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=5
	Admins []Admin `json:"admins"`

	// roles that this Customer's Members may have.
	// +optional
	Roles *CustomerRoles `json:"roles,omitempty"`

	// connections through which the company's people sign in, at most 10 (Auth0's
	// limit for an organization). With exactly one, invitations are pinned to it.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=10
	Connections []Connection `json:"connections,omitempty"`

	// invitations says how people are invited.
	// +optional
	// +kubebuilder:default={}
	Invitations Invitations `json:"invitations,omitzero"`

	// removal says what becomes of a person who is removed.
	// +optional
	// +kubebuilder:default={}
	Removal RemovalPolicy `json:"removal,omitzero"`

	// deletionPolicy is what becomes of the organization when this Customer is
	// deleted. Retain (default): it stays with its people, and the guard lets
	// them all pass, or nobody if the contract is not active then. Delete: it is
	// deleted.
	// +optional
	// +kubebuilder:default=Retain
	DeletionPolicy DeletionPolicy `json:"deletionPolicy,omitempty"`

	// mode is Manage (default), Observe or Paused; of this and the Auth0Tenant's
	// the stricter counts. Observe: Auth0 is read, and what would be called is
	// listed in status.planned. Paused: nothing is done. Under both, deleting this
	// Customer or its Members leaves Auth0 as it is.
	// +optional
	// +kubebuilder:default=Manage
	Mode Mode `json:"mode,omitempty"`
}

// TenantRef names an Auth0Tenant.
type TenantRef struct {
	// name of the Auth0Tenant.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Name string `json:"name"`
}

// OrganizationSpec is the company's Auth0 Organization.
type OrganizationSpec struct {
	// name of the organization in Auth0: 1 to 50 of a-z, 0-9, - and _, beginning
	// and ending with a letter or digit, not beginning with org_. Default: the
	// Customer's own name, which then must fit. It cannot be changed.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=50
	// +kubebuilder:validation:XValidation:rule="self.matches('^[a-z0-9]([a-z0-9_-]*[a-z0-9])?$')",message="an Auth0 organization's name has a-z, 0-9, - and _, and begins and ends with a letter or digit"
	// +kubebuilder:validation:XValidation:rule="!self.startsWith('org_')",message="an Auth0 organization's name must not begin with org_"
	Name string `json:"name,omitempty"`

	// adoption says what to do when an organization of that name exists and is
	// not ours. Never (default): leave it alone and say so. IfListed: take it over
	// with its people, if the Auth0Tenant lists it for this namespace in
	// spec.namespaces[].adopt. An adopted organization is never deleted.
	// +optional
	// +kubebuilder:default=Never
	Adoption Adoption `json:"adoption,omitempty"`
}

// Adoption says what to do about an organization that exists and is not ours.
// +kubebuilder:validation:Enum=Never;IfListed
type Adoption string

const (
	// AdoptionNever leaves it alone.
	AdoptionNever Adoption = "Never"
	// AdoptionIfListed takes it over if the Auth0Tenant lists it for the namespace.
	AdoptionIfListed Adoption = "IfListed"
)

// Contract is a half-open interval of time, judged by Auth0's clock.
//
// +kubebuilder:validation:XValidation:rule="!has(self.startTime) || !has(self.endTime) || timestamp(self.startTime) < timestamp(self.endTime)",message="contract.endTime must be after contract.startTime"
type Contract struct {
	// startTime is the first instant at which people may sign in.
	// +optional
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:Schemaless
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=35
	// +kubebuilder:validation:XValidation:rule="self.matches('^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.][0-9]{1,9})?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$') && !self.matches('^[0-9]{4}-(02-3|0[469]-31|11-31)') && timestamp(self) == timestamp(self)",message="contract.startTime is a date, a time and a zone, such as 2026-01-01T00:00:00Z or 2027-01-01T00:00:00+01:00"
	StartTime *metav1.Time `json:"startTime,omitempty"`

	// endTime is the first instant at which they may no longer.
	// +optional
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:Schemaless
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=35
	// +kubebuilder:validation:XValidation:rule="self.matches('^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.][0-9]{1,9})?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$') && !self.matches('^[0-9]{4}-(02-3|0[469]-31|11-31)') && timestamp(self) == timestamp(self)",message="contract.endTime is a date, a time and a zone, such as 2026-12-31T23:00:00Z or 2027-01-01T00:00:00+01:00"
	EndTime *metav1.Time `json:"endTime,omitempty"`
}

// Access is the commercial switch.
// +kubebuilder:validation:Enum=Open;Suspended
type Access string

const (
	// AccessOpen lets seat holders sign in.
	AccessOpen Access = "Open"
	// AccessSuspended lets nobody sign in.
	AccessSuspended Access = "Suspended"
)

// DomainPattern is an e-mail domain, or *. and a domain for all below it.
// +kubebuilder:validation:MaxLength=253
// +kubebuilder:validation:XValidation:rule=`self.matches('^([*][.])?([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?[.])+[A-Za-z]([A-Za-z0-9-]{0,61}[A-Za-z0-9])$')`,message="a domain is written like acme.com, or *.acme.com for all below it: ASCII letters, digits and -, internationalised domains as xn--"
type DomainPattern string

// Email is an ASCII e-mail address, compared without regard to case.
// +kubebuilder:validation:MaxLength=254
// +kubebuilder:validation:XValidation:rule=`self.matches("^[A-Za-z0-9!#$%&'*+/=?^_{|}~-]+([.][A-Za-z0-9!#$%&'*+/=?^_{|}~-]+)*@([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?[.])+[A-Za-z]([A-Za-z0-9-]{0,61}[A-Za-z0-9])$")`,message="an e-mail address is written like jane@acme.com: ASCII without spaces or quotes, internationalised domains as xn--"
type Email string

// Admin is a person named in the contract.
type Admin struct {
	// email of the admin, inside the contract's domains.
	// +required
	Email Email `json:"email"`

	// roles of the admin in the organization, all of them in roles.allowed.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=50
	Roles []RoleName `json:"roles,omitempty"`
}

// RoleName is the name of an Auth0 role.
// +kubebuilder:validation:MinLength=1
// +kubebuilder:validation:MaxLength=200
type RoleName string

// CustomerRoles are the roles that the operator manages here.
type CustomerRoles struct {
	// allowed names the Auth0 roles that are managed here: of these a Member has
	// exactly what its roles list. Other roles are never touched. At most 50
	// (Auth0's limit for a member).
	// +required
	// +listType=set
	// +kubebuilder:validation:MaxItems=50
	Allowed []RoleName `json:"allowed"`
}

// ConnectionType says who made the connection.
// +kubebuilder:validation:Enum=Existing
type ConnectionType string

// ConnectionExisting is a connection that exists in Auth0; the operator only
// enables it for the organization.
const ConnectionExisting ConnectionType = "Existing"

// Connection is a single sign-on connection of the organization.
type Connection struct {
	// name of the connection in Auth0, case-sensitive.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=128
	// +kubebuilder:validation:XValidation:rule="self.matches('^[a-zA-Z0-9]+(-[a-zA-Z0-9]+)*$')",message="an Auth0 connection's name has letters, digits and single - between them"
	Name string `json:"name"`

	// type is Existing: it was made in Auth0 and is enabled here by its name.
	// +required
	Type ConnectionType `json:"type"`
}

// Invitations says how people are invited.
type Invitations struct {
	// ttl is how long a registration link lives, 5m to 720h (30 days); default
	// 24h. A change applies to the next invitation.
	// +optional
	// +kubebuilder:default="24h"
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=32
	// +kubebuilder:validation:XValidation:rule="self.matches('^([0-9]{1,5}h)?([0-9]{1,5}m)?([0-9]{1,7}s)?$') && duration(self) >= duration('5m') && duration(self) <= duration('720h')",message="invitations.ttl is hours, minutes and seconds, such as 24h or 1h30m, between 5m and 720h (30 days)"
	TTL metav1.Duration `json:"ttl,omitzero"`
}

// RemovalUser is what becomes of a removed person's Auth0 user.
// +kubebuilder:validation:Enum=Keep;Delete
type RemovalUser string

const (
	// RemovalUserKeep leaves the user in Auth0, without seat, roles and membership.
	RemovalUserKeep RemovalUser = "Keep"
	// RemovalUserDelete deletes the user after the grace, or with the organization,
	// if it is nobody else's.
	RemovalUserDelete RemovalUser = "Delete"
)

// RemovalPolicy says what becomes of a person who is removed.
type RemovalPolicy struct {
	// user is Keep (default): the Auth0 user stays, without seat, roles and
	// membership here; or Delete: after the grace, or with the organization when
	// deletionPolicy deletes that, the user is deleted, if it came by our invitation,
	// has one identity, lives in an enterprise connection that only this Customer
	// uses, and is in no other organization. Any other is kept.
	// +optional
	// +kubebuilder:default=Keep
	User RemovalUser `json:"user,omitempty"`

	// grace is how long a removed person can be brought back by applying a Member
	// of the same address: without mail if they had joined. 0s to 720h (30 days);
	// default 10m. Access is taken at once all the same.
	// +optional
	// +kubebuilder:default="10m"
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=32
	// +kubebuilder:validation:XValidation:rule="self.matches('^([0-9]{1,5}h)?([0-9]{1,5}m)?([0-9]{1,7}s)?$') && duration(self) <= duration('720h')",message="removal.grace is hours, minutes and seconds, such as 10m or 24h, at most 720h (30 days)"
	Grace *metav1.Duration `json:"grace,omitempty"`

	// brake holds a mass removal until a person approves it.
	// +optional
	// +kubebuilder:default={}
	Brake Brake `json:"brake,omitzero"`
}

// Brake holds a mass removal: within 10 minutes at most people, or percent of
// the Customer's people if that is more, are removed. What goes beyond is held,
// with nothing taken from anybody, until it is approved or declared again.
type Brake struct {
	// people who may be removed within 10 minutes whatever their share, 0 to
	// 100,000; default 5.
	// +optional
	// +kubebuilder:default=5
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=100000
	People *int32 `json:"people,omitempty"`

	// percent of the Customer's people who may be removed within 10 minutes, 0 to
	// 100; default 25. 100 turns the brake off for this Customer, but for the
	// Auth0Tenant's.
	// +optional
	// +kubebuilder:default=25
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=100
	Percent *int32 `json:"percent,omitempty"`
}

// Mode is what the operator may do to Auth0.
// +kubebuilder:validation:Enum=Manage;Observe;Paused
type Mode string

const (
	// ModeManage makes Auth0 what is declared.
	ModeManage Mode = "Manage"
	// ModeObserve reads, and lists what would be called.
	ModeObserve Mode = "Observe"
	// ModePaused does nothing.
	ModePaused Mode = "Paused"
)

// StricterMode is the stricter of two modes: Manage, then Observe, then Paused.
// An empty one is Manage.
func StricterMode(a, b Mode) Mode {
	switch {
	case a == ModePaused || b == ModePaused:
		return ModePaused
	case a == ModeObserve || b == ModeObserve:
		return ModeObserve
	}
	return ModeManage
}

// DeletionPolicy is what becomes of the organization when its Customer is deleted.
// +kubebuilder:validation:Enum=Retain;Delete
type DeletionPolicy string

const (
	// DeletionRetain leaves the organization and its people.
	DeletionRetain DeletionPolicy = "Retain"
	// DeletionDelete deletes the organization.
	DeletionDelete DeletionPolicy = "Delete"
)

// Customer is one contract: a company, its seats, domains, admins and single sign-on.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:shortName=cust,categories=seatwarden
// +kubebuilder:selectablefield:JSONPath=`.status.organizationID`
// +kubebuilder:selectablefield:JSONPath=`.spec.tenantRef.name`
// +kubebuilder:printcolumn:name="Organization",type=string,JSONPath=`.status.organizationName`
// +kubebuilder:printcolumn:name="Seats",type=integer,JSONPath=`.spec.seats`
// +kubebuilder:printcolumn:name="Used",type=integer,JSONPath=`.status.seats.used`
// +kubebuilder:printcolumn:name="Active",type=integer,JSONPath=`.status.seats.active`
// +kubebuilder:printcolumn:name="Invited",type=integer,JSONPath=`.status.seats.invited`
// +kubebuilder:printcolumn:name="Waiting",type=integer,JSONPath=`.status.seats.waiting`
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Status",type=string,JSONPath=`.status.summary`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:printcolumn:name="Removing",type=integer,JSONPath=`.status.seats.removing`,priority=1
// +kubebuilder:printcolumn:name="Unmanaged",type=integer,JSONPath=`.status.seats.unmanaged`,priority=1
// +kubebuilder:printcolumn:name="Organization-ID",type=string,JSONPath=`.status.organizationID`,priority=1
// +kubebuilder:printcolumn:name="Tenant",type=string,JSONPath=`.spec.tenantRef.name`,priority=1
// +kubebuilder:printcolumn:name="Message",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].message`,priority=1
// +kubebuilder:validation:XValidation:rule="self.metadata.name.size() <= 63",message="a Customer's name has at most 63 characters"
// +kubebuilder:validation:XValidation:rule="(has(self.spec.organization) && has(self.spec.organization.name)) || (self.metadata.name.size() <= 50 && !self.metadata.name.contains('.'))",message="an Auth0 organization's name has at most 50 characters and no dots: rename the Customer or set spec.organization.name"
type Customer struct {
	metav1.TypeMeta `json:",inline"`

	// metadata of the object.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitzero"`

	// spec is the contract.
	// +required
	Spec CustomerSpec `json:"spec"`

	// status is what the operator saw.
	// +optional
	// +kubebuilder:default:={"observedGeneration":-1}
	Status CustomerStatus `json:"status,omitzero"`

	// Unreadable names what of the object this version cannot read, and why; empty
	// when it has read all. It is never stored.
	Unreadable string `json:"-"`
}

// OrganizationName is the organization's name in Auth0 that the spec asks for.
func (c *Customer) OrganizationName() string {
	if c.Spec.Organization != nil && c.Spec.Organization.Name != "" {
		return c.Spec.Organization.Name
	}
	return c.Name
}

// DisplayName is the company's name as people see it.
func (c *Customer) DisplayName() string {
	if c.Spec.DisplayName != "" {
		return c.Spec.DisplayName
	}
	return c.OrganizationName()
}

// CustomerList is a list of Customers.
//
// +kubebuilder:object:root=true
type CustomerList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitzero"`
	Items           []Customer `json:"items"`
}
