package commands

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/seatwarden/seatwarden/cmd/kubectl-seats/view"
)

func (e *env) plan() *cobra.Command {
	var format output
	cmd := &cobra.Command{
		Use:   "plan CUSTOMER",
		Short: "Show what the operator would do in Auth0, under mode Observe",
		Long: "Show the calls that mode Observe keeps the operator from making, for a Customer and its Members. Under Manage nothing is\n" +
			"planned: what is to be done is done.",
		Example:           "  # What would be called\n  kubectl seats plan acme -n sales",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: e.completeCustomers,
		RunE:              func(cmd *cobra.Command, args []string) error { return e.runPlan(cmd.Context(), args[0], format) },
	}
	format.add(cmd)
	return cmd
}

func (e *env) runPlan(ctx context.Context, name string, format output) error {
	customer, members, err := e.customerAndMembers(ctx, name)
	if err != nil {
		return err
	}
	plan := view.OfPlan(customer, members)
	if !format.isTable() {
		return e.print(format, plan)
	}
	_, err = fmt.Fprint(e.Out, plan.Text(e.coloured(e.Out)))
	return err
}
