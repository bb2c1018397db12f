package customer

import (
	"fmt"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
)

// TestUnmanagedSample: a status that names the same people is the same status.
func TestUnmanagedSample(t *testing.T) {
	g := NewWithT(t)
	var people []v1alpha1.UnmanagedPerson
	for i := range 30 {
		people = append(people, v1alpha1.UnmanagedPerson{Kind: v1alpha1.UnmanagedMember, ID: fmt.Sprintf("u%02d", 29-i)})
	}
	people = append(people, v1alpha1.UnmanagedPerson{Kind: v1alpha1.UnmanagedGrant, ID: "u05", Email: strings.Repeat("x", 321)})
	people = append(people, v1alpha1.UnmanagedPerson{Kind: v1alpha1.UnmanagedGrant, ID: strings.Repeat("x", 513)})

	sample := sampleOf(people)
	g.Expect(sample).To(HaveLen(maxUnmanagedSample))
	g.Expect(sample[0]).To(Equal(v1alpha1.UnmanagedPerson{Kind: v1alpha1.UnmanagedGrant, ID: "u05"}), "what does not fit is left out")
	g.Expect(sample[1].ID).To(Equal("u00"))
	g.Expect(sample[19].ID).To(Equal("u18"))
}
