package v1alpha1

// Condition types. Ready, Reconciling and Stalled stand on every kind and obey
// kstatus: Reconciling and Stalled are present only when true.
const (
	// ConditionReady is True when nothing that is declared is left for the
	// operator to do. What waits for a person's click is Ready.
	ConditionReady = "Ready"
	// ConditionReconciling is present, and True, while there is pending work.
	ConditionReconciling = "Reconciling"
	// ConditionStalled is present, and True, when a person must change something.
	ConditionStalled = "Stalled"

	// ConditionCredentialsValid (Auth0Tenant): Auth0 accepts the credentials.
	ConditionCredentialsValid = "CredentialsValid"
	// ConditionScopesGranted (Auth0Tenant): they have every scope that is needed.
	ConditionScopesGranted = "ScopesGranted"
	// ConditionWithinLimits (Auth0Tenant): Auth0's rate limits are as declared, and
	// none is refused for long.
	ConditionWithinLimits = "WithinLimits"
	// ConditionGuardDeployed (Auth0Tenant): the post-login Action is in place.
	ConditionGuardDeployed = "GuardDeployed"

	// ConditionFeedHealthy (Auth0Tenant): a feed tells of changes in Auth0.
	ConditionFeedHealthy = "FeedHealthy"

	// ConditionOrganizationSynced (Customer): the organization is as declared.
	ConditionOrganizationSynced = "OrganizationSynced"
	// ConditionConnectionsSynced (Customer): its connections are as declared.
	ConditionConnectionsSynced = "ConnectionsSynced"
	// ConditionContractActive (Customer): people may sign in now.
	ConditionContractActive = "ContractActive"
	// ConditionGuardInEffect (Customer): the guard is told to refuse whoever holds no seat.
	ConditionGuardInEffect = "GuardInEffect"
	// ConditionSeatsExceeded (Customer) is present, and True, when more people
	// want or hold seats than the contract has.
	ConditionSeatsExceeded = "SeatsExceeded"
	// ConditionRemovalsHeld (Customer) is True when removals wait for a person's
	// approval, and False when none do, so that one can wait for either.
	ConditionRemovalsHeld = "RemovalsHeld"
	// ConditionRequestRefused (Customer, Member) is present, and True, while an
	// annotation asks for something that is refused; the message says why.
	ConditionRequestRefused = "RequestRefused"

	// ConditionSeatAssigned (Member): the person holds one of the contract's seats.
	ConditionSeatAssigned = "SeatAssigned"
	// ConditionInvited (Member): an invitation is alive, or was accepted.
	ConditionInvited = "Invited"
	// ConditionActive (Member): the person can sign in. Its reason is the STATE column.
	ConditionActive = "Active"

	// ConditionAccessRemoved (Removal): nothing lets the person in any more.
	ConditionAccessRemoved = "AccessRemoved"
)

// Reasons that stand on more than one kind.
const (
	// ReasonReconciled: everything declared holds in Auth0.
	ReasonReconciled = "Reconciled"
	// ReasonProgressing: the operator is at work.
	ReasonProgressing = "Progressing"
	// ReasonDeleting: the object is being deleted; the message names the step.
	ReasonDeleting = "Deleting"
	// ReasonTenantNotFound: there is no Auth0Tenant of that name yet.
	ReasonTenantNotFound = "TenantNotFound"
	// ReasonTenantNotReady: the Auth0Tenant cannot be used; its own conditions say why.
	ReasonTenantNotReady = "TenantNotReady"
	// ReasonAuth0Unavailable: Auth0 does not answer, or answers with an error of its own.
	ReasonAuth0Unavailable = "Auth0Unavailable"
	// ReasonRateLimited: Auth0's rate limit is reached; the next try has its time.
	ReasonRateLimited = "RateLimited"
	// ReasonRejectedByAuth0: Auth0 refuses the call; the message has its words.
	ReasonRejectedByAuth0 = "RejectedByAuth0"
	// ReasonScopeMissing: the credentials lack a scope that this needs.
	ReasonScopeMissing = "ScopeMissing"
	// ReasonRoleNotFound: Auth0 has no role of that name.
	ReasonRoleNotFound = "RoleNotFound"
	// ReasonPaused: mode is Paused; nothing is done.
	ReasonPaused = "Paused"
	// ReasonObserving: mode is Observe; what would be called is listed in status.planned.
	ReasonObserving = "Observing"
	// ReasonRequestTakenUp: what an annotation asked for is being done.
	ReasonRequestTakenUp = "RequestTakenUp"
	// ReasonUnreadable: a field of the object holds what this version cannot read.
	ReasonUnreadable = "Unreadable"
	// ReasonRoleNotAllowed: the Customer's roles.allowed does not list the role.
	ReasonRoleNotAllowed = "RoleNotAllowed"
)

