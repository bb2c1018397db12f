package main

import (
	"context"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/internal/standin"
)

// The feeds that an Auth0Tenant's status names.
const (
	feedStream = "event stream"
	feedLog    = "tenant log"
	feedNone   = "no feed"
)

// feed tells which feed the Auth0Tenant says is in use.
func (w *world) feed(ctx context.Context) string {
	tenant := &unstructured.Unstructured{}
	tenant.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind("Auth0Tenant"))
	if err := w.kube.Get(ctx, client.ObjectKey{Name: w.name}, tenant); err != nil {
		return "unknown feed"
	}
	name, _, _ := unstructured.NestedString(tenant.Object, "status", "feed", "name")
	switch name {
	case "":
		return feedNone
	case "EventStream":
		return feedStream
	case "TenantLog":
		return feedLog
	}
	return name
}

// withEachFeed measures with the best feed, and again without the scopes that the
// better ones need. news tells whether the feed in use was not measured yet: what
// follows would measure the same again where not.
func (b *bench) withEachFeed(ctx context.Context, measure func(ctx context.Context, w *world, news func() bool) ([]figure, error)) (figures []figure, err error) {
	measured := map[string]bool{}
	for _, without := range [][]string{nil, {"read:events"}, {"read:events", "read:logs"}} {
		w, err := b.newWorld(ctx, standin.ProfileUnlimited, without...)
		if err != nil {
			return figures, err
		}
		more, err := measure(ctx, w, func() bool {
			feed := w.feed(ctx)
			if measured[feed] {
				return false
			}
			measured[feed] = true
			return true
		})
		figures = append(figures, more...)
		if err := w.ended(ctx, err); err != nil {
			return figures, err
		}
	}
	return figures, nil
}
