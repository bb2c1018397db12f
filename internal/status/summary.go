package status

import (
	"fmt"
	"strings"
	"unicode"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
)

// maxSummary is how many characters a summary has at most.
const maxSummary = 60

// CustomerSummary says the most urgent thing about a Customer in a few words: a
// function of its status and its number of seats, so that it changes with them only.
func CustomerSummary(customer *v1alpha1.Customer) string {
	s := &customer.Status
	urgent := []string{
		heldSummary(s),
		problemSummary(s.Conditions),
		modeSummary(s.Conditions, s.PlannedCount),
		contractSummary(s.Conditions),
		guardSummary(s.Conditions),
	}
	if counts := s.Seats; counts != nil {
		urgent = append(urgent,
			overLimit(customer.Spec.Seats, counts.Used),
			undeclaredGrants(s.Unmanaged),
			waitingSummary(counts.Waiting))
	}
	urgent = append(urgent, requestSummary(s.Conditions, seatUse(customer.Spec.Seats, s.Seats))...)
	return fit(urgent, working(s.Conditions), seatUse(customer.Spec.Seats, s.Seats))
}

// MemberSummary says the most urgent thing about a Member in a few words: why it is
// not ready, or where its person stands.
func MemberSummary(member *v1alpha1.Member) string {
	s := &member.Status
	stands := ""
	if active := meta.FindStatusCondition(s.Conditions, v1alpha1.ConditionActive); active != nil {
		stands = inWords(active.Reason)
	}
	urgent := []string{inWords(notReadyFor(s.Conditions)), modeSummary(s.Conditions, s.PlannedCount)}
	return fit(append(urgent, requestSummary(s.Conditions, stands)...), stands)
}

// Auth0TenantSummary says the most urgent thing about an Auth0Tenant in a few words.
func Auth0TenantSummary(tenant *v1alpha1.Auth0Tenant) string {
	mode := ""
	if tenant.Spec.Mode == v1alpha1.ModeObserve || tenant.Spec.Mode == v1alpha1.ModePaused {
		mode = string(tenant.Spec.Mode) + ": nothing is written to Auth0"
	}
	conditions, surplus := tenant.Status.Conditions, ""
	if extra := len(tenant.Status.SurplusScopes); extra > 0 {
		surplus = counted(extra, "scope is", "scopes are") + " not needed"
	}
	return fit([]string{inWords(notReadyFor(conditions)), mode, limitsSummary(conditions), surplus}, "Auth0 answers")
}

// fit is the first of the urgent texts and the second if there is room, or else
// the first that there is of what is said where nothing is urgent.
func fit(urgent []string, otherwise ...string) string {
	var said []string
	for _, text := range urgent {
		if text != "" {
			said = append(said, text)
		}
	}
	for _, text := range otherwise {
		if len(said) == 0 && text != "" {
			said = append(said, text)
		}
	}
	if len(said) == 0 {
		return ""
	}
	if len(said) > 1 && len(said[0])+len(", ")+len(said[1]) <= maxSummary {
		return said[0] + ", " + said[1]
	}
	return clip(said[0], maxSummary)
}

func heldSummary(s *v1alpha1.CustomerStatus) string {
	if s.HeldRemovals == nil {
		return ""
	}
	undo := "apply again"
	switch s.HeldRemovals.Of {
	case v1alpha1.HeldOrganization:
		undo = "set Retain"
	case v1alpha1.HeldUsers:
		undo = "set user: Keep"
	}
	return counted(int(s.HeldRemovals.People), "person", "people") + " held: approve or " + undo
}

// notReadyFor is the reason of an object that is not ready.
func notReadyFor(list []metav1.Condition) string {
	ready := meta.FindStatusCondition(list, v1alpha1.ConditionReady)
	if ready == nil || ready.Status == metav1.ConditionTrue {
		return ""
	}
	return ready.Reason
}

// atWork: the operator is doing what it is meant to, and nothing stands in its way.
func atWork(reason string) bool {
	switch reason {
	case v1alpha1.ReasonProgressing, v1alpha1.ReasonActivating:
		return true
	}
	return false
}

// problemSummary says what keeps the object from being ready, and is not told
// better elsewhere.
func problemSummary(list []metav1.Condition) string {
	reason := notReadyFor(list)
	if atWork(reason) || reason == v1alpha1.ReasonUnmanagedMembers {
		return ""
	}
	return inWords(reason)
}

