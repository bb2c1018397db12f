package standin_test

import (
	"fmt"
	"net/http"
	"net/url"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/seatwarden/seatwarden/internal/standin"
	"github.com/seatwarden/seatwarden/internal/standin/person"
)

// An invitation made through the Management API is mailed, accepted in the
// browser, seen by the Management API, and undone by it.
func TestRemovalThroughTheManagementAPI(t *testing.T) {
	g := NewWithT(t)
	s := standin.New(t)
	client, err := s.AddClient(standin.Client{Name: "portal", OrganizationUsage: "require"})
	g.Expect(err).NotTo(HaveOccurred())
	_, err = s.AddConnection(standin.Connection{Name: "acme-okta", Strategy: "okta",
		Directory: []standin.IdPPerson{{Email: "jane@acme.com"}}})
	g.Expect(err).NotTo(HaveOccurred())
	organization, err := s.AddOrganization(standin.OrganizationSeed{Name: "acme", Connections: []string{"acme-okta"}})
	g.Expect(err).NotTo(HaveOccurred())
	api := newAPI(t, s)
	jane := person.As{Connection: "acme-okta", Email: "jane@acme.com"}
	browser := func() *person.Person {
		p, err := person.New(person.Options{})
		g.Expect(err).NotTo(HaveOccurred())
		return p
	}

	api.must(http.StatusCreated, http.MethodPost, "/organizations/"+organization.ID+"/invitations", fmt.Sprintf(
		`{"inviter":{"name":"Acme"},"invitee":{"email":"jane@acme.com"},"client_id":%q,"app_metadata":{"plan":"gold"}}`, client.ClientID))
	mails := s.Outbox().MailsTo("jane@acme.com")
	g.Expect(mails).To(HaveLen(1))
	p := browser()
	session, err := p.OpenLink(t.Context(), mails[0].Link, jane)
	g.Expect(err).NotTo(HaveOccurred())
	userID := session.Claims["sub"].(string)
	user := api.must(http.StatusOK, http.MethodGet, "/users/"+url.PathEscape(userID), "")
	g.Expect(user.object).To(And(HaveKeyWithValue("email_verified", true), HaveKeyWithValue("app_metadata", HaveKeyWithValue("plan", "gold"))))
	g.Expect(api.must(http.StatusOK, http.MethodGet, "/organizations/"+organization.ID+"/members", "").list).To(HaveLen(1))
	g.Expect(api.must(http.StatusOK, http.MethodGet, "/organizations/"+organization.ID+"/invitations", "").list).To(BeEmpty())
	g.Expect(api.must(http.StatusOK, http.MethodGet, "/users/"+url.PathEscape(userID)+"/sessions", "").object).To(
		HaveKeyWithValue("sessions", HaveLen(1)))

	api.must(http.StatusNoContent, http.MethodDelete, "/organizations/"+organization.ID+"/members", fmt.Sprintf(`{"members":[%q]}`, userID))
	refusedAs := MatchError(&person.Refusal{Code: "access_denied",
		Description: "user " + userID + " is not part of the " + organization.ID + " organization"})
	_, err = p.UseSession(t.Context(), s.URL(), client.ClientID, organization.ID)
	g.Expect(err).To(refusedAs)
	_, err = browser().SignIn(t.Context(), s.URL(), client.ClientID, organization.ID, jane)
	g.Expect(err).To(refusedAs)
	_, err = browser().OpenLink(t.Context(), mails[0].Link, jane)
	g.Expect(err).To(MatchError(ContainSubstring("invitation not found or already used")))

	_, err = session.Refresh(t.Context())
	g.Expect(err).NotTo(HaveOccurred(), "without the guard a refresh token outlives the membership")
	api.must(http.StatusAccepted, http.MethodDelete, "/users/"+url.PathEscape(userID)+"/refresh-tokens", "")
	api.must(http.StatusAccepted, http.MethodDelete, "/users/"+url.PathEscape(userID)+"/sessions", "")
	_, err = session.Refresh(t.Context())
	g.Expect(err).To(MatchError(&person.Refusal{Code: "invalid_grant", Description: "Unknown or invalid refresh token."}))
	_, err = p.UseSession(t.Context(), s.URL(), client.ClientID, organization.ID)
	g.Expect(err).To(MatchError(&person.Refusal{Code: "login_required", Description: "Login required"}))
}
