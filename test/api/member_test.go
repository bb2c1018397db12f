package api_test

import (
	"fmt"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/internal/controlplane/envtesting"
)

const emailRule = "an e-mail address is written like jane@acme.com: ASCII without spaces or quotes, internationalised domains as xn--"

// longDomain has 189 characters.
var longDomain = strings.Join([]string{strings.Repeat("a", 63), strings.Repeat("b", 63), strings.Repeat("c", 57), "com"}, ".")

var memberFields = []fieldCase{
	{"missing", "spec.customerRef", absent, "spec.customerRef: Required value"},
	{"missing", "spec.customerRef.name", absent, "spec.customerRef.name: Required value"},
	{"empty", "spec.customerRef.name", "", "spec.customerRef.name in body should be at least 1 chars long"},
	{"one to come", "spec.customerRef.name", "later", ""},
	{"longest", "spec.customerRef.name", strings.Repeat("a", 63), ""},
	{"too long", "spec.customerRef.name", strings.Repeat("a", 64), "spec.customerRef.name: Too long: may not be more than 63 bytes"},

	{"plain", "spec.email", "jane@acme.com", ""},
	{"plus tag", "spec.email", "jane+portal@acme.com", ""},
	{"dots", "spec.email", "jane.q.doe@mail.acme.co.uk", ""},
	{"apostrophe", "spec.email", "o'neil@acme.com", ""},
	{"internationalised domain", "spec.email", "jane@xn--bcher-kva.example", ""},
	{"internationalised top level", "spec.email", "jane@acme.xn--p1ai", ""},
	{"upper case", "spec.email", "Jane.Doe@ACME.COM", ""},
	{"longest", "spec.email", strings.Repeat("j", 64) + "@" + longDomain, ""},
	{"too long", "spec.email", strings.Repeat("j", 65) + "@" + longDomain, "spec.email: Too long: may not be more than 254 bytes"},
	{"missing", "spec.email", absent, "spec.email: Required value"},
	{"empty", "spec.email", "", emailRule},
	{"no at", "spec.email", "acme.com", emailRule},
	{"two ats", "spec.email", "jane@beta.com@acme.com", emailRule},
	{"nobody", "spec.email", "@acme.com", emailRule},
	{"quoted", "spec.email", `"jane doe"@acme.com`, emailRule},
	{"quote", "spec.email", `jane"@acme.com`, emailRule},
	{"angle brackets", "spec.email", "Jane <jane@acme.com>", emailRule},
	{"backtick", "spec.email", "jane`@acme.com", emailRule},
	{"backslash", "spec.email", `ja\ne@acme.com`, emailRule},
	{"Kelvin sign", "spec.email", "fran\u212A@acme.com", emailRule},
	{"Kelvin sign in the domain", "spec.email", "jane@\u212Aelvin.com", emailRule},
	{"umlaut", "spec.email", "jürgen@acme.com", emailRule},
	{"umlaut in the domain", "spec.email", "jane@bücher.example", emailRule},
	{"full-width at", "spec.email", "jane\uFF20acme.com", emailRule},
	{"dot after the domain", "spec.email", "jane@acme.com.", emailRule},
	{"dot before the at", "spec.email", "jane.@acme.com", emailRule},
	{"dot first", "spec.email", ".jane@acme.com", emailRule},
	{"two dots", "spec.email", "jane..doe@acme.com", emailRule},
	{"two dots in the domain", "spec.email", "jane@acme..com", emailRule},
	{"no top level", "spec.email", "jane@acme", emailRule},
	{"top level of one letter", "spec.email", "jane@acme.c", emailRule},
	{"number for a domain", "spec.email", "jane@192.0.2.1", emailRule},
	{"address literal", "spec.email", "jane@[192.0.2.1]", emailRule},
	{"space", "spec.email", "jane doe@acme.com", emailRule},
	{"space first", "spec.email", " jane@acme.com", emailRule},
	{"space last", "spec.email", "jane@acme.com ", emailRule},
	{"line after it", "spec.email", "jane@acme.com\n", emailRule},
	{"two people", "spec.email", "jane@acme.com,joe@acme.com", emailRule},
	{"dash before a dot", "spec.email", "jane@acme-.com", emailRule},
	{"dash first", "spec.email", "jane@-acme.com", emailRule},
	{"long label", "spec.email", "jane@" + strings.Repeat("a", 64) + ".com", emailRule},

	{"none", "spec.roles", []any{}, ""},
	{"some", "spec.roles", []any{"Reader", "Billing admin"}, ""},
	{"most", "spec.roles", roles(50), ""},
	{"too many", "spec.roles", roles(51), "spec.roles: Too many: 51: must have at most 50 items"},
	{"twice", "spec.roles", []any{"Reader", "Reader"}, `spec.roles[1]: Duplicate value: "Reader"`},
	{"empty", "spec.roles", []any{""}, "spec.roles[0] in body should be at least 1 chars long"},
	{"longest", "spec.roles", []any{strings.Repeat("r", 200)}, ""},
	{"too long", "spec.roles", []any{strings.Repeat("r", 201)}, "spec.roles[0]: Too long: may not be more than 200 bytes"},

	{"unknown field", "spec.mail", "jane@acme.com", `unknown field "spec.mail"`},
}

