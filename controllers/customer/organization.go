package customer

import (
	"context"
	"fmt"
	"strconv"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/controllers/internal/pass"
	"github.com/seatwarden/seatwarden/internal/auth0"
	"github.com/seatwarden/seatwarden/internal/ownership"
)

func (p *customerPass) findTenant(ctx context.Context) error {
	name := p.customer.Spec.TenantRef.Name
	tenant, ok := p.Directory.Tenant(name)
	if !ok {
		err := p.Client.Get(ctx, client.ObjectKey{Name: name}, &v1alpha1.Auth0Tenant{})
		switch {
		case apierrors.IsNotFound(err):
			return pass.Missing(v1alpha1.ReasonTenantNotFound, fmt.Sprintf("there is no Auth0Tenant %s yet", name))
		case err != nil:
			return fmt.Errorf("read the Auth0Tenant: %w", err)
		}
		if !p.Directory.Looked(name) {
			return pass.Starting(v1alpha1.ReasonTenantNotReady, fmt.Sprintf("Auth0Tenant %s is being looked at", name))
		}
		return pass.Wait(v1alpha1.ReasonTenantNotReady, fmt.Sprintf("Auth0Tenant %s cannot be used: whoever runs it finds why in its conditions", name), time.Minute)
	}
	p.tenant = tenant
	if resync, followed := tenant.Resync(p.ResyncInterval); followed {
		p.again = jitter(resync)
	}
	p.facts.Guard = tenant.Spec().Guard.Mode
	phase, boundary := pass.Window(p.customer).AtAbout(tenant.Now())
	p.facts.Window, p.facts.Boundary = pass.WindowReason(phase), boundary
	if !boundary.IsZero() {
		p.wait(boundary.Sub(tenant.Now()))
	}
	if !tenant.Admits(p.customer.Namespace) && p.customer.DeletionTimestamp.IsZero() {
		return pass.Person(v1alpha1.ReasonNamespaceNotListed, fmt.Sprintf("Auth0Tenant %s does not list namespace %s: add it to spec.namespaces", name, p.customer.Namespace))
	}
	return nil
}

// findOrganization finds the organization by its id, or makes it. One that
// vanished is not made again, one that is not ours is not touched.
func (p *customerPass) findOrganization(ctx context.Context) error {
	var err error
	if id := p.customer.Status.OrganizationID; id != "" {
		err = p.readOrganization(ctx, id)
	} else {
		err = p.claim(ctx)
	}
	if err != nil {
		return p.unread(err)
	}
	p.customer.Status.OrganizationID, p.customer.Status.OrganizationName = p.organization.ID, p.organization.Name
	p.customer.Status.Adopted = p.adopted(p.organization)
	p.org = p.tenant.Organization(p.organization.ID)
	return nil
}

// claim finds the organization by its name or by our marker, or makes it. An answer
// that was lost is no harm: the organization is found with our marker the next time.
func (p *customerPass) claim(ctx context.Context) error {
	// Paid for first: it is the scarcest, and who has looked would look again after a wait.
	ctx, release, err := auth0.Reserve(ctx, p.api(), "POST /api/v2/organizations")
	if err != nil {
		return pass.Auth0("make the organization", err, p.Now())
	}
	defer release()
	name := p.customer.OrganizationName()
	began := p.tenant.Now()
	found, err := pass.FindOrganization(ctx, p.tenant, name, p.owner())
	if auth0.IsNotFound(err) {
		began = p.tenant.Now()
		created, err := p.create(ctx, name)
		if err == nil {
			p.organization, p.recordShared = created, false
			p.tenant.Organization(created.ID).NoteMade(created, began)
			p.noteSweep()
			p.made = true
			return nil
		}
		if auth0.KindOf(err) != auth0.KindConflict {
			return err
		}
		// Somebody made it in between, perhaps our own call whose answer was lost.
		began = p.tenant.Now()
		if found, err = p.api().OrganizationByName(ctx, name); err != nil {
			return err
		}
	} else if err != nil {
		return err
	}
	p.organization, p.recordShared = found, false
	if err := p.own(ctx, found); err != nil {
		return err
	}
	p.keepRead(found, began)
	return nil
}

// create makes the organization with all that it is to have. Its key cannot come from
// the id, which is not known yet; of two who make it, one does. Nobody is in it who
// could be shut out by the guard.
func (p *customerPass) create(ctx context.Context, name string) (auth0.Organization, error) {
	metadata, _ := ownership.Apply(nil, ownership.Desired{
		Owner: p.owner(), Key: ownership.OrganizationKey(p.InstanceKey, p.tenant.Domain+"/"+name),
		Seats: strconv.Itoa(int(p.customer.Spec.Seats)), Access: p.access(true),
	})
	return p.api().CreateOrganization(p.briefly(ctx), auth0.OrganizationCreate{Name: name, DisplayName: p.customer.DisplayName(), Metadata: metadata})
}

