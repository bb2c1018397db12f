package view

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/cmd/kubectl-seats/people"
	"github.com/seatwarden/seatwarden/internal/ownership"
)

// Organization is what exists in Auth0.
type Organization struct {
	ID, Name, DisplayName string
	// Owner is the mark of the Customer that has it, empty where none does.
	Owner       string
	Connections []OrganizationConnection
	Members     []OrganizationMember
}

// OrganizationConnection is a connection that is enabled for an organization.
type OrganizationConnection struct {
	Name                      string
	MembershipOnLogin, Signup bool
}

// OrganizationMember is a member of an organization.
type OrganizationMember struct{ UserID, Email string }

// What the API server takes.
const (
	mostDomains    = 50
	mostAdopted    = 100
	longestDisplay = 100
	mostSeats      = 100000
)

// Export writes organizations as Customers and Members that adopt them. What a person
// has to look at stands beside it as a comment.
func Export(tenant, namespace string, organizations []Organization) (string, error) {
	var out strings.Builder
	var adopt []string
	names := map[string]bool{}
	slices.SortFunc(organizations, func(a, b Organization) int { return strings.Compare(a.Name, b.Name) })
	for i := range organizations {
		organization := &organizations[i]
		text, adopted, err := exportOne(tenant, namespace, organization, names)
		if err != nil {
			return "", err
		}
		if adopted {
			adopt = append(adopt, organization.Name)
		}
		out.WriteString(text)
	}
	return exportHead(tenant, namespace, adopt) + out.String(), nil
}

// exportHead says what to do with the rest.
func exportHead(tenant, namespace string, adopt []string) string {
	if len(adopt) == 0 {
		return fmt.Sprintf("# There is nothing to adopt in Auth0Tenant %s.\n", tenant)
	}
	text := "# Before you apply this:\n" +
		"# 1. Put the contract's seats, domains and admins in the place of those below, which were\n" +
		"#    taken from who is a member now.\n" +
		fmt.Sprintf("# 2. Let namespace %s adopt the organizations, in Auth0Tenant %s:\n", namespace, tenant) +
		fmt.Sprintf("#      spec:\n#        namespaces:\n#        - name: %s\n#          trust: Full\n#          adopt: [%s]\n", namespace, strings.Join(adopt, ", "))
	if len(adopt) > mostAdopted {
		text += fmt.Sprintf("#    A namespace adopts at most %d at a time; these are %d.\n", mostAdopted, len(adopt))
	}
	return text + "# Nobody who is a member gets a mail.\n"
}

func exportOne(tenant, namespace string, organization *Organization, names map[string]bool) (text string, adopted bool, err error) {
	if organization.Owner != "" {
		return fmt.Sprintf("\n# Organization %s is left out: it has an owner, %s.\n", organization.Name, comment(organization.Owner)), false, nil
	}
	persons, comments := personsOf(organization)
	if len(persons) == 0 {
		return fmt.Sprintf("\n# Organization %s is left out: it has no member with an e-mail address, and a Customer needs an admin.\n", organization.Name), false, nil
	}
	customer := customerName(organization.Name, names)
	spec := v1alpha1.CustomerSpec{
		TenantRef:    v1alpha1.TenantRef{Name: tenant},
		Organization: &v1alpha1.OrganizationSpec{Name: organization.Name, Adoption: v1alpha1.AdoptionIfListed},
		Seats:        int32(min(len(persons), mostSeats)),
		Admins:       []v1alpha1.Admin{{Email: v1alpha1.Email(persons[0])}},
	}
	if display := organization.DisplayName; displayable(display) {
		spec.DisplayName = display
	} else if display != "" {
		comments = append(comments, "the display name is left out, for a Customer's may not hold its characters: it would be written anew")
	}
	var more []string
	spec.Domains, persons, more = domainsOf(persons)
	comments = append(comments, more...)
	for _, connection := range organization.Connections {
		if connection.MembershipOnLogin || connection.Signup {
			comments = append(comments, fmt.Sprintf("connection %s is left out: it makes members of people who sign in, which declaring it turns off", comment(connection.Name)))
			continue
		}
		spec.Connections = append(spec.Connections, v1alpha1.Connection{Name: connection.Name, Type: v1alpha1.ConnectionExisting})
	}
	manifest, err := manifest("Customer", namespace, customer, spec)
	if err != nil {
		return "", false, err
	}
	text = "---\n"
	for _, line := range comments {
		text += "# " + line + "\n"
	}
	text += manifest
	for _, email := range persons {
		name := people.MemberName(customer, email, func(name string) bool { return names["member "+name] })
		names["member "+name] = true
		manifest, err := exportMember(namespace, name, customer, email)
		if err != nil {
			return "", false, err
		}
		text += manifest
	}
	return text, true, nil
}

func exportMember(namespace, name, customer, email string) (string, error) {
	text, err := manifest("Member", namespace, name, v1alpha1.MemberSpec{
		CustomerRef: v1alpha1.CustomerRef{Name: customer}, Email: v1alpha1.Email(email)})
	return "---\n" + text, err
}

// personsOf are the addresses of an organization's members, each once, and what is to be
// said of the others.
func personsOf(organization *Organization) (emails, comments []string) {
	seen, without := map[string]bool{}, 0
	for _, member := range organization.Members {
		ref := ownership.PersonRef(member.Email)
		switch {
		case people.CheckEmail(member.Email) != "":
			without++
		case !seen[ref]:
			seen[ref] = true
			emails = append(emails, member.Email)
		}
	}
	slices.Sort(emails)
	if without > 0 {
		comments = append(comments, fmt.Sprintf("%d of %d members are left out: Auth0 tells no usable e-mail address of them", without, len(organization.Members)))
	}
	return emails, comments
}

// domainsOf are the domains of addresses, and who is inside as many as a Customer takes.
func domainsOf(emails []string) (domains []v1alpha1.DomainPattern, inside, comments []string) {
	left := 0
	for _, email := range emails {
		domain := v1alpha1.DomainPattern(ownership.FoldEmail(email[strings.LastIndexByte(email, '@')+1:]))
		if !slices.Contains(domains, domain) {
			if len(domains) == mostDomains {
				left++
				continue
			}
			domains = append(domains, domain)
		}
		inside = append(inside, email)
	}
	if left > 0 {
		comments = append(comments, fmt.Sprintf("%d people are left out: they are of more than %d domains", left, mostDomains))
	}
	return domains, inside, comments
}

var notInCustomerNames = regexp.MustCompile(`[^a-z0-9-]+`)

// customerName is the organization's own where Kubernetes takes it.
func customerName(organization string, taken map[string]bool) string {
	name := strings.Trim(notInCustomerNames.ReplaceAllString(organization, "-"), "-")
	for base, n := name, 2; taken[name] || name == ""; n++ {
		name = fmt.Sprintf("%s-%d", base, n)
	}
	taken[name] = true
	return name
}

var undisplayable = regexp.MustCompile(`[\x00-\x1f\x7f<>"{}]|://`)

func displayable(name string) bool {
	return name != "" && len([]rune(name)) <= longestDisplay && !undisplayable.MatchString(name)
}

// comment keeps what others wrote from ending a comment.
func comment(text string) string { return Clean(text) }

func manifest(kind, namespace, name string, spec any) (string, error) {
	text, err := yaml.Marshal(map[string]any{
		"apiVersion": v1alpha1.GroupVersion.String(), "kind": kind,
		"metadata": map[string]any{"name": name, "namespace": namespace}, "spec": spec,
	})
	return string(text), err
}