func working(list []metav1.Condition) string {
	if reason := notReadyFor(list); atWork(reason) {
		return inWords(reason)
	}
	return ""
}

func modeSummary(list []metav1.Condition, planned int32) string {
	ready := meta.FindStatusCondition(list, v1alpha1.ConditionReady)
	switch {
	case ready == nil:
	case ready.Reason == v1alpha1.ReasonPaused:
		return "Paused: nothing is done"
	case ready.Reason == v1alpha1.ReasonObserving && planned == 0:
		return "Observe: nothing is planned"
	case ready.Reason == v1alpha1.ReasonObserving:
		return "Observe: " + counted(int(planned), "call", "calls") + " planned"
	}
	return ""
}

func contractSummary(list []metav1.Condition) string {
	if contract := meta.FindStatusCondition(list, v1alpha1.ConditionContractActive); contract != nil && contract.Status == metav1.ConditionFalse {
		return inWords(contract.Reason)
	}
	return ""
}

func guardSummary(list []metav1.Condition) string {
	if guard := meta.FindStatusCondition(list, v1alpha1.ConditionGuardInEffect); guard != nil {
		switch guard.Reason {
		case v1alpha1.ReasonUnmanagedMembers, v1alpha1.ReasonMarkLost:
			return inWords(guard.Reason)
		}
	}
	return ""
}

// requestSummary says that a request is refused, and what would be said without.
func requestSummary(list []metav1.Condition, otherwise string) []string {
	if !meta.IsStatusConditionTrue(list, v1alpha1.ConditionRequestRefused) {
		return nil
	}
	return []string{"a request is refused", otherwise}
}

func limitsSummary(list []metav1.Condition) string {
	if limits := meta.FindStatusCondition(list, v1alpha1.ConditionWithinLimits); limits != nil && limits.Status == metav1.ConditionFalse {
		return inWords(limits.Reason)
	}
	return ""
}

func overLimit(limit, used int32) string {
	if used <= limit {
		return ""
	}
	return fmt.Sprintf("%d of %d seats used", used, limit)
}

func undeclaredGrants(unmanaged *v1alpha1.Unmanaged) string {
	if unmanaged == nil || unmanaged.Grants == 0 {
		return ""
	}
	return counted(int(unmanaged.Grants), "grant", "grants") + " that nobody declares"
}

func waitingSummary(people int32) string {
	if people == 0 {
		return ""
	}
	return waiting(people)
}

func seatUse(limit int32, counts *v1alpha1.SeatCounts) string {
	if counts == nil {
		return "seats are not counted yet"
	}
	return fmt.Sprintf("%d of %d seats used", counts.Used, limit)
}

// counted is a number with what it counts.
func counted(count int, one, many string) string {
	if count == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", count, many)
}

