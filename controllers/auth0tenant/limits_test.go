package auth0tenant

import (
	"os"
	"testing"

	. "github.com/onsi/gomega"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"sigs.k8s.io/yaml"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/internal/auth0"
)

func TestEveryLimitCanBeDeclared(t *testing.T) {
	g := NewWithT(t)
	raw, err := os.ReadFile("../../config/crd/bases/seatwarden.dev_auth0tenants.yaml")
	g.Expect(err).NotTo(HaveOccurred())
	var crd apiextensionsv1.CustomResourceDefinition
	g.Expect(yaml.Unmarshal(raw, &crd)).To(Succeed())
	bucket := crd.Spec.Versions[0].Schema.OpenAPIV3Schema.Properties["spec"].Properties["limits"].Properties["buckets"].Items.Schema
	var names []string
	for _, allowed := range bucket.Properties["name"].Enum {
		var name string
		g.Expect(yaml.Unmarshal(allowed.Raw, &name)).To(Succeed())
		names = append(names, name)
	}
	g.Expect(names).To(Equal(auth0.BucketNames()))
}

func TestLimitsAreTakenFromTheSpec(t *testing.T) {
	g := NewWithT(t)
	percent := int32(60)
	g.Expect(declaredLimits(v1alpha1.Auth0TenantSpec{Plan: v1alpha1.PlanCustom, Limits: v1alpha1.TenantLimits{
		SharePercent: &percent, Buckets: []v1alpha1.LimitBucket{{Name: "users read", Burst: 3, PerMinute: 30}},
	}})).To(Equal(auth0.Limits{Plan: auth0.PlanCustom, Share: 60, Buckets: map[string]auth0.Rate{"users read": {Burst: 3, PerMinute: 30}}}))
	for declared, known := range map[v1alpha1.Plan]string{
		v1alpha1.PlanFree: auth0.PlanFree, v1alpha1.PlanEssentials: auth0.PlanEssentials,
		v1alpha1.PlanProfessional: auth0.PlanProfessional, v1alpha1.PlanEnterprise: auth0.PlanEnterprise,
	} {
		g.Expect(declaredLimits(v1alpha1.Auth0TenantSpec{Plan: declared}).Plan).To(Equal(known))
	}
}