func roles(n int) []any {
	return list(n, func(i int) any { return fmt.Sprintf("role-%d", i) })
}

func TestFieldsOfAMember(t *testing.T) { checkFields(t, "Member", memberFields) }

func TestChangesOfAMember(t *testing.T) {
	checkChanges(t, "Member", []changeCase{
		{"another", "spec.customerRef.name", "acme", "beta", "customerRef cannot be changed: delete the Member and create one for the other Customer"},
		{"another", "spec.email", "jane@acme.com", "joe@acme.com", "email cannot be changed: create a Member with the new address, then delete this one"},
		{"another case", "spec.email", "jane@acme.com", "Jane@acme.com", "email cannot be changed"},
		{"given", "spec.roles", absent, []any{"Reader"}, ""},
		{"others", "spec.roles", []any{"Reader"}, []any{"Writer"}, ""},
		{"taken", "spec.roles", []any{"Reader"}, absent, ""},
	})
}

func TestDefaultsOfAMember(t *testing.T) {
	g := NewWithT(t)
	object := minimal("Member", envtesting.Namespace(t))
	g.Expect(newClient(g).Create(t.Context(), object)).To(Succeed())
	g.Expect(object.Object["spec"]).To(Equal(minimal("Member", "").Object["spec"]), "nothing is added")
}

func TestRolesOfAMemberHaveSeveralAuthors(t *testing.T) {
	g := NewWithT(t)
	namespace := envtesting.Namespace(t)
	for _, author := range []string{"one", "two"} {
		applyAs(t, author, fmt.Sprintf(`{apiVersion: seatwarden.dev/v1alpha1, kind: Member, metadata: {name: jane, namespace: %s},
			spec: {customerRef: {name: acme}, email: jane@acme.com, roles: [%s, both]}}`, namespace, author))
	}
	out, err := envtesting.ControlPlane().Kubectl(t.Context(), "get", "mbr", "jane", "-n", namespace, "-o", "jsonpath={.spec.roles[*]}")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(strings.Fields(out)).To(ConsistOf("one", "two", "both"))
}

func TestMembersAreListedByCustomer(t *testing.T) {
	g := NewWithT(t)
	c := newClient(g)
	namespace := envtesting.Namespace(t)
	for i, customer := range []string{"acme", "beta", "acme"} {
		object := minimal("Member", namespace)
		object.SetGenerateName("")
		object.SetName(fmt.Sprintf("member-%d", i))
		set(object.Object, "spec.customerRef.name", customer)
		g.Expect(c.Create(t.Context(), object)).To(Succeed())
	}
	var members v1alpha1.MemberList
	g.Expect(c.List(t.Context(), &members, client.InNamespace(namespace), client.MatchingFields{v1alpha1.FieldCustomerRef: "acme"})).To(Succeed())
	var names []string
	for _, member := range members.Items {
		names = append(names, member.Name)
	}
	g.Expect(names).To(ConsistOf("member-0", "member-2"))
	g.Expect(envtesting.ControlPlane().Kubectl(t.Context(), "get", "members", "-n", namespace,
		"--field-selector", "spec.customerRef.name=beta", "-o", "name")).To(Equal("member.seatwarden.dev/member-1\n"))
}
