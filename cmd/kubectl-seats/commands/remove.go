package commands

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/cmd/kubectl-seats/view"
)

func (e *env) remove() *cobra.Command {
	var dry dryRun
	var timeout time.Duration
	cmd := &cobra.Command{
		Use:   "remove CUSTOMER EMAIL|MEMBER...",
		Short: "Remove people and wait until nothing lets them in any more",
		Long: "Remove people: delete their Members, and wait until Auth0 has confirmed that nothing lets them in any more, which takes\n" +
			"some 20 seconds. Where more people go at once than the brake lets through, their removal is held: they sign in as before\n" +
			"until somebody approves it. The command says so, and does not succeed.",
		Example: "  # Remove a person, by address or by the Member's name\n  kubectl seats remove acme jane@acme.com -n sales\n\n" +
			"  # Do not wait\n  kubectl seats remove acme jane@acme.com joe@acme.com -n sales --timeout 0",
		Args: cobra.MinimumNArgs(2),
		ValidArgsFunction: func(cmd *cobra.Command, args []string, word string) ([]string, cobra.ShellCompDirective) {
			if len(args) == 0 {
				return e.completeCustomers(cmd, args, word)
			}
			return e.completeMembers(cmd, args, word)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := dry.check(); err != nil {
				return err
			}
			return e.runRemove(cmd.Context(), args[0], args[1:], dry, timeout)
		},
	}
	dry.add(cmd)
	cmd.Flags().DurationVar(&timeout, "timeout", 2*time.Minute, "How long to wait for the outcome; 0 does not wait")
	return cmd
}

// leaving is a person whose Members are deleted.
type leaving struct {
	email string
	// members that declare the address.
	members []*v1alpha1.Member
	// told is what was said last.
	told string
	// outcome, once it is known.
	outcome string
	bad     bool
}

func (e *env) runRemove(ctx context.Context, customerName string, whom []string, dry dryRun, timeout time.Duration) error {
	customer, members, err := e.customerAndMembers(ctx, customerName)
	if err != nil {
		return err
	}
	// All or nobody: a name that is wrong is noticed before anybody goes.
	persons, err := findLeaving(customer, members, whom)
	if err != nil {
		return err
	}
	for _, person := range persons {
		for _, member := range person.members {
			if err := e.deleteMember(ctx, member, dry); err != nil {
				return err
			}
			fmt.Fprintf(e.Out, "member.%s/%s deleted%s\n", v1alpha1.GroupVersion.Group, member.Name, dry.suffix())
		}
	}
	if dry != "none" || timeout == 0 {
		return nil
	}
	err = e.wait(ctx, timeout, func(ctx context.Context) (bool, error) { return e.follow(ctx, customer, persons) })
	return e.concludeRemoval(customer, persons, err)
}

func (e *env) deleteMember(ctx context.Context, member *v1alpha1.Member, dry dryRun) error {
	if dry == "client" {
		return nil
	}
	// The one that was looked at, and no other of its name.
	options := []client.DeleteOption{client.Preconditions{UID: &member.UID}}
	if dry == "server" {
		options = append(options, client.DryRunAll)
	}
	return client.IgnoreNotFound(e.client.Delete(ctx, member, options...))
}

// findLeaving finds the people who are meant; an address or a name of a Member.
func findLeaving(customer *v1alpha1.Customer, members []v1alpha1.Member, whom []string) ([]*leaving, error) {
	var persons []*leaving
	for _, word := range whom {
		email := word
		if !strings.Contains(word, "@") {
			at := slices.IndexFunc(members, func(m v1alpha1.Member) bool { return m.Name == word })
			if at < 0 {
				return nil, fmt.Errorf("no Member %q of Customer %s: nobody is removed", word, customer.Name)
			}
			email = string(members[at].Spec.Email)
		}
		person := &leaving{email: email}
		for i := range members {
			if view.SamePerson(string(members[i].Spec.Email), email) {
				person.members = append(person.members, &members[i])
			}
		}
		if len(person.members) == 0 {
			return nil, fmt.Errorf("no Member of Customer %s has the address %s: nobody is removed", customer.Name, word)
		}
		for _, admin := range customer.Spec.Admins {
			if view.SamePerson(string(admin.Email), email) {
				return nil, fmt.Errorf("%s is an admin in the contract, and would be declared again: take the address out of spec.admins of Customer %s first; nobody is removed", email, customer.Name)
			}
		}
		if !slices.ContainsFunc(persons, func(p *leaving) bool { return view.SamePerson(p.email, email) }) {
			persons = append(persons, person)
		}
	}
	return persons, nil
}

