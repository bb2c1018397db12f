package commands

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/cmd/kubectl-seats/view"
)

func (e *env) resend() *cobra.Command {
	var expired bool
	var customer string
	var timeout time.Duration
	cmd := &cobra.Command{
		Use:   "resend MEMBER...|--expired",
		Short: "Send invitations again; the earlier links die",
		Long: "Ask the operator to send invitations again, and wait for its answer. The earlier link dies. To a person who has joined\n" +
			"nothing is sent.",
		Example: "  # One person\n  kubectl seats resend acme-jane -n sales\n\n" +
			"  # Everybody of a contract whose link has expired\n  kubectl seats resend --expired --customer acme -n sales",
		Args: func(_ *cobra.Command, args []string) error {
			if expired != (len(args) == 0) {
				return errors.New("name Members, or give --expired")
			}
			return nil
		},
		ValidArgsFunction: e.completeMembers,
		RunE: func(cmd *cobra.Command, args []string) error {
			return e.runResend(cmd.Context(), args, customer, timeout)
		},
	}
	cmd.Flags().BoolVar(&expired, "expired", false, "Everybody of the namespace whose link has expired")
	cmd.Flags().StringVar(&customer, "customer", "", "With --expired: only people of this Customer")
	cmd.Flags().DurationVar(&timeout, "timeout", 30*time.Second, "How long to wait for the answer; 0 does not wait")
	_ = cmd.RegisterFlagCompletionFunc("customer", e.completeCustomers)
	return cmd
}

func (e *env) runResend(ctx context.Context, names []string, customer string, timeout time.Duration) error {
	members, err := e.toResend(ctx, names, customer)
	if err != nil {
		return err
	}
	if len(members) == 0 {
		e.say("No invitation has expired.")
		return nil
	}
	value := e.Now().UTC().Format(time.RFC3339)
	asked := map[client.ObjectKey]bool{}
	for i := range members {
		member := &members[i]
		if why := view.NoResend(member); why != "" {
			e.say("%s: %s", member.Name, why)
			continue
		}
		before := member.DeepCopy()
		if member.Annotations == nil {
			member.Annotations = map[string]string{}
		}
		member.Annotations[v1alpha1.AnnotationInviteRequestedAt] = value
		if err := e.client.Patch(ctx, member, client.MergeFrom(before), client.FieldOwner("kubectl-seats")); err != nil {
			return err
		}
		asked[client.ObjectKeyFromObject(member)] = true
	}
	if timeout == 0 {
		e.say("Asked for %d. Their status says what came of it.", len(asked))
		return nil
	}
	return e.awaitAnswers(ctx, asked, value, timeout, len(asked) < len(members))
}

// toResend are the Members that are meant.
func (e *env) toResend(ctx context.Context, names []string, customer string) (members []v1alpha1.Member, err error) {
	api, err := e.api()
	if err != nil {
		return nil, err
	}
	namespace, err := e.namespace()
	if err != nil {
		return nil, err
	}
	for _, name := range slices.Compact(slices.Sorted(slices.Values(names))) {
		member := v1alpha1.Member{}
		if err := api.Get(ctx, client.ObjectKey{Namespace: namespace, Name: name}, &member); err != nil {
			return nil, err
		}
		members = append(members, member)
	}
	if len(names) > 0 {
		return members, nil
	}
	where := []client.ListOption{client.InNamespace(namespace)}
	if customer != "" {
		if _, err := e.customer(ctx, customer); err != nil {
			return nil, err
		}
		where = append(where, client.MatchingFields{v1alpha1.FieldCustomerRef: customer})
	}
	all, err := e.membersWhere(ctx, where...)
	for i := range all {
		if view.StateOf(&all[i]) == v1alpha1.ReasonExpired && all[i].DeletionTimestamp.IsZero() {
			members = append(members, all[i])
		}
	}
	return members, err
}

// awaitAnswers says what the operator does about each request.
func (e *env) awaitAnswers(ctx context.Context, asked map[client.ObjectKey]bool, value string, timeout time.Duration, failed bool) error {
	left := len(asked)
	err := e.wait(ctx, timeout, func(ctx context.Context) (bool, error) {
		for _, key := range sortedKeys(asked) {
			member := &v1alpha1.Member{}
			if err := e.client.Get(ctx, key, member); err != nil {
				return false, err
			}
			said, refused := view.AnswerTo(member, value)
			if said == "" {
				continue
			}
			if refused {
				e.say("%s: %s", key.Name, said)
				failed = true
			} else {
				fmt.Fprintf(e.Out, "%s: %s\n", key.Name, said)
			}
			delete(asked, key)
			left--
		}
		return left == 0, nil
	})
	switch {
	case errors.Is(err, errLate):
		e.say("Asked for, and not answered in time: %d. It goes on by itself; their status says what came of it.", left)
		return errSilent
	case err != nil:
		return err
	case failed:
		return errSilent
	}
	return nil
}

func sortedKeys(keys map[client.ObjectKey]bool) []client.ObjectKey {
	sorted := make([]client.ObjectKey, 0, len(keys))
	for key := range keys {
		sorted = append(sorted, key)
	}
	slices.SortFunc(sorted, func(a, b client.ObjectKey) int {
		if a.Name < b.Name {
			return -1
		}
		return 1
	})
	return sorted
}
