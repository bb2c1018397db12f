package view

import (
	"encoding/json"
	"testing"

	. "github.com/onsi/gomega"
)

func TestSecretsAndPeopleAreNotInAReport(t *testing.T) {
	g := NewWithT(t)
	var objects []map[string]any
	g.Expect(json.Unmarshal([]byte(`[
		{"kind": "Member", "metadata": {"name": "acme-jane", "managedFields": [{}], "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "jane@acme.com", "seatwarden.dev/reconcile-requested-at": "x"}},
		 "spec": {"customerRef": {"name": "acme"}, "email": "Jane@acme.com"},
		 "status": {"users": [{"userID": "google-apps|jane@acme.com", "movedFrom": "0011223344556677"}], "conditions": [{"message": "the link of jane@acme.com, used up by bob@evil.example."}]}},
		{"kind": "Customer", "metadata": {"name": "acme"}, "spec": {"domains": ["acme.com"], "admins": [{"email": "it@acme.com"}]},
		 "status": {"conditions": [{"message": "the link was used up by Auth0 user oidc|sub42; o'neil@acme.com"}], "unmanaged": {"sample": [{"id": "auth0|tom"}]}}},
		{"kind": "Removal", "metadata": {"name": "acme-0f1e2d3c4b5a6978"}, "spec": {"email": "sue@acme.com", "member": {"name": "susan"}}, "status": {"carries": [{"name": "susi"}], "emails": ["Sue@acme.com"]}},
		{"kind": "Event", "metadata": {"name": "acme-jane.18f"}, "involvedObject": {"kind": "Member", "name": "acme-jane"}, "message": "Member acme-jane waits; tomorrow susan's"},
		{"kind": "Event", "metadata": {"name": "acme.18f"}, "involvedObject": {"kind": "Customer", "name": "acme"}, "message": "the user of removed Member acme-max was deleted in Auth0"},
		{"kind": "Event", "metadata": {"name": "x.18f"}, "involvedObject": {"kind": "Removal", "name": "acme-77aa77aa77aa77aa"}, "message": "nothing is taken"}
	]`), &objects)).To(Succeed())
	redactor := NewRedactor(objects)
	var all []map[string]any
	for _, object := range objects {
		all = append(all, redactor.Redact(object))
	}
	text, err := json.Marshal(all)
	g.Expect(err).NotTo(HaveOccurred())
	for _, word := range []string{"@", "jane", "Jane", "auth0|", "google-apps|", "last-applied", "managedFields", "0011", "0f1e", "77aa", "susan", "susi", "|tom", "evil", "sub42", "max", "neil"} {
		g.Expect(string(text)).NotTo(ContainSubstring(word))
	}
	g.Expect(all[0]).To(HaveKeyWithValue("spec", map[string]any{"customerRef": map[string]any{"name": "acme"}, "email": "person-1"}))
	g.Expect(all[3]).To(HaveKeyWithValue("message", MatchRegexp("Member member-1 waits; tomorrow member-\\d+'s")))
	g.Expect(string(text)).To(ContainSubstring("the link of person-1, used up by person-"), "one person has one number")
	g.Expect(string(text)).To(ContainSubstring(`"acme.com"`), "domains stay")
}