// Reasons of an Auth0Tenant.
const (
	// ReasonCredentialsAccepted: Auth0 gave a token.
	ReasonCredentialsAccepted = "CredentialsAccepted"
	// ReasonCredentialsRejected: Auth0 refuses the client id or its secret.
	ReasonCredentialsRejected = "CredentialsRejected"
	// ReasonDomainNotCanonical: spec.domain is a custom domain, which has no Management API of its own.
	ReasonDomainNotCanonical = "DomainNotCanonical"
	// ReasonSecretNotFound: the Secret is not in the operator's namespace yet.
	ReasonSecretNotFound = "SecretNotFound"
	// ReasonSecretKeyMissing: the Secret lacks the key, or it is empty.
	ReasonSecretKeyMissing = "SecretKeyMissing"
	// ReasonPrivateKeyInvalid: the key is not an RSA private key in PEM.
	ReasonPrivateKeyInvalid = "PrivateKeyInvalid"
	// ReasonDuplicateDomain: an older Auth0Tenant drives the same domain.
	ReasonDuplicateDomain = "DuplicateDomain"
	// ReasonScopesGranted: every scope that is needed is there.
	ReasonScopesGranted = "ScopesGranted"
	// ReasonScopesMissing: scopes are missing; the status lists them.
	ReasonScopesMissing = "ScopesMissing"
	// ReasonWithinLimits: no rate limit of Auth0 is short for long.
	ReasonWithinLimits = "WithinLimits"
	// ReasonLimitShort: Auth0 refuses calls of a group again and again.
	ReasonLimitShort = "LimitShort"
	// ReasonLimitsDiffer: Auth0's answers are of other limits than those declared.
	ReasonLimitsDiffer = "LimitsDiffer"
	// ReasonGuardOff: there is no guard, by choice.
	ReasonGuardOff = "GuardOff"
	// ReasonDeployedExternally: you deploy the Action; the operator cannot tell whether you have.
	ReasonDeployedExternally = "DeployedExternally"
	// ReasonApplicationNotFound: the tenant has no application of that client id.
	ReasonApplicationNotFound = "ApplicationNotFound"
	// ReasonApplicationDeniesOrganizations: the application does not allow organizations.
	ReasonApplicationDeniesOrganizations = "ApplicationDeniesOrganizations"
	// ReasonEventStream: Auth0's event stream tells of changes.
	ReasonEventStream = "EventStream"
	// ReasonTenantLog: the tenant log tells of changes.
	ReasonTenantLog = "TenantLog"
	// ReasonNotInPlan: Auth0 refuses the feed although its scope is granted, as where
	// the plan lacks it.
	ReasonNotInPlan = "NotInPlan"
	// ReasonTooManyConnections: the tenant has as many event streams open as its plan allows.
	ReasonTooManyConnections = "TooManyConnections"
	// ReasonFeedUnavailable: the feed failed; it is tried again.
	ReasonFeedUnavailable = "FeedUnavailable"
	// ReasonInUse: the Auth0Tenant is being deleted while Customers refer to it.
	ReasonInUse = "InUse"
)

