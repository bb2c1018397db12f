// Package people decides who of a list of addresses gets a Member, and under which
// name: pure.
package people

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/internal/ownership"
)

// Person is somebody who is to be declared.
type Person struct {
	// Row of the file, 0 where there is none.
	Row   int
	Email string
	Roles []string
	// Name that the Member is to have; empty: one is chosen.
	Name string
	// Refused is why the row cannot be used, empty where it can.
	Refused string
}

// Decision is what is to be done about a Person.
type Decision struct {
	Person
	// Member to be created, nil where none is.
	Member *v1alpha1.Member
	// Existing is the name of the Member that declares the person already.
	Existing string
}

var emailShape = regexp.MustCompile(`^[A-Za-z0-9.!#$%&'*+/=?^_{|}~` + "`" + `-]{1,64}@([A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?$`)

// longestEmail is what the API server takes.
const longestEmail = 254

// Decide says of each person which Member is to be created. members are those of the
// Customer, named tells whether a name is taken in the namespace.
func Decide(customer *v1alpha1.Customer, members []v1alpha1.Member, named func(string) bool, persons []Person) []Decision {
	declared, chosen, rows := map[string]*v1alpha1.Member{}, map[string]bool{}, map[string]int{}
	for i := range members {
		if members[i].DeletionTimestamp.IsZero() {
			declared[ownership.PersonRef(string(members[i].Spec.Email))] = &members[i]
		}
	}
	decisions := make([]Decision, 0, len(persons))
	for _, person := range persons {
		decision := Decision{Person: person}
		if decision.Refused == "" {
			decision.Refused = refuse(customer, person)
		}
		ref := ownership.PersonRef(person.Email)
		row, before := rows[ref]
		switch {
		case decision.Refused != "":
		case before:
			decision.Refused = "the same address as " + rowOrArgument(row)
		default:
			rows[ref] = person.Row
			decision.declare(customer, declared[ref], func(name string) bool { return chosen[name] || named(name) })
			if decision.Member != nil {
				chosen[decision.Member.Name] = true
			}
		}
		decisions = append(decisions, decision)
	}
	return decisions
}

// declare chooses the Member of a person, or finds the one that is there.
func (d *Decision) declare(customer *v1alpha1.Customer, existing *v1alpha1.Member, taken func(string) bool) {
	if existing != nil {
		d.Existing = existing.Name
		return
	}
	name := d.Name
	switch {
	case name == "":
		name = MemberName(customer.Name, d.Email, taken)
	case taken(name):
		d.Refused = fmt.Sprintf("the name %s is another Member's", name)
		return
	}
	roles := make([]v1alpha1.RoleName, 0, len(d.Roles))
	for _, role := range d.Roles {
		roles = append(roles, v1alpha1.RoleName(role))
	}
	d.Member = &v1alpha1.Member{
		TypeMeta:   metav1.TypeMeta{APIVersion: v1alpha1.GroupVersion.String(), Kind: "Member"},
		ObjectMeta: metav1.ObjectMeta{Namespace: customer.Namespace, Name: name},
		Spec:       v1alpha1.MemberSpec{CustomerRef: v1alpha1.CustomerRef{Name: customer.Name}, Email: v1alpha1.Email(d.Email), Roles: roles},
	}
}

func rowOrArgument(row int) string {
	if row == 0 {
		return "one before"
	}
	return fmt.Sprintf("row %d", row)
}

// refuse says what is wrong with a person, empty where nothing is. What it lets
// through the API server may still refuse.
func refuse(customer *v1alpha1.Customer, person Person) string {
	if problem := CheckEmail(person.Email); problem != "" {
		return problem
	}
	domains := make([]string, 0, len(customer.Spec.Domains))
	for _, domain := range customer.Spec.Domains {
		domains = append(domains, string(domain))
	}
	if !ownership.InDomains(person.Email, domains) {
		return fmt.Sprintf("lies outside the domains of Customer %s (%s)", customer.Name, strings.Join(domains, ", "))
	}
	for _, role := range person.Roles {
		if customer.Spec.Roles == nil || !slices.Contains(customer.Spec.Roles.Allowed, v1alpha1.RoleName(role)) {
			return fmt.Sprintf("role %s is not in the roles.allowed of Customer %s", role, customer.Name)
		}
	}
	return ""
}

// CheckEmail says what is wrong with an address, empty where nothing is.
func CheckEmail(email string) string {
	switch {
	case email == "":
		return "there is no address"
	case len(email) > longestEmail:
		return fmt.Sprintf("the address is longer than %d characters", longestEmail)
	case !emailShape.MatchString(email):
		return "this is no e-mail address"
	}
	return ""
}

var notInNames = regexp.MustCompile(`[^a-z0-9]+`)

// MemberName is the name of a new Member: the Customer's and what stands before the @,
// with a few characters more where that is taken.
func MemberName(customer, email string, taken func(string) bool) string {
	local, _, _ := strings.Cut(ownership.FoldEmail(email), "@")
	name := customer
	if slug := strings.Trim(notInNames.ReplaceAllString(local, "-"), "-"); slug != "" {
		if name += "-" + slug; !taken(name) {
			return name
		}
	}
	return name + "-" + ownership.PersonRef(email)[:8]
}
