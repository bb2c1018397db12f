package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// Auth0TenantSpec says which Auth0 tenant is driven, with which credentials,
// and who may use it.
// +kubebuilder:validation:XValidation:rule="!has(self.limits) || !has(self.limits.buckets) || size(self.limits.buckets) == 0 || has(self.plan) && self.plan == 'Custom'",message="limits.buckets are for plan Custom: set plan to Custom, or take the buckets away"
type Auth0TenantSpec struct {
	// domain is the tenant's host name, for instance acme.eu.auth0.com, with an
	// optional port. Always reached over https. It cannot be changed: every
	// organization id belongs to it.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=259
	// +kubebuilder:validation:XValidation:rule="self.matches('^[a-z0-9]([a-z0-9-]*[a-z0-9])?([.][a-z0-9]([a-z0-9-]*[a-z0-9])?)*(:[0-9]{1,5})?$')",message="domain is a host name in lower case, such as acme.eu.auth0.com: no https:// and no path"
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="domain cannot be changed: create another Auth0Tenant and move the Customers"
	Domain string `json:"domain"`

	// credentials of the machine-to-machine application that the operator signs in as.
	// +required
	Credentials Credentials `json:"credentials"`

	// application is the one whose login page invitations lead to.
	// +required
	Application Application `json:"application"`

	// inviterName is whom an invitation mail names as the inviter, for instance
	// your product. A change applies to the next invitation.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=100
	// +kubebuilder:validation:XValidation:rule="!self.matches('[\\\\x00-\\\\x1f\\\\x7f<>\"{}]') && !self.contains('://')",message="inviterName stands in e-mails: no control characters, none of < > \" { } and no ://"
	InviterName string `json:"inviterName"`

	// guard is the post-login Action that holds the seat limit inside Auth0.
	// +optional
	// +kubebuilder:default={}
	Guard Guard `json:"guard,omitzero"`

	// namespaces that may hold Customers of this tenant, at most 500. A namespace
	// that is not listed gets nothing; taking one off the list stops everything
	// there but removals.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=500
	Namespaces []NamespaceGrant `json:"namespaces,omitempty"`

	// brake holds a mass removal across all Customers of this tenant.
	// +optional
	// +kubebuilder:default={}
	Brake TenantBrake `json:"brake,omitzero"`

	// plan that the tenant is on: Free, Essentials, Professional, Enterprise, or Custom
	// for other limits. Default: the operator learns it from Auth0's answers. Where they
	// are of another plan, the answers count.
	// +optional
	Plan Plan `json:"plan,omitempty"`

	// limits is how much of Auth0's rate limits the operator may use.
	// +optional
	// +kubebuilder:default={}
	Limits TenantLimits `json:"limits,omitzero"`

	// mode is Manage (default), Observe or Paused, for all Customers of this
	// tenant; of this and a Customer's own the stricter counts.
	// +optional
	// +kubebuilder:default=Manage
	Mode Mode `json:"mode,omitempty"`
}

// TenantBrake holds a mass removal across all Customers of a tenant. It counts
// by what the operator last saw, and so may come a little late.
type TenantBrake struct {
	// people who may be removed within 10 minutes, 0 to 1,000,000; default 50. The
	// people of a Customer that is deleted with its organization count.
	// +optional
	// +kubebuilder:default=50
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=1000000
	People *int32 `json:"people,omitempty"`
}

// Plan is an Auth0 subscription, by whose limits the operator goes.
// +kubebuilder:validation:Enum=Free;Essentials;Professional;Enterprise;Custom
type Plan string

const (
	// PlanFree is Auth0's Free plan.
	PlanFree Plan = "Free"
	// PlanEssentials is Auth0's Essentials plan.
	PlanEssentials Plan = "Essentials"
	// PlanProfessional is Auth0's Professional plan.
	PlanProfessional Plan = "Professional"
	// PlanEnterprise is Auth0's Enterprise plan.
	PlanEnterprise Plan = "Enterprise"
	// PlanCustom has the limits of Enterprise, but for the buckets that are given.
	PlanCustom Plan = "Custom"
)

