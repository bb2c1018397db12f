package auth0

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
)

func TestRemovalGoesInTensAndNobodyHoldsUpTheOthers(t *testing.T) {
	g := NewWithT(t)
	auth0 := newFakeAuth0(t)
	auth0.grantTokens()
	removed := map[string]bool{}
	auth0.mux.HandleFunc("DELETE "+membersPath, func(w http.ResponseWriter, r *http.Request) {
		auth0.mu.Lock()
		defer auth0.mu.Unlock()
		var body struct{ Members []string }
		_ = json.Unmarshal([]byte(auth0.seen[len(auth0.seen)-1].Body), &body)
		switch {
		case len(body.Members) > 10:
			reply(w, http.StatusBadRequest, refusal(http.StatusBadRequest, "too many"))
		case strings.Contains(strings.Join(body.Members, " "), "okta|gone"):
			reply(w, http.StatusNotFound, refusal(http.StatusNotFound, "no such user"))
		default:
			for _, id := range body.Members {
				removed[id] = true
			}
			reply(w, http.StatusNoContent, nil)
		}
	})
	ids := []string{"okta|gone"}
	for n := range 24 {
		ids = append(ids, fmt.Sprintf("okta|%d", n))
	}
	g.Expect(auth0.client(t).RemoveMembers(WithLane(t.Context(), LaneRemoval), "org_1", ids...)).To(Succeed())
	g.Expect(removed).To(HaveLen(24))
}

func TestRemovalRevokesByWhatThePlanHas(t *testing.T) {
	refused := func(code string) map[string]any {
		body := refusal(http.StatusForbidden, "Insufficient scope, expected any of: delete:sessions")
		body["errorCode"] = code
		return body
	}
	credentials := map[string]any{"device_credentials": []any{map[string]any{"id": "dcr_1"}, map[string]any{"id": "dcr_2"}}}
	for name, c := range map[string]struct {
		revoke, list, remove int
		revoked              bool
		err                  Kind
		deleted              int
	}{
		"enterprise":                 {revoke: http.StatusAccepted, revoked: true},
		"user is gone":               {revoke: http.StatusNotFound, revoked: true},
		"professional":               {revoke: http.StatusForbidden, list: http.StatusOK, remove: http.StatusNoContent, revoked: true, deleted: 4},
		"neither":                    {revoke: http.StatusForbidden, list: http.StatusForbidden},
		"credentials are gone":       {revoke: http.StatusForbidden, list: http.StatusOK, remove: http.StatusNotFound, revoked: true, deleted: 4},
		"may not delete credentials": {revoke: http.StatusForbidden, list: http.StatusOK, remove: http.StatusForbidden, deleted: 1},
		"out of order":               {revoke: http.StatusServiceUnavailable, err: KindUnknown},
		"fallback out of order":      {revoke: http.StatusForbidden, list: http.StatusServiceUnavailable, err: KindUnknown},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			auth0 := newFakeAuth0(t)
			auth0.grantTokens()
			answer := func(status int, good any) any {
				if status == http.StatusForbidden {
					return refused("insufficient_entitlement")
				}
				if status >= 300 {
					return refusal(status, "no")
				}
				return good
			}
			auth0.on("POST /api/v2/users/{id}/revoke-access", c.revoke, answer(c.revoke, "{}"))
			auth0.on("GET /api/v2/device-credentials", max(c.list, 200), answer(c.list, credentials))
			auth0.on("DELETE /api/v2/device-credentials/{id}", max(c.remove, 200), answer(c.remove, nil))
			revoked, err := auth0.client(t).RevokeAccess(t.Context(), "okta|1")
			if c.err == "" {
				g.Expect(err).NotTo(HaveOccurred())
			} else {
				g.Expect(KindOf(err)).To(Equal(c.err))
			}
			g.Expect(revoked).To(Equal(c.revoked))
			deletes := auth0.filtered(func(s seen) bool { return strings.HasPrefix(s.Route, "DELETE /api/v2/device-credentials/") })
			g.Expect(deletes).To(HaveLen(c.deleted))
		})
	}
}

func TestRemovalTakesWhatIsGoneForDone(t *testing.T) {
	g := NewWithT(t)
	auth0 := newFakeAuth0(t)
	auth0.grantTokens()
	auth0.on("DELETE "+invitationsPath+"/uinv_1", http.StatusNotFound, refusal(http.StatusNotFound, "The invitation does not exist."))
	auth0.on("PATCH /api/v2/users/{id}", http.StatusNotFound, refusal(http.StatusNotFound, "The user does not exist."))
	auth0.on("DELETE "+membersPath, http.StatusNotFound, refusal(http.StatusNotFound, "No organization found by that id"))
	client := auth0.client(t)
	g.Expect(client.DeleteInvitation(t.Context(), "org_1", "uinv_1")).To(Succeed())
	g.Expect(client.ClearAppMetadata(t.Context(), "okta|1", "seatwarden_org_1")).To(Succeed())
	g.Expect(client.RemoveMembers(t.Context(), "org_1", "okta|1", "okta|2")).To(Succeed())
	g.Expect(IsNotFound(client.SetAppMetadata(t.Context(), "okta|1", "seatwarden_org_1", "x"))).To(BeTrue())
}