// follow looks how far everybody is, and says what has changed.
func (e *env) follow(ctx context.Context, customer *v1alpha1.Customer, persons []*leaving) (done bool, err error) {
	members, err := e.members(ctx, customer)
	if err != nil {
		return false, err
	}
	// After the Members: who is held or removed has a Removal before the Member is gone.
	listed, err := e.removals(ctx, customer)
	if err != nil {
		return false, err
	}
	now := &v1alpha1.Customer{}
	if err := e.client.Get(ctx, client.ObjectKeyFromObject(customer), now); client.IgnoreNotFound(err) != nil {
		return false, err
	} else if apierrors.IsNotFound(err) {
		now = customer
	}
	removals := view.Removals(listed)
	done = true
	for _, person := range persons {
		step := person.look(members, view.RemovalOf(removals, person.email), view.NothingTaken(now))
		if step != person.told {
			e.say("%s: %s", person.email, step)
			person.told = step
		}
		done = done && person.outcome != ""
	}
	return done, nil
}

// look says how far a person is on the way out, and notes the outcome.
func (l *leaving) look(members []v1alpha1.Member, removal *view.Removal, nothingTaken string) string {
	l.outcome, l.bad = "", false
	for i := range members {
		if !view.SamePerson(string(members[i].Spec.Email), l.email) {
			continue
		}
		if !slices.ContainsFunc(l.members, func(m *v1alpha1.Member) bool { return m.UID == members[i].UID }) {
			l.outcome, l.bad = "declared again by Member "+members[i].Name+", who keeps the seat", true
			return l.outcome
		}
		if removal != nil && removal.IsUnderWay() {
			return "going: " + removal.Meaning()
		}
		return "going: " + view.LeavingStep(&members[i])
	}
	switch {
	case removal == nil && nothingTaken != "":
		l.outcome, l.bad = "its Member is gone, and under mode "+nothingTaken+" nothing was taken in Auth0", true
	case removal == nil:
		l.outcome = "its Member is gone"
	case removal.AwaitsApproval():
		l.outcome, l.bad = "HELD: nothing is taken, and the person signs in as before", true
	case removal.IsDone():
		l.outcome = "removed: nothing lets the person in"
		if removal.Restorable {
			l.outcome += "; a Member of the address brings them back for a while"
		}
	case removal.IsUnderWay():
		return "going: " + removal.Meaning()
	default:
		l.outcome, l.bad = "not removed: "+removal.Meaning(), true
	}
	return l.outcome
}

// concludeRemoval says what came of it, and what a person has to do.
func (e *env) concludeRemoval(customer *v1alpha1.Customer, persons []*leaving, err error) error {
	if err != nil && !errors.Is(err, errLate) {
		return err
	}
	held, open := 0, 0
	for _, person := range persons {
		switch {
		case person.outcome == "":
			open++
		case person.bad && strings.HasPrefix(person.outcome, "HELD"):
			held++
		}
	}
	if open > 0 {
		e.say("Not confirmed in time: %d of %d. It goes on by itself; see: kubectl seats status %s -n %s", open, len(persons), customer.Name, customer.Namespace)
	}
	if held > 0 {
		e.say("Held: %d of %d. More people were removed at once than the brake lets through. If it was meant: kubectl seats approve %s -n %s; if not, invite them again.",
			held, len(persons), customer.Name, customer.Namespace)
	}
	if slices.ContainsFunc(persons, func(p *leaving) bool { return p.bad || p.outcome == "" }) {
		return errSilent
	}
	return nil
}
