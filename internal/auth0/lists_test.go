package auth0

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	. "github.com/onsi/gomega"
)

const membersPath = "/api/v2/organizations/org_1/members"

func memberRow(n int) map[string]any {
	return map[string]any{"user_id": fmt.Sprintf("okta|%d", n), "email": fmt.Sprintf("p%d@acme.com", n)}
}

// pagesOf answers a checkpoint list: the page for each `from`.
func (f *fakeAuth0) pagesOf(path string, pages map[string]any) {
	f.mux.HandleFunc("GET "+path, func(w http.ResponseWriter, r *http.Request) {
		page, ok := pages[r.URL.Query().Get("from")]
		if !ok {
			reply(w, http.StatusInternalServerError, refusal(http.StatusInternalServerError, "broken"))
			return
		}
		reply(w, http.StatusOK, page)
	})
}

func TestHandsOffHalfAListIsNoList(t *testing.T) {
	for name, pages := range map[string]map[string]any{
		"the second page fails":    {"": map[string]any{"members": []any{memberRow(1)}, "next": "a"}},
		"an answer without a list": {"": map[string]any{}},
		"the second has no list":   {"": map[string]any{"members": []any{memberRow(1)}, "next": "a"}, "a": map[string]any{}},
		"the answer is null":       {"": "null"},
		"a row without an id":      {"": map[string]any{"members": []any{memberRow(1), map[string]any{"email": "x@acme.com"}}}},
		"it goes round in a circle": {
			"":  map[string]any{"members": []any{memberRow(1)}, "next": "a"},
			"a": map[string]any{"members": []any{memberRow(2)}, "next": "a"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			auth0 := newFakeAuth0(t)
			auth0.grantTokens()
			auth0.pagesOf(membersPath, pages)
			members, err := auth0.client(t).Members(t.Context(), "org_1")
			g.Expect(KindOf(err)).To(Equal(KindUnknown), "%v", err)
			g.Expect(members).To(BeNil())
		})
	}
}

func TestHandsOffAnEmptyPageIsNotTheEnd(t *testing.T) {
	g := NewWithT(t)
	auth0 := newFakeAuth0(t)
	auth0.grantTokens()
	auth0.pagesOf(membersPath, map[string]any{
		"":  map[string]any{"members": []any{}, "next": "a"},
		"a": map[string]any{"members": []any{memberRow(1)}, "next": "b"},
		"b": map[string]any{"members": []any{}, "next": "c"},
		"c": map[string]any{"members": []any{memberRow(2)}},
	})
	members, err := auth0.client(t).Members(t.Context(), "org_1")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(members).To(Equal([]OrganizationMember{{"okta|1", "p1@acme.com"}, {"okta|2", "p2@acme.com"}}))
	g.Expect(auth0.requests()[0].Query).To(ContainSubstring("take=100"))
}

func TestInvitationsStopAtTheWindow(t *testing.T) {
	for name, c := range map[string]struct {
		stored    int
		want      int
		truncated bool
	}{
		"none":            {0, 0, false},
		"a short page":    {3, 3, false},
		"one full page":   {100, 100, false},
		"two and a bit":   {205, 205, false},
		"the full window": {1000, 1000, true},
		"beyond it":       {1300, 1000, true},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			auth0 := newFakeAuth0(t)
			auth0.grantTokens()
			auth0.mux.HandleFunc("GET "+invitationsPath, func(w http.ResponseWriter, r *http.Request) {
				var page int
				_, _ = fmt.Sscan(r.URL.Query().Get("page"), &page)
				if page >= 10 {
					reply(w, http.StatusBadRequest, refusal(http.StatusBadRequest, "Requesting page exceeds the allowed maximum of 1000 records"))
					return
				}
				rows := []any{}
				for n := page * 100; n < min(c.stored, page*100+100); n++ {
					rows = append(rows, map[string]any{
						"id": fmt.Sprintf("uinv_%d", n), "invitee": map[string]any{"email": "p@acme.com"}, "invitation_url": "https://app/?invitation=x",
						"created_at": "2026-11-22T12:00:00.000Z", "expires_at": "2026-11-23T12:00:00.000Z",
						"app_metadata": map[string]any{"seatwarden_org_1": "a.b.c", "other": 1},
					})
				}
				reply(w, http.StatusOK, map[string]any{"start": page * 100, "limit": len(rows), "invitations": rows})
			})
			invitations, truncated, err := auth0.client(t).Invitations(t.Context(), "org_1")
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(invitations).To(HaveLen(c.want))
			g.Expect(truncated).To(Equal(c.truncated))
			for _, invitation := range invitations {
				g.Expect(invitation.AppMetadata).To(Equal(map[string]string{"seatwarden_org_1": "a.b.c"}))
				g.Expect(invitation.ExpiresAt.Sub(invitation.CreatedAt)).To(Equal(24 * time.Hour))
			}
		})
	}
}

func TestHandsOffMetadataIsNeverEmptied(t *testing.T) {
	g := NewWithT(t)
	auth0 := newFakeAuth0(t)
	auth0.grantTokens()
	auth0.on("PATCH /api/v2/users/{id}", http.StatusOK, map[string]any{"user_id": "okta|1"})
	client := auth0.client(t)
	ctx := t.Context()

	g.Expect(KindOf(client.SetAppMetadata(ctx, "okta|1", "seatwarden_org_1", ""))).To(Equal(KindInvalid))
	g.Expect(KindOf(client.SetAppMetadata(ctx, "okta|1", "", "x"))).To(Equal(KindInvalid))
	g.Expect(KindOf(client.ClearAppMetadata(ctx, "okta|1", ""))).To(Equal(KindInvalid))
	_, err := client.UpdateOrganization(ctx, "org_1", OrganizationUpdate{Metadata: map[string]string{}})
	g.Expect(KindOf(err)).To(Equal(KindInvalid))
	g.Expect(auth0.requests()).To(BeEmpty())

	g.Expect(client.ClearAppMetadata(ctx, "okta|1", "seatwarden_org_1")).To(Succeed())
	g.Expect(client.SetAppMetadata(ctx, "okta|1", "seatwarden_org_1", "k.m.a")).To(Succeed())
	sent := auth0.requests()
	g.Expect(sent[0].Body).To(MatchJSON(`{"app_metadata":{"seatwarden_org_1":null}}`))
	g.Expect(sent[1].Body).To(MatchJSON(`{"app_metadata":{"seatwarden_org_1":"k.m.a"}}`))
}

func TestHandsOffEmptyIDsNameNothing(t *testing.T) {
	g := NewWithT(t)
	auth0 := newFakeAuth0(t)
	auth0.grantTokens()
	client := auth0.client(t)
	ctx := t.Context()
	for _, err := range []error{
		client.DeleteOrganization(ctx, ""),
		client.DeleteInvitation(ctx, "org_1", ""),
		client.DisableConnection(ctx, "org_1", ".."),
		client.RemoveMembers(ctx, "org_1", ""),
		client.RemoveMemberRoles(ctx, "org_1", "", "rol_1"),
	} {
		g.Expect(KindOf(err)).To(Equal(KindInvalid), "%v", err)
	}
	g.Expect(auth0.requests()).To(BeEmpty())
}