// TenantLimits says how often Auth0 may be called.
type TenantLimits struct {
	// sharePercent of each limit that the operator may use, 10 to 100; default 80. The
	// rest is for the tenant's other clients.
	// +optional
	// +kubebuilder:default=80
	// +kubebuilder:validation:Minimum=10
	// +kubebuilder:validation:Maximum=100
	SharePercent *int32 `json:"sharePercent,omitempty"`

	// buckets of plan Custom that differ from those of Enterprise.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=20
	Buckets []LimitBucket `json:"buckets,omitempty"`
}

// LimitBucket is one of Auth0's limits.
type LimitBucket struct {
	// name of the group of endpoints that shares the limit; global is every call.
	// +required
	// +kubebuilder:validation:Enum=connections read;global;invitations read;invitations write;logs read;organization connections read;organization connections write;organization member roles read;organization member roles write;organization members read;organization members write;organization read;organization read by name;organizations list;organizations write;other;user organizations read;users delete;users read;users write
	Name string `json:"name"`

	// burst is how many calls may be made at once.
	// +required
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=100000
	Burst int32 `json:"burst"`

	// perMinute is how many calls may be made in a minute for long.
	// +required
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=1000000
	PerMinute int32 `json:"perMinute"`
}

// CredentialsMethod is how the operator proves who it is.
// +kubebuilder:validation:Enum=ClientSecret;PrivateKeyJWT
type CredentialsMethod string

const (
	// ClientSecret sends the application's client secret.
	ClientSecret CredentialsMethod = "ClientSecret"
	// PrivateKeyJWT signs an assertion with an RSA key; the secret never leaves the cluster.
	PrivateKeyJWT CredentialsMethod = "PrivateKeyJWT"
)

// Credentials name the operator's machine-to-machine application.
type Credentials struct {
	// clientID of the machine-to-machine application.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	// +kubebuilder:validation:XValidation:rule="!self.matches('[^!-~]')",message="a client id has no blanks, such as A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6: copy it from the application's settings in Auth0"
	ClientID string `json:"clientID"`

	// method is ClientSecret (default) or PrivateKeyJWT.
	// +optional
	// +kubebuilder:default=ClientSecret
	Method CredentialsMethod `json:"method,omitempty"`

	// secretRef names a Secret in the operator's own namespace. A new value is
	// used at once.
	// +required
	SecretRef SecretKeyRef `json:"secretRef"`
}

// SecretKeyRef names one key of a Secret in the operator's own namespace.
type SecretKeyRef struct {
	// name of the Secret.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Name string `json:"name"`

	// key in the Secret: the client secret, or the RSA private key in PEM.
	// Default: clientSecret or privateKey, by the method.
	// +optional
	// +kubebuilder:validation:MaxLength=253
	Key string `json:"key,omitempty"`
}

// Application is the Auth0 application (client) that people sign in to.
type Application struct {
	// clientID of the application. It must allow organizations and have a login
	// URI. A change applies to the next invitation.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	// +kubebuilder:validation:XValidation:rule="!self.matches('[^!-~]')",message="a client id has no blanks, such as A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6: copy it from the application's settings in Auth0"
	ClientID string `json:"clientID"`
}

// GuardMode is what the guard does with a sign-in without a seat.
// +kubebuilder:validation:Enum=Off;Report;Enforce
type GuardMode string

const (
	// GuardOff: there is no guard; membership alone decides.
	GuardOff GuardMode = "Off"
	// GuardReport: the guard logs what it would refuse.
	GuardReport GuardMode = "Report"
	// GuardEnforce: the guard refuses.
	GuardEnforce GuardMode = "Enforce"
)

// GuardDeployment is who puts the Action into Auth0.
// +kubebuilder:validation:Enum=External
type GuardDeployment string

// GuardExternal: you deploy the Action; the operator only feeds it.
const GuardExternal GuardDeployment = "External"

// Guard describes the post-login Action.
type Guard struct {
	// mode is Off (default), Report or Enforce. Turning it from Off to another
	// value puts each organization under the guard only after every seat holder
	// there has a confirmed grant, so that nobody is shut out.
	// +optional
	// +kubebuilder:default=Off
	Mode GuardMode `json:"mode,omitempty"`

	// deployment is External: you deploy the Action.
	// +optional
	// +kubebuilder:default=External
	Deployment GuardDeployment `json:"deployment,omitempty"`
}

// NamespaceTrust is how far the authors of a namespace are trusted.
// +kubebuilder:validation:Enum=Full
type NamespaceTrust string

