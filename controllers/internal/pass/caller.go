package pass

import (
	"context"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/seatwarden/seatwarden/internal/auth0"
)

// Caller names to the rate budget who makes the calls of one pass: a controller's
// work on an object, which keeps its place from pass to pass, for a Customer,
// between whom the budget is shared evenly.
func Caller(ctx context.Context, controller string, obj client.Object, customer string) context.Context {
	key := controller + " " + obj.GetNamespace() + "/" + obj.GetName()
	return auth0.WithCaller(ctx, auth0.Caller{Key: key, Flow: obj.GetNamespace() + "/" + customer})
}
