package pass

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/internal/directory"
)

// UsableTenant is the Auth0Tenant of a name, where it can be used; why not is told by the error.
func UsableTenant(ctx context.Context, reader client.Reader, known *directory.Directory, name string) (*directory.Tenant, error) {
	if tenant, ok := known.Tenant(name); ok {
		return tenant, nil
	}
	err := reader.Get(ctx, client.ObjectKey{Name: name}, &v1alpha1.Auth0Tenant{})
	switch {
	case apierrors.IsNotFound(err):
		return nil, Missing(v1alpha1.ReasonTenantNotFound, fmt.Sprintf("there is no Auth0Tenant %s yet", name))
	case err != nil:
		return nil, err
	case !known.Looked(name):
		return nil, Starting(v1alpha1.ReasonTenantNotReady, fmt.Sprintf("Auth0Tenant %s is being looked at", name))
	}
	return nil, Wait(v1alpha1.ReasonTenantNotReady, fmt.Sprintf("Auth0Tenant %s cannot be used: whoever runs it finds why in its conditions", name), time.Minute)
}

// NamespaceLeaves tells whether a namespace is being deleted, read by reader.
func NamespaceLeaves(ctx context.Context, reader client.Reader, name string) (bool, error) {
	namespace := &corev1.Namespace{}
	if err := reader.Get(ctx, client.ObjectKey{Name: name}, namespace); err != nil {
		return false, fmt.Errorf("read the namespace: %w", err)
	}
	return !namespace.DeletionTimestamp.IsZero(), nil
}
