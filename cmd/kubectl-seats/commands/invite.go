package commands

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/cmd/kubectl-seats/people"
)

// dryRun is the flag --dry-run.
type dryRun string

func (d *dryRun) add(cmd *cobra.Command) {
	cmd.Flags().StringVar((*string)(d), "dry-run", "none", `Must be "none", "server" or "client": say what would be done, and with server let the API server check it`)
	cmd.Flags().Lookup("dry-run").NoOptDefVal = "server"
	_ = cmd.RegisterFlagCompletionFunc("dry-run", cobra.FixedCompletions([]string{"none", "server", "client"}, cobra.ShellCompDirectiveNoFileComp))
}

func (d *dryRun) check() error {
	switch *d {
	case "none", "server", "client":
		return nil
	}
	return fmt.Errorf(`invalid dry-run value (%s). Must be "none", "server", or "client"`, string(*d))
}

// suffix is what kubectl says of a dry run.
func (d *dryRun) suffix() string {
	if *d == "none" {
		return ""
	}
	return fmt.Sprintf(" (%s dry run)", string(*d))
}

func (e *env) invite() *cobra.Command {
	var dry dryRun
	var roles []string
	var name string
	var print bool
	cmd := &cobra.Command{
		Use:   "invite CUSTOMER EMAIL...",
		Short: "Declare people: each gets a seat and a mail, as soon as there is one free",
		Long: "Declare people. A Member is created for each address; the operator gives it a seat, as soon as one is free, and sends\n" +
			"the invitation. Who is declared already is left as they are. Where Members are kept in git, print them with --manifest.",
		Example: "  # Invite two people\n  kubectl seats invite acme jane@acme.com joe@acme.com -n sales\n\n" +
			"  # With a role\n  kubectl seats invite acme jane@acme.com --role Reader -n sales\n\n" +
			"  # Write the manifest for a git repository instead\n  kubectl seats invite acme jane@acme.com -n sales --manifest >jane.yaml",
		Args:              cobra.MinimumNArgs(2),
		ValidArgsFunction: e.completeCustomers,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := dry.check(); err != nil {
				return err
			}
			if name != "" && len(args) > 2 {
				return errors.New("--name is for one person")
			}
			persons := make([]people.Person, 0, len(args)-1)
			for _, email := range args[1:] {
				persons = append(persons, people.Person{Email: email, Roles: roles, Name: name})
			}
			return e.runInvite(cmd.Context(), args[0], persons, dry, print)
		},
	}
	dry.add(cmd)
	cmd.Flags().StringSliceVar(&roles, "role", nil, "A role of the people in the organization; may be repeated")
	cmd.Flags().StringVar(&name, "name", "", "Name of the new Member (default: the Customer's name and what stands before the @)")
	cmd.Flags().BoolVar(&print, "manifest", false, "Print the Members as YAML and create nothing")
	return cmd
}

func (e *env) runInvite(ctx context.Context, customerName string, persons []people.Person, dry dryRun, manifest bool) error {
	decisions, err := e.decide(ctx, customerName, persons)
	if err != nil {
		return err
	}
	failed := false
	for _, decision := range decisions {
		result := e.declare(ctx, decision, dry, manifest)
		switch {
		case result.Error != "":
			failed = true
			e.say("%s: %s", decision.Email, result.Error)
		case manifest && decision.Member != nil:
			if err := e.printMember(decision.Member); err != nil {
				return err
			}
		case decision.Member == nil:
			e.say("%s is declared already by Member %s", decision.Email, decision.Existing)
		default:
			fmt.Fprintf(e.Out, "member.%s/%s created%s\n", v1alpha1.GroupVersion.Group, decision.Member.Name, dry.suffix())
		}
	}
	if failed {
		return errSilent
	}
	return nil
}

// decide says of each person which Member is to be created.
func (e *env) decide(ctx context.Context, customerName string, persons []people.Person) ([]people.Decision, error) {
	customer, err := e.customer(ctx, customerName)
	if err != nil {
		return nil, err
	}
	if !customer.DeletionTimestamp.IsZero() {
		return nil, fmt.Errorf("Customer %s is being deleted: nobody is invited any more", customer.Name) //nolint:staticcheck // a kind is written so
	}
	// All of the namespace, for the names that are taken.
	all, err := e.membersWhere(ctx, client.InNamespace(customer.Namespace))
	if err != nil {
		return nil, err
	}
	var members []v1alpha1.Member
	names := map[string]bool{}
	for i := range all {
		names[all[i].Name] = true
		if all[i].Spec.CustomerRef.Name == customer.Name {
			members = append(members, all[i])
		}
	}
	return people.Decide(customer, members, func(name string) bool { return names[name] }, persons), nil
}

// The results of declaring a person.
const (
	resultCreated = "created"
	resultExists  = "exists"
	resultRefused = "refused"
)

// declared is what became of one person.
type declared struct {
	Row    int    `json:"row,omitempty"`
	Email  string `json:"email"`
	Member string `json:"member,omitempty"`
	Result string `json:"result"`
	Error  string `json:"error,omitempty"`
}

// declare creates the Member of a person, if one is to be created.
func (e *env) declare(ctx context.Context, decision people.Decision, dry dryRun, manifest bool) declared {
	result := declared{Row: decision.Row, Email: decision.Email, Member: decision.Existing, Result: resultExists}
	if decision.Refused != "" {
		result.Result, result.Error = resultRefused, decision.Refused
	}
	if decision.Member == nil {
		return result
	}
	result.Result, result.Member = resultCreated, decision.Member.Name
	if manifest || dry == "client" {
		return result
	}
	options := []client.CreateOption{client.FieldOwner("kubectl-seats")}
	if dry == "server" {
		options = append(options, client.DryRunAll)
	}
	if err := e.client.Create(ctx, decision.Member.DeepCopy(), options...); err != nil {
		result.Result, result.Error = resultRefused, serverWords(err)
	}
	return result
}

// serverWords are what the API server says, without what kubectl puts before it.
func serverWords(err error) string {
	var status apierrors.APIStatus
	if errors.As(err, &status) && status.Status().Reason != metav1.StatusReasonUnknown {
		return status.Status().Message
	}
	return Message(err)
}

// printMember prints what is to be applied.
func (e *env) printMember(member *v1alpha1.Member) error {
	text, err := yaml.Marshal(map[string]any{
		"apiVersion": member.APIVersion, "kind": member.Kind,
		"metadata": map[string]any{"name": member.Name, "namespace": member.Namespace}, "spec": member.Spec,
	})
	if err == nil {
		_, err = fmt.Fprintf(e.Out, "---\n%s", text)
	}
	return err
}