// TrustFull: whoever writes Customers there is trusted with the whole tenant.
const TrustFull NamespaceTrust = "Full"

// NamespaceGrant admits one namespace to the tenant.
type NamespaceGrant struct {
	// name of the namespace.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Name string `json:"name"`

	// trust is Full: whoever writes Customers there is trusted with the whole tenant.
	// +required
	Trust NamespaceTrust `json:"trust"`

	// adopt names existing organizations that Customers of this namespace may take
	// over, at most 100.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=100
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=50
	Adopt []string `json:"adopt,omitempty"`
}

// Auth0TenantStatus is what the operator last saw of the tenant.
type Auth0TenantStatus struct {
	// observedGeneration of the spec that this status speaks of; -1 before the first look.
	// +optional
	// +kubebuilder:validation:Minimum=-1
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// summary says the most urgent thing in a few words.
	// +optional
	// +kubebuilder:validation:MaxLength=60
	Summary string `json:"summary,omitempty"`

	// conditions: Ready, Reconciling, Stalled, CredentialsValid, ScopesGranted, GuardDeployed,
	// WithinLimits, FeedHealthy.
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=16
	Conditions []metav1.Condition `json:"conditions,omitempty"`

	// missingScopes are the permissions that the credentials lack.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=100
	// +kubebuilder:validation:items:MaxLength=100
	MissingScopes []string `json:"missingScopes,omitempty"`

	// surplusScopes are permissions that the operator has no use for; take them away.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=500
	// +kubebuilder:validation:items:MaxLength=100
	SurplusScopes []string `json:"surplusScopes,omitempty"`

	// customers is how many Customers refer to this tenant.
	// +optional
	Customers *int32 `json:"customers,omitempty"`

	// feed is what tells the operator of changes in Auth0, absent while nothing does.
	// +optional
	Feed *TenantFeed `json:"feed,omitempty"`

	// lastHandledReconcileAt is the last value of the annotation
	// seatwarden.dev/reconcile-requested-at that was acted on.
	// +optional
	// +kubebuilder:validation:MaxLength=253
	LastHandledReconcileAt string `json:"lastHandledReconcileAt,omitempty"`
}

// FeedName is what tells the operator of changes in a tenant.
// +kubebuilder:validation:Enum=EventStream;TenantLog
type FeedName string

const (
	// FeedEventStream: Auth0's event stream.
	FeedEventStream FeedName = "EventStream"
	// FeedTenantLog: the tenant log.
	FeedTenantLog FeedName = "TenantLog"
)

// TenantFeed is the feed that the operator follows.
type TenantFeed struct {
	// name is EventStream or TenantLog.
	// +required
	Name FeedName `json:"name"`

	// since is when it came into use, by Auth0's time.
	// +required
	Since metav1.Time `json:"since"`

	// lastNewsAt is about when it last told a change, by Auth0's time; written at most
	// once an hour.
	// +optional
	LastNewsAt *metav1.Time `json:"lastNewsAt,omitempty"`
}

// Auth0Tenant is an Auth0 tenant that the operator drives.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Cluster,shortName=a0t,categories=seatwarden
// +kubebuilder:printcolumn:name="Domain",type=string,JSONPath=`.spec.domain`
// +kubebuilder:printcolumn:name="Guard",type=string,JSONPath=`.spec.guard.mode`
// +kubebuilder:printcolumn:name="Customers",type=integer,JSONPath=`.status.customers`
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Status",type=string,JSONPath=`.status.summary`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:printcolumn:name="Message",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].message`,priority=1
type Auth0Tenant struct {
	metav1.TypeMeta `json:",inline"`

	// metadata of the object.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitzero"`

	// spec is what you want.
	// +required
	Spec Auth0TenantSpec `json:"spec"`

	// status is what the operator saw.
	// +optional
	// +kubebuilder:default:={"observedGeneration":-1}
	Status Auth0TenantStatus `json:"status,omitzero"`

	// Unreadable names what of the object this version cannot read, and why; empty
	// when it has read all. It is never stored.
	Unreadable string `json:"-"`
}

// Auth0TenantList is a list of Auth0Tenants.
//
// +kubebuilder:object:root=true
type Auth0TenantList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitzero"`
	Items           []Auth0Tenant `json:"items"`
}
