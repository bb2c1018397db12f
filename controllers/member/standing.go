package member

import (
	"context"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/controllers/internal/pass"
)

// standing is the Customer as it stands now, past the cache. It ends the pass when
// what the pass has judged stands no more: a newer contract, mode or tenant is
// judged from the beginning, and never taken over in the middle.
func (p *memberPass) standing(ctx context.Context) (*v1alpha1.Customer, error) {
	customer, err := p.sameCustomer(ctx)
	if err != nil {
		return nil, err
	}
	same, err := p.sameTenant(ctx, customer)
	if err != nil {
		return nil, err
	}
	if !same {
		return nil, pass.Wait(v1alpha1.ReasonInviting, fmt.Sprintf("Auth0Tenant %s has just changed: looking again", p.tenant.Name), time.Second)
	}
	return customer, nil
}

// sameCustomer is the Customer as it stands now, past the cache, if the pass has
// judged the same contract.
func (p *memberPass) sameCustomer(ctx context.Context) (*v1alpha1.Customer, error) {
	customer := &v1alpha1.Customer{}
	if err := p.Live.Get(ctx, client.ObjectKeyFromObject(p.customer), customer); err != nil {
		return nil, fmt.Errorf("read the Customer: %w", err)
	}
	if !sameContract(customer, p.customer) {
		return nil, pass.Wait(v1alpha1.ReasonInviting, "the Customer has just changed: looking again", time.Second)
	}
	return customer, nil
}

// sameContract: all that a pass judges of a Customer is the same in both.
func sameContract(now, judged *v1alpha1.Customer) bool {
	return now.UID == judged.UID && now.DeletionTimestamp.IsZero() && now.Generation == judged.Generation &&
		now.Status.OrganizationID == judged.Status.OrganizationID && organizationLost(now) == organizationLost(judged) &&
		equality.Semantic.DeepEqual(now.Status.Connections, judged.Status.Connections) &&
		equality.Semantic.DeepEqual(now.Status.Activation, judged.Status.Activation)
}

// sameTenant: the Auth0Tenant is the one that the pass uses, as it was accepted,
// admits the namespace, and has the mode that was judged.
func (p *memberPass) sameTenant(ctx context.Context, customer *v1alpha1.Customer) (bool, error) {
	tenant := &v1alpha1.Auth0Tenant{}
	if err := p.Live.Get(ctx, client.ObjectKey{Name: p.tenant.Name}, tenant); client.IgnoreNotFound(err) != nil {
		return false, fmt.Errorf("read the Auth0Tenant: %w", err)
	}
	used, usable := p.Directory.Tenant(p.tenant.Name)
	mode := v1alpha1.StricterMode(v1alpha1.StricterMode(tenant.Spec.Mode, v1alpha1.ModeManage), customer.Spec.Mode)
	return usable && used == p.tenant && used.Admits(p.member.Namespace) && mode == p.facts.Mode &&
		equality.Semantic.DeepEqual(tenant.Spec, used.Spec()), nil
}
