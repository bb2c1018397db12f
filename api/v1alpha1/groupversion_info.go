// Package v1alpha1 is Seatwarden's API: Auth0Tenant (where and how), Customer
// (one contract) and Member (one person of one contract).
//
// +kubebuilder:object:generate=true
// +groupName=seatwarden.dev
package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

var (
	// GroupVersion is seatwarden.dev/v1alpha1.
	GroupVersion = schema.GroupVersion{Group: "seatwarden.dev", Version: "v1alpha1"}

	// SchemeBuilder collects the functions that add this package's kinds to a scheme.
	SchemeBuilder = runtime.NewSchemeBuilder(addKnownTypes)

	// AddToScheme adds this package's kinds to a scheme.
	AddToScheme = SchemeBuilder.AddToScheme
)

func addKnownTypes(scheme *runtime.Scheme) error {
	scheme.AddKnownTypes(GroupVersion,
		&Auth0Tenant{}, &Auth0TenantList{},
		&Customer{}, &CustomerList{},
		&Member{}, &MemberList{},
		&Removal{}, &RemovalList{},
	)
	metav1.AddToGroupVersion(scheme, GroupVersion)
	return nil
}