// unread says what follows from an organization that could not be read, or is not
// ours: that is decided already.
func (p *customerPass) unread(err error) error {
	id := p.customer.Status.OrganizationID
	switch {
	case pass.Decided(err):
		return err
	case id != "" && auth0.IsNotFound(err):
		p.tenant.Forget(id)
		return pass.Person(v1alpha1.ReasonOrganizationMissing, fmt.Sprintf("organization %s was deleted in Auth0 and is not made again by itself: delete this Customer and create it anew", id))
	}
	return pass.Auth0("read the organization", err, p.Now())
}

// syncOrganization puts marker, key, seats, window and display name in place.
// Whether the organization may be put under the guard is decided later, when
// the people in it are known.
func (p *customerPass) syncOrganization(ctx context.Context) error {
	p.noteAdopted()
	if _, differs, err := p.update(p.underGuard()); p.recordShared && (differs || err != nil) {
		// Others write there too: a write rests on what stands now.
		if err := p.readOrganizationNow(ctx, p.organization.ID); err != nil {
			return p.unread(err)
		}
		p.noteAdopted()
	}
	p.noteLostMarks()
	if searched, err := p.findKey(ctx); err != nil {
		return err
	} else if searched {
		// That took its time.
		if err := p.readOrganizationNow(ctx, p.organization.ID); err != nil {
			return p.unread(err)
		}
	}
	stands := p.organization.Metadata
	if err := p.restoreMarks(ctx); err != nil {
		return err
	}
	if !p.observing() {
		stands = p.organization.Metadata
	}
	p.org.SetAdopted(ownership.Adopted(stands))
	p.org.SetWindows(ownership.WindowIn(stands))
	p.org.SetKey(stands[ownership.MetadataKey])
	p.facts.OrganizationSynced = true
	return nil
}

func (p *customerPass) noteAdopted() {
	if p.adopted(p.organization) {
		p.adoptedAt = p.tenant.Now()
	}
}

// underGuard: the organization is under the guard, or was, and lost the mark.
func (p *customerPass) underGuard() bool {
	return ownership.Guarded(p.organization.Metadata) || p.lostMark()
}

// access is what the guard is told: the contract, or to let everybody pass
// until the people in the organization are confirmed.
func (p *customerPass) access(guarded bool) *ownership.Window {
	window := pass.Window(p.customer)
	switch {
	case p.facts.Guard == v1alpha1.GuardOff:
		return nil
	case !guarded:
		window = ownership.Window{State: ownership.AccessReleased}
	}
	return &window
}

// desired is what the metadata are to say.
func (p *customerPass) desired(guarded bool) ownership.Desired {
	return ownership.Desired{
		Owner: p.owner(), Key: p.key,
		Seats: strconv.Itoa(int(p.customer.Spec.Seats)), Access: p.access(guarded), AdoptedAt: p.adoptedAt,
	}
}

// update is what makes name and metadata as they should be.
func (p *customerPass) update(guarded bool) (update auth0.OrganizationUpdate, differs bool, err error) {
	metadata, changed := ownership.Apply(p.organization.Metadata, p.desired(guarded))
	if over := len(metadata) - ownership.MaxMetadata; changed && over > 0 {
		return update, true, pass.Person(v1alpha1.ReasonRejectedByAuth0, fmt.Sprintf("the metadata of organization %s have no room: with ours they would be %d keys, and Auth0 takes %d; take %d of the others away in Auth0",
			p.organization.Name, len(metadata), ownership.MaxMetadata, over))
	}
	if changed {
		update.Metadata = metadata
	}
	// An adopted one keeps its display name unless another is declared.
	keeps := ownership.Adopted(metadata) && p.customer.Spec.DisplayName == ""
	if display := p.customer.DisplayName(); !keeps && display != p.organization.DisplayName {
		update.DisplayName = &display
	}
	return update, changed || update.DisplayName != nil, nil
}

// writeOrganization makes name and metadata as they should be, on difference only.
func (p *customerPass) writeOrganization(ctx context.Context, guarded bool) error {
	update, differs, err := p.update(guarded)
	if err != nil {
		return err
	}
	org := p.tenant.Organization(p.organization.ID)
	if was, is := ownership.WindowIn(p.organization.Metadata), ownership.WindowIn(update.Metadata); update.Metadata != nil && was != is && !p.observing() {
		// Either may be in force until the answer is here.
		org.SetWindows(was, is)
	}
	if differs {
		began, updated := p.tenant.Now(), auth0.Organization{}
		err := p.change(ctx, "update the organization", func(ctx context.Context) error {
			return p.noNews(org.WritesRecord, func() (err error) {
				updated, err = p.api().UpdateOrganization(ctx, p.organization.ID, update)
				return err
			})
		})
		if err != nil {
			return err
		}
		p.keepWritten(updated, began)
	}
	p.facts.Guarded = guarded && p.facts.Guard != v1alpha1.GuardOff
	return nil
}
