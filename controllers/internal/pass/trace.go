package pass

import (
	"context"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

// Traced has each pass of a controller told as a span, if there are traces. The calls to
// Auth0 that it makes are below it. An error is told by the log alone: it may name people.
func Traced(controller string, r reconcile.Reconciler) reconcile.Reconciler {
	tracer := otel.Tracer("github.com/seatwarden/seatwarden/controllers")
	return reconcile.Func(func(ctx context.Context, req reconcile.Request) (reconcile.Result, error) {
		ctx, span := tracer.Start(ctx, "Reconcile "+controller, trace.WithAttributes(
			attribute.String("k8s.namespace.name", req.Namespace), attribute.String("seatwarden.object", req.Name)))
		defer span.End()
		result, err := r.Reconcile(ctx, req)
		if err != nil {
			span.SetStatus(codes.Error, "the pass failed; see the log")
		}
		if result.RequeueAfter > 0 {
			span.SetAttributes(attribute.String("seatwarden.requeue_after", result.RequeueAfter.String()))
		}
		return result, err
	})
}
