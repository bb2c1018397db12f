package customer

import (
	"context"
	"fmt"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/internal/ownership"
)

// declareAdmins makes a Member for each admin whom no Member declares. It has
// no owner reference: nothing whose deletion reaches Auth0 may be deleted by
// garbage collection. Nor does it copy labels or annotations.
func (p *customerPass) declareAdmins(ctx context.Context) error {
	list := &v1alpha1.MemberList{}
	if err := p.Client.List(ctx, list, client.InNamespace(p.customer.Namespace), client.MatchingFields{v1alpha1.FieldCustomerRef: p.customer.Name}); err != nil {
		return fmt.Errorf("list Members: %w", err)
	}
	for _, admin := range p.customer.Spec.Admins {
		if err := p.declareAdmin(ctx, admin, list.Items); err != nil {
			return err
		}
	}
	return nil
}

func (p *customerPass) declareAdmin(ctx context.Context, admin v1alpha1.Admin, members []v1alpha1.Member) error {
	if declared := memberOf(members, admin.Email); declared != nil {
		return p.syncAdminRoles(ctx, admin, declared)
	}
	// Live: one that was just applied beside the Customer may not be in the cache.
	live, err := p.listLive(ctx)
	if err != nil || memberOf(live, admin.Email) != nil {
		return err
	}
	member := &v1alpha1.Member{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: p.customer.Namespace,
			Name:      AdminMemberName(p.customer.Name, string(admin.Email)),
			Labels:    map[string]string{v1alpha1.LabelGeneratedFor: p.customer.Name},
		},
		Spec: v1alpha1.MemberSpec{
			CustomerRef: v1alpha1.CustomerRef{Name: p.customer.Name}, Email: admin.Email, Roles: admin.Roles,
		},
	}
	if err := p.Client.Create(ctx, member); err != nil && !apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("create an admin's Member: %w", err)
	}
	return nil
}

// memberOf is the Member that declares an address and is not being deleted, nil
// when there is none.
func memberOf(members []v1alpha1.Member, email v1alpha1.Email) *v1alpha1.Member {
	ref := ownership.PersonRef(string(email))
	at := slices.IndexFunc(members, func(m v1alpha1.Member) bool {
		return m.DeletionTimestamp.IsZero() && ownership.PersonRef(string(m.Spec.Email)) == ref
	})
	if at < 0 {
		return nil
	}
	return &members[at]
}

// AdminMemberName is the name of the Member that an admin gets by itself.
func AdminMemberName(customer, email string) string {
	return customer + "-" + ownership.PersonRef(email)[:8]
}

// syncAdminRoles keeps the roles of a generated Member as the Customer lists
// them. A Member that somebody else declared is theirs.
func (p *customerPass) syncAdminRoles(ctx context.Context, admin v1alpha1.Admin, member *v1alpha1.Member) error {
	generated := member.Labels[v1alpha1.LabelGeneratedFor] == p.customer.Name && member.Name == AdminMemberName(p.customer.Name, string(admin.Email))
	if !generated || !member.DeletionTimestamp.IsZero() || slices.Equal(member.Spec.Roles, admin.Roles) {
		return nil
	}
	before := member.DeepCopy()
	member.Spec.Roles = admin.Roles
	if err := p.Client.Patch(ctx, member, client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{})); err != nil {
		return fmt.Errorf("change an admin's roles: %w", err)
	}
	return nil
}
