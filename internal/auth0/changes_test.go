package auth0

import (
	"net/http"
	"strings"
	"testing"

	"github.com/go-logr/logr"
	"github.com/go-logr/logr/funcr"
	. "github.com/onsi/gomega"

	"github.com/seatwarden/seatwarden/internal/ownership"
)

// TestEachChangeIsLoggedOnce: what was changed and of whom, and nothing that was only
// read or refused; who reads the log learns nobody's address.
func TestEachChangeIsLoggedOnce(t *testing.T) {
	g := NewWithT(t)
	auth0 := newFakeAuth0(t)
	auth0.grantTokens()
	auth0.on("DELETE /api/v2/organizations/org_1/members", http.StatusNoContent, nil)
	auth0.on("GET /api/v2/users/{id}", http.StatusNotFound, refusal(http.StatusNotFound, "no such user"))
	auth0.on("DELETE /api/v2/users/{id}", http.StatusForbidden, refusal(http.StatusForbidden, "no scope"))
	auth0.mux.HandleFunc("PATCH /api/v2/users/{id}", hangUp)
	auth0.mux.HandleFunc("POST /api/v2/organizations/org_1/invitations", func(w http.ResponseWriter, _ *http.Request) {
		reply(w, http.StatusCreated, map[string]any{
			"id": "uinv_1", "organization_id": "org_1", "inviter": map[string]any{"name": "P"}, "invitee": map[string]any{"email": secretEmail},
			"invitation_url": "https://app.acme.com/login?invitation=" + secretTicket, "ticket_id": secretTicket, "client_id": "app",
			"created_at": "2026-01-01T00:00:00.000Z", "expires_at": "2026-01-02T00:00:00.000Z",
		})
	})
	var lines []string
	log := funcr.New(func(_, args string) { lines = append(lines, args) }, funcr.Options{})
	ctx := logr.NewContext(WithLane(t.Context(), LaneRemoval), log.WithValues("Member", "sales/jane"))
	client, user := auth0.client(t), "okta|"+secretEmail

	_, err := client.CreateInvitation(ctx, "org_1", InvitationCreate{Email: secretEmail, ClientID: "app", TTL: 60e9})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(client.RemoveMembers(ctx, "org_1", user)).To(Succeed())
	g.Expect(client.ClearAppMetadata(ctx, user, "seatwarden_org_1")).NotTo(Succeed())
	_, err = client.User(ctx, user)
	g.Expect(err).To(HaveOccurred())
	g.Expect(client.DeleteUser(ctx, user)).NotTo(Succeed())

	g.Expect(lines).To(HaveExactElements(
		And(ContainSubstring("Auth0 was changed"), ContainSubstring("/invitations"), ContainSubstring(`["org_1" "sha256:`+ownership.PersonRef(secretEmail)+`"]`)),
		And(ContainSubstring("Auth0 was changed"), ContainSubstring("DELETE /api/v2/organizations/{id}/members"), ContainSubstring("sales/jane")),
		And(ContainSubstring("may have been changed"), ContainSubstring("PATCH /api/v2/users/{id}"), ContainSubstring(`seatwarden_org_1`)),
	))
	expectClean(g, strings.Join(lines, "\n"))
}