// Reasons of a Customer.
const (
	// ReasonNamespaceNotListed: the Auth0Tenant does not list this namespace.
	ReasonNamespaceNotListed = "NamespaceNotListed"
	// ReasonOrganizationSynced: the organization is as declared.
	ReasonOrganizationSynced = "OrganizationSynced"
	// ReasonOrganizationConflict: an organization of that name exists and is not ours.
	ReasonOrganizationConflict = "OrganizationConflict"
	// ReasonOrganizationMissing: the organization was deleted in Auth0; it is not made again by itself.
	ReasonOrganizationMissing = "OrganizationMissing"
	// ReasonOrganizationRenamed: somebody renamed the organization in Auth0; it is not renamed back.
	ReasonOrganizationRenamed = "OrganizationRenamed"
	// ReasonConnectionsSynced: the connections are as declared.
	ReasonConnectionsSynced = "ConnectionsSynced"
	// ReasonConnectionNotFound: Auth0 has no connection of that name.
	ReasonConnectionNotFound = "ConnectionNotFound"
	// ReasonNoConnections: the Customer lists none; people sign in with what the organization has.
	ReasonNoConnections = "NoConnections"
	// ReasonContractActive: now is inside the contract's time and access is open.
	ReasonContractActive = "ContractActive"
	// ReasonContractNotStarted: the contract starts later.
	ReasonContractNotStarted = "ContractNotStarted"
	// ReasonContractEnded: the contract is over.
	ReasonContractEnded = "ContractEnded"
	// ReasonSuspended: spec.access is Suspended.
	ReasonSuspended = "Suspended"
	// ReasonGuardInEffect: the guard is told to refuse whoever holds no seat.
	ReasonGuardInEffect = "GuardInEffect"
	// ReasonGuardReporting: the guard only logs what it would refuse.
	ReasonGuardReporting = "GuardReporting"
	// ReasonMarkLost: somebody took what the guard reads off the organization, and it is not written back.
	ReasonMarkLost = "MarkLost"
	// ReasonMarksRestored: somebody took marks of ours off the organization, or changed
	// them; they were written back.
	ReasonMarksRestored = "MarksRestored"
	// ReasonActivating: holders' grants are being confirmed before the guard takes effect.
	ReasonActivating = "Activating"
	// ReasonSeatLimitExceeded: more seats are in use than the contract has.
	ReasonSeatLimitExceeded = "SeatLimitExceeded"
	// ReasonAwaitingApproval: more people were removed at once than the brake lets through.
	ReasonAwaitingApproval = "AwaitingApproval"
	// ReasonNothingHeld: no removal waits for approval.
	ReasonNothingHeld = "NothingHeld"
	// ReasonAdoptionNotListed: the Auth0Tenant does not let this namespace adopt the organization.
	ReasonAdoptionNotListed = "AdoptionNotListed"
	// ReasonUnmanagedMembers: the adopted organization has members who hold no seat; the guard would shut them out.
	ReasonUnmanagedMembers = "UnmanagedMembers"
	// ReasonOrganizationReleased: the organization was let go with its people; the Event says who can sign in.
	ReasonOrganizationReleased = "OrganizationReleased"
	// ReasonOrganizationLeftClosed: the organization was let go, and nobody can sign in to it.
	ReasonOrganizationLeftClosed = "OrganizationLeftClosed"
	// ReasonUserDeleted: the user of a removed person was deleted in Auth0.
	ReasonUserDeleted = "UserDeleted"
	// ReasonUserKept: the user of a removed person was kept in Auth0; the Event says why.
	ReasonUserKept = "UserKept"
	// ReasonApprovalOutdated: the annotation that approves names something else than what is held.
	ReasonApprovalOutdated = "ApprovalOutdated"
	// ReasonTakeOverMismatch: the annotation that takes over does not quote the organization's mark.
	ReasonTakeOverMismatch = "TakeOverMismatch"
	// ReasonMembersWaiting: people wait for a seat.
	ReasonMembersWaiting = "MembersWaiting"
)

