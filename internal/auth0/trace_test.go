package auth0

import (
	"fmt"
	"net/http"
	"testing"

	. "github.com/onsi/gomega"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
)

// TestSecretsNotInATrace: a call is told by its route and the answer's status, whatever
// its path, its query and its answer hold.
func TestSecretsNotInATrace(t *testing.T) {
	g := NewWithT(t)
	told := tracetest.NewInMemoryExporter()
	before := otel.GetTracerProvider()
	otel.SetTracerProvider(sdktrace.NewTracerProvider(sdktrace.WithSyncer(told)))
	t.Cleanup(func() { otel.SetTracerProvider(before) })
	auth0 := newFakeAuth0(t)
	auth0.grantTokens()
	auth0.mux.HandleFunc("/api/v2/", func(w http.ResponseWriter, _ *http.Request) {
		reply(w, http.StatusBadRequest, refusal(http.StatusBadRequest, secretEmail))
	})
	client := auth0.client(t)
	ctx := WithLane(t.Context(), LaneRemoval)
	_, byEmail := client.UsersByEmail(ctx, secretEmail)
	_, byID := client.User(ctx, "google-apps|"+secretEmail)
	g.Expect(byEmail).To(HaveOccurred())
	g.Expect(byID).To(HaveOccurred())

	spans := told.GetSpans()
	var names []string
	for _, span := range spans {
		names = append(names, span.Name)
		expectClean(g, fmt.Sprint(span.Name, span.Attributes, span.Events, span.Status))
	}
	g.Expect(names).To(ContainElements("GET /api/v2/users-by-email", "GET /api/v2/users/{id}"))
	last := spans[len(spans)-1]
	g.Expect(last.Attributes).To(ContainElements(attribute.Int("http.response.status_code", 400), attribute.String("seatwarden.lane", "Removal")))
}
