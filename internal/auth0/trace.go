package auth0

import (
	"context"
	"net/http"
	"strings"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
)

// span is one exchange in a trace, if there are any. It tells the route template, never
// the path or the query: they hold addresses.
func (w *wire) span(ctx context.Context, route string) (spanned context.Context, end func(*http.Response)) {
	method, template, _ := strings.Cut(route, " ")
	spanned, span := otel.Tracer("github.com/seatwarden/seatwarden/internal/auth0").Start(ctx, route, trace.WithSpanKind(trace.SpanKindClient),
		trace.WithAttributes(attribute.String("server.address", w.tenant), attribute.String("http.request.method", method),
			attribute.String("url.template", template), attribute.String("seatwarden.lane", string(LaneOf(ctx)))))
	return spanned, func(response *http.Response) {
		switch {
		case response == nil:
			span.SetStatus(codes.Error, "no answer")
		case response.StatusCode >= http.StatusBadRequest:
			span.SetStatus(codes.Error, http.StatusText(response.StatusCode))
		}
		if response != nil {
			span.SetAttributes(attribute.Int("http.response.status_code", response.StatusCode))
		}
		span.End()
	}
}
