package removal

// CustomerState is what a Member's Customer is, read live.
type CustomerState string

const (
	// CustomerPresent: there, and not being deleted.
	CustomerPresent CustomerState = "Present"
	// CustomerDeletingRetain: being deleted, and its organization stays.
	CustomerDeletingRetain CustomerState = "DeletingRetain"
	// CustomerDeletingDelete: being deleted with its organization.
	CustomerDeletingDelete CustomerState = "DeletingDelete"
	// CustomerAnother: there is one of that name with another organization.
	CustomerAnother CustomerState = "Another"
	// CustomerGone: there is no such object.
	CustomerGone CustomerState = "Gone"
)

// Marker is what the organization says about its owner, read by its id. It is
// asked for only when the Customer is gone.
type Marker string

const (
	// MarkerUnread: nobody has asked yet.
	MarkerUnread Marker = "Unread"
	// MarkerAbsent: the organization is gone, released, or another's.
	MarkerAbsent Marker = "Absent"
	// MarkerOurs: it still names the Customer that is gone.
	MarkerOurs Marker = "Ours"
)

// MemberFacts are what the deletion of a Member depends on.
type MemberFacts struct {
	Customer CustomerState
	// NothingTaken: the mode is Observe or Paused, or was when the Customer went.
	NothingTaken bool
	// NamespaceDeleting: the namespace is being deleted, so the Customer is
	// about to be, whatever it looks like.
	NamespaceDeleting bool
	// RetainInNamespace is the Customer's deletion policy, for that case.
	RetainInNamespace bool
	// UsersGo: people's users are deleted with the organization, by the Customer,
	// which needs the Members for that.
	UsersGo bool
	// Given: the person may hold something in an organization that is known.
	Given  bool
	Marker Marker
}

// Route is what the deletion of a Member comes to.
type Route string

const (
	// RouteWithdraw: remove the person; the finalizer goes when that is confirmed.
	RouteWithdraw Route = "Withdraw"
	// RouteNothing: take nothing; the finalizer goes at once.
	RouteNothing Route = "Nothing"
	// RouteWaitForOrganization: the organization's own deletion covers it.
	RouteWaitForOrganization Route = "WaitForOrganization"
	// RouteReadMarker: read the organization's marker, then ask again.
	RouteReadMarker Route = "ReadMarker"
	// RouteRest: nothing is done while the mode says so.
	RouteRest Route = "Rest"
	// RouteStillOwned: a Customer's finalizer was forced off; a person must say what is meant.
	RouteStillOwned Route = "StillOwned"
)

// MemberDeleted is the deletion table's rows for a Member.
func MemberDeleted(f MemberFacts) Route {
	state := f.Customer
	if state == CustomerPresent && f.NamespaceDeleting {
		state = CustomerDeletingDelete
		if f.RetainInNamespace {
			state = CustomerDeletingRetain
		}
	}
	switch {
	case f.NothingTaken:
		return RouteNothing
	case state == CustomerPresent:
		return RouteWithdraw
	case state == CustomerDeletingRetain:
		return RouteNothing
	case !f.Given:
		return RouteNothing
	case state == CustomerDeletingDelete && f.UsersGo:
		return RouteWaitForOrganization
	case f.Marker == MarkerUnread:
		return RouteReadMarker
	case f.Marker == MarkerAbsent:
		return RouteNothing
	case state == CustomerDeletingDelete:
		return RouteWaitForOrganization
	}
	return RouteStillOwned
}

// GoingFacts are what a Removal depends on, beside its own state.
type GoingFacts struct {
	Customer CustomerState
	// Rests: the mode is Observe or Paused.
	Rests bool
	// Deleted: somebody deleted the Removal, as with its namespace.
	Deleted bool
	// Undone: the person may still hold something.
	Undone bool
	Marker Marker
}

// Going is the deletion table's rows for a Removal: whether it goes on, or ends with
// nothing more taken.
func Going(f GoingFacts) Route {
	switch {
	case f.Customer == CustomerAnother:
		return RouteNothing
	case f.Rests && !f.Deleted && f.Customer != CustomerGone:
		return RouteRest
	case f.Rests:
		return RouteNothing
	case f.Customer == CustomerPresent:
		return RouteWithdraw
	case f.Customer == CustomerDeletingDelete:
		return RouteWaitForOrganization
	case f.Customer == CustomerDeletingRetain, !f.Undone:
		return RouteNothing
	case f.Marker == MarkerUnread:
		return RouteReadMarker
	case f.Marker == MarkerOurs:
		return RouteStillOwned
	}
	return RouteNothing
}