// words are those reasons that do not read well by themselves.
var words = map[string]string{
	v1alpha1.ReasonAcceptedByWrongAccount:         "the link was used up by another account",
	v1alpha1.ReasonActivating:                     "the guard is being put in effect",
	v1alpha1.ReasonAdoptionNotListed:              "the Auth0Tenant does not list it for adoption",
	v1alpha1.ReasonApplicationDeniesOrganizations: "the application does not allow organizations",
	v1alpha1.ReasonAuth0Unavailable:               "Auth0 does not answer",
	v1alpha1.ReasonConnectionNotFound:             "Auth0 has no such connection",
	v1alpha1.ReasonConfirmed:                      "can no longer sign in",
	v1alpha1.ReasonContractNotStarted:             "the contract has not started",
	v1alpha1.ReasonContractEnded:                  "the contract has ended",
	v1alpha1.ReasonCredentialsRejected:            "Auth0 refuses the credentials",
	v1alpha1.ReasonCustomerDeleting:               "the Customer is being deleted",
	v1alpha1.ReasonCustomerNotFound:               "there is no such Customer",
	v1alpha1.ReasonCustomerNotReady:               "the Customer is not ready",
	v1alpha1.ReasonDecisionLost:                   "held: whether it was approved is not known",
	v1alpha1.ReasonDeleting:                       "being deleted",
	v1alpha1.ReasonDomainNotAllowed:               "outside the contract's domains",
	v1alpha1.ReasonDomainNotCanonical:             "spec.domain is a custom domain",
	v1alpha1.ReasonDuplicateDomain:                "another Auth0Tenant has this domain",
	v1alpha1.ReasonDuplicateEmail:                 "another Member has this address",
	v1alpha1.ReasonExpired:                        "the link's time is over",
	v1alpha1.ReasonGranting:                       "has joined: access is being given",
	v1alpha1.ReasonInUse:                          "being deleted, and still in use",
	v1alpha1.ReasonInviting:                       "is being invited, or let in",
	v1alpha1.ReasonJoined:                         "can sign in",
	v1alpha1.ReasonLeaving:                        "is being removed under another Member",
	v1alpha1.ReasonLeftAsIs:                       "nothing more is taken",
	v1alpha1.ReasonLimitShort:                     "a rate limit of Auth0 is short",
	v1alpha1.ReasonLimitsDiffer:                   "spec.plan is not what Auth0's answers are of",
	v1alpha1.ReasonMarkLost:                       "marks are missing in Auth0",
	v1alpha1.ReasonNamedAsAdmin:                   "held: the contract names an admin",
	v1alpha1.ReasonNamespaceNotListed:             "the Auth0Tenant does not list this namespace",
	v1alpha1.ReasonOnHold:                         "nobody is invited now",
	v1alpha1.ReasonOrganizationConflict:           "the organization is not this Customer's alone",
	v1alpha1.ReasonOrganizationMissing:            "the organization was deleted in Auth0",
	v1alpha1.ReasonOrganizationRenamed:            "the organization was renamed in Auth0",
	v1alpha1.ReasonPending:                        "about to be removed",
	v1alpha1.ReasonPersonMovedOn:                  "is another Member's person now",
	v1alpha1.ReasonProgressing:                    "at work",
	v1alpha1.ReasonRateLimited:                    "waits for Auth0's rate limit",
	v1alpha1.ReasonRejectedByAuth0:                "Auth0 refuses a call",
	v1alpha1.ReasonRemovalRefused:                 "the API server refuses its Removal",
	v1alpha1.ReasonRemoving:                       "is being removed",
	v1alpha1.ReasonRemovedInAuth0:                 "is no member any more",
	v1alpha1.ReasonRoleNotAllowed:                 "a role is not in roles.allowed",
	v1alpha1.ReasonRoleNotFound:                   "Auth0 has no such role",
	v1alpha1.ReasonScopeMissing:                   "the credentials lack a scope",
	v1alpha1.ReasonScopesMissing:                  "the credentials lack scopes",
	v1alpha1.ReasonSeatLapsed:                     "the link died, and others waited for the seat",
	v1alpha1.ReasonSeatLimitReached:               "waits for a seat",
	v1alpha1.ReasonSeatPending:                    "waits for the Customer to decide",
	v1alpha1.ReasonSeatWithdrawing:                "the seat is being taken back",
	v1alpha1.ReasonSecretKeyMissing:               "the Secret lacks the key",
	v1alpha1.ReasonSecretNotFound:                 "there is no such Secret",
	v1alpha1.ReasonStillOwned:                     "the Customer is gone, its organization is ours",
	v1alpha1.ReasonSuspended:                      "suspended",
	v1alpha1.ReasonTakenOver:                      "a Member of the address has this person",
	v1alpha1.ReasonTenantNotFound:                 "there is no such Auth0Tenant",
	v1alpha1.ReasonTenantNotReady:                 "the Auth0Tenant cannot be used",
	v1alpha1.ReasonUnmanagedMembers:               "the guard waits: members hold no seat",
	v1alpha1.ReasonUnreadable:                     "a field cannot be read",
	v1alpha1.ReasonWithdrawing:                    "is being removed",
}

// inWords is a reason as people say it.
func inWords(reason string) string {
	if text, ok := words[reason]; ok {
		return text
	}
	var out strings.Builder
	for i, letter := range reason {
		if i > 0 && unicode.IsUpper(letter) {
			out.WriteByte(' ')
		}
		out.WriteRune(unicode.ToLower(letter))
	}
	return strings.ReplaceAll(out.String(), "auth0", "Auth0")
}
