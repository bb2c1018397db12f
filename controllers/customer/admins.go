package customer

import (
	"context"
	"fmt"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/controllers/internal/pass"
	"github.com/seatwarden/seatwarden/internal/ownership"
)

// checkAdminRoles keeps for the end of the pass that an admin is to have a role which
// the Customer does not allow. The schema refuses that since; an object may be older.
func (p *customerPass) checkAdminRoles(context.Context) error {
	p.rolesErr = nil
	allowed := pass.AllowedRoles(p.customer)
	for _, admin := range p.customer.Spec.Admins {
		for _, role := range pass.Strings(admin.Roles) {
			if !slices.Contains(allowed, role) {
				p.rolesErr = pass.Person(v1alpha1.ReasonRoleNotAllowed, fmt.Sprintf(
					"admin %s is to have the role %s, which spec.roles.allowed does not list: add it there, or take it off the admin; until then the admin is invited without it", admin.Email, role))
				return nil
			}
		}
	}
	return nil
}

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
		if p.generated(declared) && p.declaredBeside(members, declared) {
			return p.yield(ctx, declared)
		}
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
	return p.takeBackIfLate(ctx, member)
}

// takeBackIfLate deletes a Member that was made when the Customer was on its way
// out already: another operator has deleted the generated ones by then.
func (p *customerPass) takeBackIfLate(ctx context.Context, member *v1alpha1.Member) error {
	customer := &v1alpha1.Customer{}
	err := p.Live.Get(ctx, client.ObjectKeyFromObject(p.customer), customer)
	switch {
	case client.IgnoreNotFound(err) != nil:
		return fmt.Errorf("read the Customer: %w", err)
	case err == nil && customer.UID == p.customer.UID && customer.DeletionTimestamp.IsZero():
		return nil
	}
	if err := p.Client.Delete(ctx, member); client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("delete an admin's Member that came too late: %w", err)
	}
	return nil
}

// memberOf is the Member that declares an address and is not being deleted, the
// generated one if there is; nil when there is none.
func memberOf(members []v1alpha1.Member, email v1alpha1.Email) (found *v1alpha1.Member) {
	ref := ownership.PersonRef(string(email))
	for i := range members {
		member := &members[i]
		if !member.DeletionTimestamp.IsZero() || ownership.PersonRef(string(member.Spec.Email)) != ref {
			continue
		}
		if found == nil || member.Labels[v1alpha1.LabelGeneratedFor] != "" {
			found = member
		}
	}
	return found
}

// generated: the operator made the Member. A label alone does not make it ours.
func (p *customerPass) generated(member *v1alpha1.Member) bool {
	return member.Labels[v1alpha1.LabelGeneratedFor] == p.customer.Name && member.Spec.CustomerRef.Name == p.customer.Name &&
		member.Name == AdminMemberName(p.customer.Name, string(member.Spec.Email))
}

// declaredBeside: somebody declares the admin by a Member of their own, which
// cannot go unseen any more.
func (p *customerPass) declaredBeside(members []v1alpha1.Member, generated *v1alpha1.Member) bool {
	ref := ownership.PersonRef(string(generated.Spec.Email))
	return slices.ContainsFunc(members, func(m v1alpha1.Member) bool {
		return m.UID != generated.UID && m.DeletionTimestamp.IsZero() && ownership.PersonRef(string(m.Spec.Email)) == ref &&
			controllerutil.ContainsFinalizer(&m, v1alpha1.Finalizer)
	})
}

// yield deletes a generated Member, which hands over to the declared one.
func (p *customerPass) yield(ctx context.Context, generated *v1alpha1.Member) error {
	err := p.Client.Delete(ctx, generated, client.Preconditions{UID: &generated.UID})
	if client.IgnoreNotFound(err) != nil && !apierrors.IsConflict(err) {
		return fmt.Errorf("delete an admin's generated Member: %w", err)
	}
	return nil
}

// AdminMemberName is the name of the Member that an admin gets by itself.
func AdminMemberName(customer, email string) string {
	return customer + "-" + ownership.PersonRef(email)[:8]
}

// syncAdminRoles keeps the roles of a generated Member as the Customer lists
// them. A Member that somebody else declared is theirs.
func (p *customerPass) syncAdminRoles(ctx context.Context, admin v1alpha1.Admin, member *v1alpha1.Member) error {
	if !p.generated(member) || !member.DeletionTimestamp.IsZero() || slices.Equal(member.Spec.Roles, admin.Roles) {
		return nil
	}
	before := member.DeepCopy()
	member.Spec.Roles = admin.Roles
	if err := p.Client.Patch(ctx, member, client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{})); err != nil {
		return fmt.Errorf("change an admin's roles: %w", err)
	}
	return nil
}
