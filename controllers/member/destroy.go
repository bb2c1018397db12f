package member

import (
	"context"

	corev1 "k8s.io/api/core/v1"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/controllers/internal/destroy"
	"github.com/seatwarden/seatwarden/internal/ownership"
)

// destroy deletes the users of a removed person that are nobody else's. The line
// said Destroying before the Members were listed: one that declares the person
// was either seen, or sees the line and waits.
func (p *withdrawnPass) destroy(ctx context.Context, entry *v1alpha1.WithdrawnPerson) error {
	if p.declared(entry.Person) {
		entry.State = v1alpha1.WithdrawalWithdrawn
		return nil
	}
	owner := ownership.Owner{Instance: p.Instance, Namespace: p.customer.Namespace, Name: p.customer.Name}
	if another, err := p.belongsToAnother(ctx, p.tenant, entry.OrganizationID, owner); another || err != nil {
		if another {
			entry.State = v1alpha1.WithdrawalRemoved
		}
		return err
	}
	destroyer := &destroy.Destroyer{Live: p.Live, Tenant: p.tenant, Customer: p.customer, Now: p.Now}
	person := destroy.Person{Users: entry.Users, Invitation: entry.Invitation}
	if err := destroyer.Destroy(ctx, person, func(kept string) { p.tell(entry, kept) }); err != nil {
		return err
	}
	entry.State = v1alpha1.WithdrawalRemoved
	return nil
}

func (p *withdrawnPass) tell(entry *v1alpha1.WithdrawnPerson, kept string) {
	if kept == "" {
		p.Recorder.Eventf(p.customer, nil, corev1.EventTypeNormal, v1alpha1.ReasonUserDeleted, "Reconcile", "the user of removed Member %s was deleted in Auth0", entry.Member)
		return
	}
	p.Recorder.Eventf(p.customer, nil, corev1.EventTypeNormal, v1alpha1.ReasonUserKept, "Reconcile", "the user of removed Member %s stays in Auth0: %s", entry.Member, kept)
}
