package customer

import (
	"context"
	"maps"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/internal/auth0"
	"github.com/seatwarden/seatwarden/internal/directory"
	"github.com/seatwarden/seatwarden/internal/ownership"
)

// records is an Auth0 with one organization, which counts how often it is read.
type records struct {
	nobody

	now    *time.Time
	record *auth0.Organization
	reads  *int
}

func (r records) Now() time.Time { return *r.now }

func (r records) Organization(context.Context, string) (auth0.Organization, error) {
	*r.reads++
	read := *r.record
	read.Metadata = maps.Clone(read.Metadata)
	return read, nil
}

func (r records) UpdateOrganization(_ context.Context, _ string, update auth0.OrganizationUpdate) (auth0.Organization, error) {
	if update.Metadata != nil {
		r.record.Metadata = maps.Clone(update.Metadata)
	}
	if update.DisplayName != nil {
		r.record.DisplayName = *update.DisplayName
	}
	return *r.record, nil
}

// TestHandsOffWriteRestsOnAReading: passes share a reading of the organization, and
// one that writes reads it first: others write there too.
func TestHandsOffWriteRestsOnAReading(t *testing.T) {
	g := NewWithT(t)
	now, reads := nobody{}.Now(), 0
	record := &auth0.Organization{ID: "org_1", Name: "acme", Metadata: map[string]string{}}
	api := records{now: &now, record: record, reads: &reads}
	shared := directory.New()
	tenant := shared.Put("default", v1alpha1.Auth0TenantSpec{Domain: "acme.eu.auth0.com"}, api)
	synced := func(guard v1alpha1.GuardMode) {
		p, _ := contract(t)
		p.tenant, p.org, p.LiveInterval, p.facts.Guard = tenant, tenant.Organization("org_1"), 10*time.Second, guard
		p.customer.Status.OrganizationID, p.customer.Status.ObservedGeneration = "org_1", p.customer.Generation
		p.InstanceKey = []byte("a key of the instance")
		g.Expect(p.findOrganization(t.Context())).To(Succeed())
		g.Expect(p.syncOrganization(t.Context())).To(Succeed())
	}
	synced(v1alpha1.GuardOff)
	first := reads
	g.Expect(first).To(BeNumerically(">", 0))
	now = now.Add(50 * time.Second)
	for range 3 {
		synced(v1alpha1.GuardOff)
	}
	g.Expect(reads).To(Equal(first), "nothing calls for another reading")

	record.Metadata["team"] = "sales" // by somebody else's hand
	synced(v1alpha1.GuardEnforce)
	g.Expect(reads).To(Equal(first+1), "a write does")
	g.Expect(record.Metadata).To(HaveKeyWithValue("team", "sales"))
	g.Expect(record.Metadata).To(HaveKey(ownership.MetadataAccess))

	now = now.Add(100 * time.Second)
	synced(v1alpha1.GuardEnforce)
	g.Expect(reads).To(Equal(first+2), "and its age")
}

// TestHandsOffMarkerSettles: whoever wrote a marker over what stood there goes on
// when it has stood for a while, whatever wakes the Customer before: somebody else
// may be writing theirs.
func TestHandsOffMarkerSettles(t *testing.T) {
	g := NewWithT(t)
	now, reads := nobody{}.Now(), 0
	p, _ := contract(t)
	record := auth0.Organization{ID: "org_1", Name: "acme", Metadata: map[string]string{ownership.MetadataOwner: p.owner().String()}}
	api := records{now: &now, record: &record, reads: &reads}
	p.tenant = directory.New().Put("default", v1alpha1.Auth0TenantSpec{Domain: "acme.eu.auth0.com"}, api)
	g.Expect(p.own(t.Context(), record)).To(Succeed(), "it was ours before")
	p.tenant.Organization("org_1").NoteMarked()
	now = now.Add(markerSettles - time.Second)
	g.Expect(p.own(t.Context(), record)).NotTo(Succeed())
	now = now.Add(time.Second)
	g.Expect(p.own(t.Context(), record)).To(Succeed())
}
