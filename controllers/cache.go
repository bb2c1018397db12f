package controllers

import (
	"unique"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
)

// Cache is how the manager's cache must be set up: Secrets are watched in the
// operator's own namespace only, all else in the watched ones, or everywhere where none
// is named, and objects are held as small as they can be.
func Cache(namespace string, watched ...string) cache.Options {
	only := map[string]cache.Config{}
	for _, name := range watched {
		only[name] = cache.Config{}
	}
	return cache.Options{
		DefaultNamespaces: only,
		DefaultTransform:  trim,
		ByObject:          map[client.Object]cache.ByObject{&corev1.Secret{}: {Namespaces: map[string]cache.Config{namespace: {}}}},
	}
}

// lastApplied is kubectl's copy of the object, which nothing here reads.
const lastApplied = "kubectl.kubernetes.io/last-applied-configuration"

// trim takes from an object what nothing here reads, and what it holds twice. There
// may be 100,000 Members. What is taken is missing before and after a change, so that
// no patch names it.
func trim(object any) (any, error) {
	accessor, err := meta.Accessor(object)
	if err != nil {
		return object, nil //nolint:nilerr // a tombstone is no object
	}
	accessor.SetManagedFields(nil)
	if annotations := accessor.GetAnnotations(); annotations[lastApplied] != "" {
		delete(annotations, lastApplied)
		accessor.SetAnnotations(annotations)
	}
	if member, ok := object.(*v1alpha1.Member); ok {
		trimMember(member)
	}
	return object, nil
}

// trimMember has Members share the texts that many of them have, and cuts what was
// made longer in reading.
func trimMember(member *v1alpha1.Member) {
	share(&member.Kind, &member.APIVersion, &member.Namespace, &member.Spec.CustomerRef.Name)
	member.Finalizers = fit(member.Finalizers)
	share(pointers(member.Finalizers)...)
	member.Spec.Roles = fit(member.Spec.Roles)
	status := &member.Status
	share(&status.Summary, &status.Tenant, &status.OrganizationID)
	status.Conditions = fit(status.Conditions)
	for i := range status.Conditions {
		condition := &status.Conditions[i]
		share(&condition.Type, &condition.Reason, &condition.Message)
		shareAny(&condition.Status)
	}
	if seat := status.Seat; seat != nil {
		share(&seat.OrganizationID, &seat.Reason, &seat.Message)
		shareAny(&seat.State)
	}
	if invitation := status.Invitation; invitation != nil {
		shareAny(&invitation.State)
	}
	status.Users = fit(status.Users)
	for i := range status.Users {
		user := &status.Users[i]
		share(&user.Connection)
		if user.Email == string(member.Spec.Email) {
			user.Email = string(member.Spec.Email)
		}
	}
}

// fit is a list without room for more.
func fit[T any](list []T) []T { return append(list[:0:0], list...) }

func pointers(texts []string) (out []*string) {
	for i := range texts {
		out = append(out, &texts[i])
	}
	return out
}

func share(texts ...*string) {
	for _, text := range texts {
		*text = unique.Make(*text).Value()
	}
}

func shareAny[T ~string](text *T) { *text = unique.Make(*text).Value() }
