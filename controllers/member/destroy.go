package member

import (
	"context"
	"fmt"

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
	var kept []string
	err := destroyer.Destroy(ctx, person, func(why string) {
		if why == "" {
			p.Recorder.Eventf(p.customer, nil, corev1.EventTypeNormal, v1alpha1.ReasonUserDeleted, "Reconcile", "the user of removed Member %s was deleted in Auth0", entry.Member)
			return
		}
		kept = append(kept, fmt.Sprintf("the user of removed Member %s stays in Auth0: %s", entry.Member, why))
	})
	if err != nil {
		return err
	}
	entry.State = v1alpha1.WithdrawalRemoved
	p.kept = append(p.kept, kept...)
	return nil
}

// tellKept tells which users were kept once the list says so: until then it is
// decided anew with each pass.
func (p *withdrawnPass) tellKept() {
	for _, kept := range p.kept {
		p.Recorder.Eventf(p.customer, nil, corev1.EventTypeNormal, v1alpha1.ReasonUserKept, "Reconcile", "%s", kept)
	}
	p.kept = nil
}