// Reasons of a Member.
const (
	// ReasonCustomerNotFound: there is no Customer of that name yet.
	ReasonCustomerNotFound = "CustomerNotFound"
	// ReasonCustomerNotReady: the Customer has no organization yet.
	ReasonCustomerNotReady = "CustomerNotReady"
	// ReasonCustomerDeleted: the Customer was deleted, and with its organization
	// everything is settled; nothing is taken when the Member is deleted.
	ReasonCustomerDeleted = "CustomerDeleted"
	// ReasonCustomerDeleting: the Customer is being deleted; nothing is given.
	ReasonCustomerDeleting = "CustomerDeleting"
	// ReasonSeatPending: the Customer has not decided about a seat yet.
	ReasonSeatPending = "SeatPending"
	// ReasonSeatAssigned: the Member holds a seat.
	ReasonSeatAssigned = "SeatAssigned"
	// ReasonTooManyInvitations: the organization has more invitations than Auth0
	// lists, so that it is not known who holds one.
	ReasonTooManyInvitations = "TooManyInvitations"
	// ReasonSeatLimitReached: all seats are in use; the Member waits.
	ReasonSeatLimitReached = "SeatLimitReached"
	// ReasonSeatWithdrawing: the seat is being taken back for somebody who waits.
	ReasonSeatWithdrawing = "SeatWithdrawing"
	// ReasonSeatLapsed: the invitation expired and the seat went to somebody who waited.
	ReasonSeatLapsed = "SeatLapsed"
	// ReasonDuplicateEmail: another Member of the Customer has the same address.
	ReasonDuplicateEmail = "DuplicateEmail"
	// ReasonAlreadyJoined: an invitation was asked for, and the person is in; the
	// Event says what to do about another account.
	ReasonAlreadyJoined = "AlreadyJoined"
	// ReasonPersonMovedOn: the Auth0 user of this person has the address of another
	// Member now, and is that Member's person.
	ReasonPersonMovedOn = "PersonMovedOn"
	// ReasonDomainNotAllowed: the address lies outside the contract's domains.
	ReasonDomainNotAllowed = "DomainNotAllowed"
	// ReasonInvited: the invitation was sent and its link is alive.
	ReasonInvited = "Invited"
	// ReasonInviting: the invitation is about to be sent, or its outcome is being found out.
	ReasonInviting = "Inviting"
	// ReasonJoined: the person is a member of the organization and holds the grant.
	ReasonJoined = "Joined"
	// ReasonBlockedInAuth0: the person has joined, and their user is blocked in Auth0.
	ReasonBlockedInAuth0 = "BlockedInAuth0"
	// ReasonGranting: the person has joined; the grant is being written.
	ReasonGranting = "Granting"
	// ReasonExpired: the link's time is over and nobody was seen to join with it; ask for it to be sent again.
	ReasonExpired = "Expired"
	// ReasonAcceptedByWrongAccount: the link was used up by another account, or revoked by hand.
	ReasonAcceptedByWrongAccount = "AcceptedByWrongAccount"
	// ReasonRemovedInAuth0: the person had joined and is a member no more; not invited again by itself.
	ReasonRemovedInAuth0 = "RemovedInAuth0"
	// ReasonOnHold: nobody is invited now: contract not active, or the guard is being put in effect.
	ReasonOnHold = "OnHold"
	// ReasonRequestUnreadable: the request for an invitation is no point in time.
	ReasonRequestUnreadable = "RequestUnreadable"
	// ReasonRequestInTheFuture: the request for an invitation lies ahead.
	ReasonRequestInTheFuture = "RequestInTheFuture"
	// ReasonRequestTooOld: the request for an invitation is older than what it could ask for.
	ReasonRequestTooOld = "RequestTooOld"
	// ReasonLeaving: the person is being removed under another Member; this one goes on when that is done.
	ReasonLeaving = "Leaving"
	// ReasonRemovalRefused: the API server refuses the person's Removal; nothing is taken before there is one.
	ReasonRemovalRefused = "RemovalRefused"
	// ReasonWithdrawing: the person is being removed; the message names the step.
	ReasonWithdrawing = "Withdrawing"
	// ReasonStillOwned: the Customer is gone but its organization is still marked as ours.
	ReasonStillOwned = "StillOwned"
)

// Reasons of a Removal.
const (
	// ReasonPending: nothing is taken yet; the Customer is about to decide.
	ReasonPending = "Pending"
	// ReasonNamedAsAdmin: the contract names the person as an admin: nothing is taken while it does.
	ReasonNamedAsAdmin = "NamedAsAdmin"
	// ReasonDecisionLost: neither the Member nor a decision is there any more: a person must say that it is meant.
	ReasonDecisionLost = "DecisionLost"
	// ReasonRemoving: access is being taken.
	ReasonRemoving = "Removing"
	// ReasonConfirmed: a look, when Auth0 must show what is left, found nothing.
	ReasonConfirmed = "Confirmed"
	// ReasonTakenOver: a Member of the address has the person, or brought them back.
	ReasonTakenOver = "TakenOver"
	// ReasonLeftAsIs: nothing more is taken: the Customer went, or the organization is not its own any more.
	ReasonLeftAsIs = "LeftAsIs"
)
