package commands

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/cmd/kubectl-seats/view"
)

func (e *env) approve() *cobra.Command {
	var yes bool
	var hash string
	var timeout time.Duration
	cmd := &cobra.Command{
		Use:   "approve CUSTOMER",
		Short: "Show what is held, and let it happen",
		Long: "Show the people whose removal is held because more were removed at once than the brake lets through, and approve it after\n" +
			"a yes. Whoever is held later is not covered. To undo the removal instead, invite the people again.",
		Example: "  # Look, and answer\n  kubectl seats approve acme -n sales\n\n" +
			"  # In a script: exactly what was looked at before\n  kubectl seats approve acme -n sales --hash 9c1f6be0a44d2e57 --yes",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: e.completeCustomers,
		RunE: func(cmd *cobra.Command, args []string) error {
			return e.runApprove(cmd.Context(), args[0], hash, yes, timeout)
		},
	}
	cmd.Flags().BoolVarP(&yes, "yes", "y", false, "Do not ask")
	cmd.Flags().StringVar(&hash, "hash", "", "Approve only if this is what is held")
	cmd.Flags().DurationVar(&timeout, "timeout", 30*time.Second, "How long to wait until the operator has taken it up; 0 does not wait")
	return cmd
}

func (e *env) runApprove(ctx context.Context, name, hash string, yes bool, timeout time.Duration) error {
	customer, err := e.customer(ctx, name)
	if err != nil {
		return err
	}
	held := view.HeldOf(customer)
	if held == nil {
		e.say("Nothing is held for Customer %s.", name)
		return nil
	}
	removals, err := e.removals(ctx, customer)
	if err != nil {
		return err
	}
	e.showHeld(customer, held, slices.DeleteFunc(view.Removals(removals), func(r view.Removal) bool { return !r.AwaitsApproval() }))
	if hash != "" && hash != held.Hash {
		return fmt.Errorf("what is held has the hash %s now, and not %s: nothing is approved", held.Hash, hash)
	}
	if !yes {
		if err := e.ask("Approve it?"); err != nil {
			return err
		}
	}
	before := customer.DeepCopy()
	if customer.Annotations == nil {
		customer.Annotations = map[string]string{}
	}
	customer.Annotations[v1alpha1.AnnotationApproveRemovals] = held.Hash
	if err := e.client.Patch(ctx, customer, client.MergeFrom(before), client.FieldOwner("kubectl-seats")); err != nil {
		return err
	}
	if timeout == 0 {
		e.say("Approved; the operator has not taken it up yet.")
		return nil
	}
	return e.awaitApproval(ctx, customer, held, timeout)
}

func (e *env) showHeld(customer *v1alpha1.Customer, held *view.Held, removals []view.Removal) {
	fmt.Fprintf(e.Out, "Customer %s: %s (hash %s)\n", customer.Name, held.Text(), held.Hash)
	if held.Of == v1alpha1.HeldPeople {
		fmt.Fprint(e.Out, view.RemovalTable(removals, e.Now()).String("  ", e.coloured(e.Out)))
	}
}

// ask asks for a yes on a terminal, and refuses where nobody can answer.
func (e *env) ask(question string) error {
	if !isTerminal(e.In) {
		return errors.New("nothing is approved: there is no terminal to ask on; look at the above, and give --yes")
	}
	fmt.Fprintf(e.ErrOut, "%s [y/N] ", question)
	answer, _ := bufio.NewReader(e.In).ReadString('\n')
	if answer = strings.ToLower(strings.TrimSpace(answer)); answer != "y" && answer != "yes" {
		return errors.New("nothing is approved")
	}
	return nil
}

// awaitApproval waits until the operator has taken the approval up.
func (e *env) awaitApproval(ctx context.Context, customer *v1alpha1.Customer, held *view.Held, timeout time.Duration) error {
	err := e.wait(ctx, timeout, func(ctx context.Context) (bool, error) {
		now := &v1alpha1.Customer{}
		err := e.client.Get(ctx, client.ObjectKeyFromObject(customer), now)
		if err != nil {
			// One whose deletion was held is gone when that is done.
			return held.Of != v1alpha1.HeldPeople && client.IgnoreNotFound(err) == nil, client.IgnoreNotFound(err)
		}
		if refused := view.ApprovalRefused(now, held.Hash); refused != "" {
			return false, errors.New(refused)
		}
		return now.Status.LastHandledApproval == held.Hash, nil
	})
	switch {
	case errors.Is(err, errLate):
		e.say("Approved, and not taken up in time. It goes on by itself; see: kubectl seats status %s -n %s", customer.Name, customer.Namespace)
		return errSilent
	case err != nil:
		return err
	}
	fmt.Fprintf(e.Out, "Approved. How far it is: kubectl seats status %s -n %s\n", customer.Name, customer.Namespace)
	return nil
}
