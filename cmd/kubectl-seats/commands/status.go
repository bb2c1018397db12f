package commands

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/cmd/kubectl-seats/view"
)

func (e *env) status() *cobra.Command {
	var format output
	var verbose bool
	cmd := &cobra.Command{
		Use:   "status CUSTOMER",
		Short: "Show a contract: seats, people and what they wait for, removals, events",
		Example: "  # What is the matter with a contract\n  kubectl seats status acme -n sales\n\n" +
			"  # With conditions, roles, whole messages and all events\n  kubectl seats status acme -n sales -v\n\n" +
			"  # For a script\n  kubectl seats status acme -n sales -o json",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: e.completeCustomers,
		RunE: func(cmd *cobra.Command, args []string) error {
			details, err := e.details(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			if !format.isTable() {
				return e.print(format, details)
			}
			_, err = fmt.Fprint(e.Out, details.Text(e.Now(), verbose, e.coloured(e.Out)))
			return err
		},
	}
	format.add(cmd)
	cmd.Flags().BoolVarP(&verbose, "verbose", "v", false, "Show conditions, roles, whole messages and all events")
	return cmd
}

func (e *env) details(ctx context.Context, name string) (*view.Details, error) {
	customer, members, err := e.customerAndMembers(ctx, name)
	if err != nil {
		return nil, err
	}
	removals, err := e.removals(ctx, customer)
	if err != nil {
		return nil, err
	}
	events, err := e.events(ctx, customer, members, removals)
	unread := ""
	switch {
	case apierrors.IsForbidden(err):
		unread = "you may not read Events in this namespace"
	case err != nil:
		return nil, err
	}
	details := view.OfDetails(customer, members, removals, events, e.Now())
	details.EventsUnread = unread
	return &details, nil
}

// events are those of a Customer, its Members and its Removals, the newest first.
func (e *env) events(ctx context.Context, customer *v1alpha1.Customer, members []v1alpha1.Member, removals []v1alpha1.Removal) ([]view.Event, error) {
	own := map[string]bool{}
	for i := range members {
		own["Member/"+members[i].Name] = true
	}
	own["Customer/"+customer.Name] = true
	for i := range removals {
		own["Removal/"+removals[i].Name] = true
		own["Member/"+removals[i].Spec.Member.Name] = true
	}
	var events []view.Event
	for _, kind := range []string{"Customer", "Member", "Removal"} {
		err := pages(func(page ...client.ListOption) (string, error) {
			list := &corev1.EventList{}
			err := e.client.List(ctx, list, append(page, client.InNamespace(customer.Namespace), client.MatchingFields{"involvedObject.kind": kind})...)
			for i := range list.Items {
				if event := view.OfEvent(&list.Items[i]); own[event.Object] {
					events = append(events, event)
				}
			}
			return list.Continue, err
		})
		if err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(events, func(a, b view.Event) int { return b.At.Compare(a.At) })
	return events, nil
}
