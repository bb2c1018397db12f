package customer

import (
	"context"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/internal/auth0"
	"github.com/seatwarden/seatwarden/internal/ownership"
	"github.com/seatwarden/seatwarden/internal/status"
)

// noteLostMarks notes which of our marks somebody took away.
func (p *customerPass) noteLostMarks() {
	keys := ownership.Lost(p.organization.Metadata, ownership.LostFacts{
		Synced: p.stoodMarked(), Guarded: p.facts.Guard != v1alpha1.GuardOff && p.lostMark(),
	})
	p.facts.LostMarks = status.LostMarks{
		Keys: keys, Access: slices.Contains(keys, ownership.MetadataAccess), Key: slices.Contains(keys, ownership.MetadataKey),
	}
}

// changedMarks are those that somebody else gave another value.
func (p *customerPass) changedMarks() []string {
	return ownership.Changed(p.organization.Metadata, p.desired(true), ownership.LostFacts{Synced: p.syncedAsIs(), Guarded: p.lostMark()})
}

// syncedAsIs: the organization was as the contract, which has not changed since, wants it.
func (p *customerPass) syncedAsIs() bool {
	synced := meta.FindStatusCondition(p.original.Status.Conditions, v1alpha1.ConditionOrganizationSynced)
	return synced != nil && synced.Status == metav1.ConditionTrue && synced.ObservedGeneration == p.customer.Generation
}

// restoreMarks writes what the organization lacks. Marks that somebody took away or
// changed keep people out, or let them in, until they stand again: they go with the
// removals, and an Event tells of them.
func (p *customerPass) restoreMarks(ctx context.Context) error {
	lost, changed := p.facts.LostMarks, p.changedMarks()
	if len(lost.Keys)+len(changed) > 0 {
		ctx = auth0.WithLane(ctx, auth0.LaneRemoval)
	}
	if err := p.writeOrganization(ctx, p.underGuard()); err != nil || p.observing() {
		return err
	}
	p.facts.LostMarks = status.LostMarks{}
	if len(lost.Keys) > 0 {
		p.Recorder.Eventf(p.customer, nil, corev1.EventTypeWarning, v1alpha1.ReasonMarksRestored, "Reconcile",
			"%s was missing from the metadata of organization %s and was written back: see in Auth0's log who took it away%s",
			strings.Join(lost.Keys, ", "), p.organization.Name, status.WithoutMarks(lost))
	}
	if len(changed) > 0 {
		p.Recorder.Eventf(p.customer, nil, corev1.EventTypeWarning, v1alpha1.ReasonMarksRestored, "Reconcile",
			"%s was changed in the metadata of organization %s and was written back: see in Auth0's log who changed it",
			strings.Join(changed, ", "), p.organization.Name)
	}
	return nil
}

// stoodMarked: the status says that the organization had all our marks.
func (p *customerPass) stoodMarked() bool {
	synced := meta.FindStatusCondition(p.original.Status.Conditions, v1alpha1.ConditionOrganizationSynced)
	guard := meta.FindStatusCondition(p.original.Status.Conditions, v1alpha1.ConditionGuardInEffect)
	return guard != nil && guard.Reason == v1alpha1.ReasonMarkLost || synced != nil && (synced.Status == metav1.ConditionTrue || synced.Reason == v1alpha1.ReasonOrganizationRenamed)
}

// lostMark: the status says that the guard was in effect. Where the metadata do not
// say so any more, somebody else's write took the mark away.
func (p *customerPass) lostMark() bool {
	stood := []string{v1alpha1.ReasonGuardInEffect, v1alpha1.ReasonGuardReporting, v1alpha1.ReasonMarkLost, v1alpha1.ReasonPaused}
	guard := meta.FindStatusCondition(p.original.Status.Conditions, v1alpha1.ConditionGuardInEffect)
	return guard != nil && slices.Contains(stood, guard.Reason)
}
