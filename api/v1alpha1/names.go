package v1alpha1

// Finalizer keeps an object until Auth0 holds what its deletion calls for.
const Finalizer = "seatwarden.dev/finalizer"

// Annotations that ask the operator for something once. A request is handled
// when its value changes and is remembered in status; taking the annotation
// away means nothing.
const (
	// AnnotationReconcileRequestedAt asks for a fresh look at Auth0 now. Any value.
	AnnotationReconcileRequestedAt = "seatwarden.dev/reconcile-requested-at"
	// AnnotationInviteRequestedAt on a Member asks for its invitation to be sent
	// again. RFC 3339 or seconds since 1970; refused when older than the Member or
	// than an hour, or when it lies ahead.
	AnnotationInviteRequestedAt = "seatwarden.dev/invite-requested-at"
	// AnnotationApproveRemovals on a Customer approves the removals that are held:
	// its value is status.heldRemovals.hash.
	AnnotationApproveRemovals = "seatwarden.dev/approve-removals"
	// AnnotationTakeOver on a Customer takes an organization over from another
	// owner: its value is that owner's marker, as the condition quotes it.
	AnnotationTakeOver = "seatwarden.dev/take-over"
)

// LabelGeneratedFor marks a Member that the operator made for one of a
// Customer's admins; its value is the Customer's name.
const LabelGeneratedFor = "seatwarden.dev/generated-for"

// FieldCustomerRef is the selectable field by which Members and Removals are listed per Customer.
const FieldCustomerRef = "spec.customerRef.name"
