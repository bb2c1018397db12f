package controllers

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
)

// watchedReader lists live in the watched namespaces alone, where it is asked for all:
// the operator has no rights elsewhere.
type watchedReader struct {
	client.Reader
	namespaces []string
}

// onlyIn narrows a reader to namespaces; none means all.
func onlyIn(reader client.Reader, namespaces []string) client.Reader {
	if len(namespaces) == 0 {
		return reader
	}
	return watchedReader{reader, namespaces}
}

// List implements client.Reader.
func (r watchedReader) List(ctx context.Context, list client.ObjectList, opts ...client.ListOption) error {
	asked := (&client.ListOptions{}).ApplyOptions(opts)
	if _, ofCluster := list.(*v1alpha1.Auth0TenantList); ofCluster || asked.Namespace != "" {
		return r.Reader.List(ctx, list, opts...)
	}
	var all []runtime.Object
	for _, namespace := range r.namespaces {
		if err := r.Reader.List(ctx, list, append(opts, client.InNamespace(namespace))...); err != nil {
			return err
		}
		// What a list holds is overwritten by the next one.
		found, err := meta.ExtractList(list.DeepCopyObject())
		if err != nil {
			return fmt.Errorf("take a list apart: %w", err)
		}
		all = append(all, found...)
	}
	if err := meta.SetList(list, all); err != nil {
		return fmt.Errorf("put lists together: %w", err)
	}
	return nil
}
