package people

import (
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
)

func acme() *v1alpha1.Customer {
	return &v1alpha1.Customer{
		ObjectMeta: metav1.ObjectMeta{Namespace: "sales", Name: "acme"},
		Spec:       v1alpha1.CustomerSpec{Domains: []v1alpha1.DomainPattern{"acme.com", "*.acme.io"}, Roles: &v1alpha1.CustomerRoles{Allowed: []v1alpha1.RoleName{"Reader"}}},
	}
}

func free(string) bool { return false }

func TestNameOfANewMember(t *testing.T) {
	for email, want := range map[string]string{
		"jane@acme.com":         "^acme-jane$",
		"Jane.Doe+x@acme.com":   "^acme-jane-doe-x$",
		"o'neil@berlin.acme.io": "^acme-o-neil$",
		"taken@acme.com":        "^acme-taken-[0-9a-f]{8}$",
		"__@acme.com":           "^acme-[0-9a-f]{8}$",
	} {
		got := MemberName("acme", email, func(name string) bool { return name == "acme-taken" })
		NewWithT(t).Expect(got).To(MatchRegexp(want), email)
	}
}

func TestNobodyIsDeclaredTwice(t *testing.T) {
	g := NewWithT(t)
	members := []v1alpha1.Member{{ObjectMeta: metav1.ObjectMeta{Name: "jane"}, Spec: v1alpha1.MemberSpec{Email: "jane@acme.com"}}}
	got := Decide(acme(), members, free, []Person{
		{Row: 2, Email: "JANE@acme.com"}, {Row: 3, Email: "joe@acme.com"}, {Row: 4, Email: "Joe@acme.com"}, {Row: 5, Email: "joe@a.acme.io"},
	})
	g.Expect(got[0].Existing).To(Equal("jane"))
	g.Expect(got[0].Member).To(BeNil())
	g.Expect(got[1].Member.Name).To(Equal("acme-joe"))
	g.Expect(got[2].Refused).To(Equal("the same address as row 3"))
	g.Expect(got[3].Member.Name).To(HavePrefix("acme-joe-"), "another person with the same name before the @")
}

func TestWhoCannotBeDeclaredIsToldWhy(t *testing.T) {
	for why, person := range map[string]Person{
		"there is no address":       {},
		"this is no e-mail address": {Email: "jane at acme"},
		"lies outside the domains of Customer acme (acme.com, *.acme.io)": {Email: "jane@acme.io"},
		"role Boss is not in the roles.allowed of Customer acme":          {Email: "jane@acme.com", Roles: []string{"Boss"}},
		"the name used is another Member's":                               {Email: "jane@acme.com", Name: "used"},
		"the address is longer than 254 characters":                       {Email: strings.Repeat("a", 250) + "@acme.com"},
	} {
		got := Decide(acme(), nil, func(name string) bool { return name == "used" }, []Person{person})
		NewWithT(t).Expect(got[0].Refused).To(Equal(why))
		NewWithT(t).Expect(got[0].Member).To(BeNil())
	}
}

func TestWhoIsBeingRemovedMayBeDeclaredAnew(t *testing.T) {
	leaving := v1alpha1.Member{Spec: v1alpha1.MemberSpec{Email: "jane@acme.com"}}
	leaving.Name, leaving.DeletionTimestamp = "acme-jane", &metav1.Time{}
	leaving.DeletionTimestamp.Time = metav1.Now().Time
	got := Decide(acme(), []v1alpha1.Member{leaving}, func(name string) bool { return name == "acme-jane" }, []Person{{Email: "jane@acme.com"}})
	NewWithT(t).Expect(got[0].Member.Name).To(HavePrefix("acme-jane-"))
}

func TestCSVAsSpreadsheetsWriteIt(t *testing.T) {
	for name, text := range map[string]string{
		"commas":            "email,roles\njane@acme.com,\"Reader, Boss\"\n",
		"semicolons":        "E-Mail;Rolle\njane@acme.com;Reader|Boss\n",
		"byte order mark":   "\xef\xbb\xbfEmail Address,Role\r\njane@acme.com,Reader;Boss\r\n",
		"tabs":              "mail\trole\njane@acme.com\tReader,Boss\n",
		"more columns":      "Department,e_mail,Roles\n=SUM(A1),jane@acme.com,\"Reader,Boss,Reader\"\n",
		"blanks and no end": "email , roles\n jane@acme.com , Reader|Boss",
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			persons, err := ReadCSV([]byte(text))
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(persons).To(Equal([]Person{{Row: 2, Email: "jane@acme.com", Roles: []string{"Reader", "Boss"}}}))
		})
	}
}

func TestCSVRowsAreRefusedOneByOne(t *testing.T) {
	g := NewWithT(t)
	persons, err := ReadCSV([]byte("email,roles\na@acme.com,Reader\n=cmd|'/c calc'!A1,Reader\nb@acme.com\n\n\"c@acme.com\",\"Reader\n\"\nd@acme.com,@SUM(1)\n"))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(persons).To(HaveLen(5))
	g.Expect(persons[0].Refused).To(BeEmpty())
	g.Expect(persons[1].Refused).To(Equal("holds a formula: only values are taken"))
	g.Expect(persons[2].Refused).To(Equal("has 1 fields where the header has 2"))
	g.Expect(persons[3]).To(Equal(Person{Row: 6, Email: "c@acme.com", Roles: []string{"Reader"}}), "a row is called by its line")
	g.Expect(persons[4].Refused).To(ContainSubstring("formula"))
}

func TestCSVThatCannotBeReadIsRefusedAsAWhole(t *testing.T) {
	for why, text := range map[string]string{
		"the file is empty":                    "",
		"names no column email (it has: a, b)": "a,b\n1,2\n",
		"two columns for email":                "email,mail\na,b\n",
		"the file is no CSV":                   "email\na@acme.com\n\"b@acme.com\n",
		"not UTF-8":                            "email\nj\xfcrgen@acme.com\n",
		"this is a spreadsheet":                "PK\x03\x04rest",
		"more than 4 MiB":                      strings.Repeat("a", LargestFile+1),
		"more than 20000: split it":            "email\n" + strings.Repeat("a\n", MostRows+1),
	} {
		persons, err := ReadCSV([]byte(text))
		NewWithT(t).Expect(err).To(MatchError(ContainSubstring(why)))
		NewWithT(t).Expect(persons).To(BeNil())
	}
}

func FuzzReadCSV(f *testing.F) {
	f.Add("email,roles\na@acme.com,Reader\n")
	f.Fuzz(func(t *testing.T, text string) {
		persons, err := ReadCSV([]byte(text))
		if err != nil && persons != nil {
			t.Error("half-read")
		}
		for _, decision := range Decide(acme(), nil, free, persons) {
			if (decision.Member == nil) == (decision.Refused == "") {
				t.Errorf("neither refused nor declared: %+v", decision)
			}
		}
	})
}
