package auth0

import (
	"net/http"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	"github.com/prometheus/client_golang/prometheus"
)

// private data as it can turn up in paths, queries, bodies and answers.
const (
	secretEmail  = "jane.doe@acme.com"
	secretTicket = "AbCdEfGhIjKlMnOpQrStUvWxYz012345"
	secretToken  = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJqYW5lIn0.c2lnbmF0dXJl-of_a_token"
)

func expectClean(g Gomega, text string) {
	for _, secret := range []string{secretEmail, "jane.doe", "%40", "acme.com", secretTicket, secretToken, testSecret, "invitation="} {
		g.ExpectWithOffset(1, text).NotTo(ContainSubstring(secret))
	}
}

func TestSecretsNotInErrors(t *testing.T) {
	message := "user google-apps|" + secretEmail + " holds https://app.acme.com/login?invitation=" + secretTicket +
		"&organization=org_1 and " + secretTicket + " and Bearer " + secretToken + " and google-apps%7Cjane.doe%40acme.com"
	answers := map[string]http.HandlerFunc{
		"refused": func(w http.ResponseWriter, _ *http.Request) {
			reply(w, http.StatusBadRequest, refusal(http.StatusBadRequest, message))
		},
		"forbidden": func(w http.ResponseWriter, _ *http.Request) {
			reply(w, http.StatusForbidden, refusal(http.StatusForbidden, message))
		},
		"limited": func(w http.ResponseWriter, _ *http.Request) {
			reply(w, http.StatusTooManyRequests, refusal(http.StatusTooManyRequests, message))
		},
		"broken":   func(w http.ResponseWriter, _ *http.Request) { reply(w, http.StatusInternalServerError, message) },
		"not json": func(w http.ResponseWriter, _ *http.Request) { reply(w, http.StatusOK, message) },
		"odd types": func(w http.ResponseWriter, _ *http.Request) {
			reply(w, http.StatusOK, `{"user_id":["`+secretEmail+`"],"created_at":"`+secretTicket+`"}`)
		},
		"no answer": hangUp,
		"unauthorised": func(w http.ResponseWriter, _ *http.Request) {
			reply(w, http.StatusUnauthorized, map[string]any{"error": secretToken, "error_description": message})
		},
	}
	for name, answer := range answers {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			auth0 := newFakeAuth0(t)
			auth0.grantTokens()
			auth0.mux.HandleFunc("/api/v2/", answer)
			client := auth0.client(t)
			ctx := WithLane(t.Context(), LaneRemoval)
			_, byEmail := client.UsersByEmail(ctx, secretEmail)
			_, byID := client.User(ctx, "google-apps|"+secretEmail)
			_, sent := client.CreateInvitation(ctx, "org_1", InvitationCreate{Email: secretEmail, ClientID: "app", TTL: 60e9})
			for _, err := range []error{byEmail, byID, sent, client.ClearAppMetadata(ctx, "google-apps|"+secretEmail, "k")} {
				g.Expect(err).To(HaveOccurred())
				expectClean(g, err.Error())
				var failed *Error
				g.Expect(err).To(BeAssignableToTypeOf(failed))
			}
			expectClean(g, metricLabels(g))
		})
	}
	NewWithT(t).Expect(metricLabels(NewWithT(t))).To(ContainSubstring("route=GET /api/v2/users/{id}\n"), "the calls are counted")
}

func TestSecretsOfTheTokenEndpointNotInErrors(t *testing.T) {
	g := NewWithT(t)
	auth0 := newFakeAuth0(t)
	auth0.on("POST /oauth/token", http.StatusUnauthorized, map[string]any{"error": "access_denied", "error_description": "secret " + testSecret + "-and-much-longer-" + secretToken})
	_, err := auth0.client(t).Scopes(t.Context())
	g.Expect(err).To(HaveOccurred())
	expectClean(g, err.Error())
}

// metricLabels are the labels of every series that there is.
func metricLabels(g Gomega) string {
	registry := prometheus.NewRegistry()
	registry.MustRegister(Collectors()...)
	families, err := registry.Gather()
	g.Expect(err).NotTo(HaveOccurred())
	var text strings.Builder
	for _, family := range families {
		for _, metric := range family.GetMetric() {
			for _, label := range metric.GetLabel() {
				text.WriteString(label.GetName() + "=" + label.GetValue() + "\n")
			}
		}
	}
	return text.String()
}

func TestScrub(t *testing.T) {
	for in, want := range map[string]string{
		"The specified connection (con_abc) is not enabled for the organization": "The specified connection (con_abc) is not enabled for the organization",
		"Insufficient scope, expected any of: read:organization_clients":         "Insufficient scope, expected any of: read:organization_clients",
		"user google-apps|jane@acme.com is blocked":                              "user … is blocked",
		"see https://x.auth0.com/a?ticket=1 now":                                 "see … now",
		strings.Repeat("word ", 100):                                             strings.Repeat("word ", 60) + "…",
	} {
		NewWithT(t).Expect(scrub(in)).To(Equal(want))
	}
}
