package commands

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/cmd/kubectl-seats/view"
	"github.com/seatwarden/seatwarden/internal/auth0"
	"github.com/seatwarden/seatwarden/internal/ownership"
)

func (e *env) export() *cobra.Command {
	var operator operatorNamespace
	var only []string
	cmd := &cobra.Command{
		Use:   "export TENANT",
		Short: "Write what exists in Auth0 as YAML, ready to apply and to adopt",
		Long: "Read organizations, members and connections of an Auth0 tenant and write them as Customers and Members that adopt them.\n" +
			"Nothing is changed in Auth0 or in the cluster. The credentials are the operator's: you must be allowed to read their\n" +
			"Secret. Read the comments in what is written before you apply it.",
		Example: "  # A whole tenant, for namespace sales\n  kubectl seats export default -n sales >customers.yaml\n\n" +
			"  # One organization\n  kubectl seats export default -n sales --organization acme >acme.yaml",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: e.completeTenants,
		RunE: func(cmd *cobra.Command, args []string) error {
			return e.runExport(cmd.Context(), args[0], only, operator)
		},
	}
	operator.add(e, cmd)
	cmd.Flags().StringSliceVar(&only, "organization", nil, "Only the organization of this name; may be repeated")
	return cmd
}

func (e *env) runExport(ctx context.Context, name string, only []string, operator operatorNamespace) error {
	api, err := e.api()
	if err != nil {
		return err
	}
	namespace, err := e.namespace()
	if err != nil {
		return err
	}
	tenant := &v1alpha1.Auth0Tenant{}
	if err := api.Get(ctx, client.ObjectKey{Name: name}, tenant); err != nil {
		return err
	}
	tenantAPI, err := e.signIn(ctx, tenant, operator)
	if err != nil {
		return err
	}
	organizations, err := e.organizations(ctx, tenantAPI, only)
	if err != nil {
		return err
	}
	text, err := view.Export(tenant.Name, namespace, organizations)
	if err != nil {
		return err
	}
	_, err = fmt.Fprint(e.Out, text)
	return err
}

// organizations reads all that is exported before anything is written, so that a
// failure half-way leaves no half of it.
func (e *env) organizations(ctx context.Context, api auth0.API, only []string) ([]view.Organization, error) {
	var found []auth0.Organization
	var err error
	if len(only) == 0 {
		found, err = patiently(ctx, e, func() ([]auth0.Organization, error) { return api.ListOrganizations(ctx) })
	}
	for _, name := range only {
		organization, oneErr := patiently(ctx, e, func() (auth0.Organization, error) { return api.OrganizationByName(ctx, name) })
		if auth0.IsNotFound(oneErr) {
			return nil, fmt.Errorf("the tenant has no organization %q", name)
		}
		if oneErr != nil {
			err = oneErr
			break
		}
		found = append(found, organization)
	}
	if err != nil {
		return nil, err
	}
	progress := isTerminal(e.ErrOut)
	organizations := make([]view.Organization, 0, len(found))
	for i, organization := range found {
		if progress {
			fmt.Fprintf(e.ErrOut, "\r%d of %d organizations", i+1, len(found))
		}
		row := view.Organization{ID: organization.ID, Name: organization.Name, DisplayName: organization.DisplayName, Owner: organization.Metadata[ownership.MetadataOwner]}
		if row.Owner == "" {
			if err := e.peopleOf(ctx, api, &row); err != nil {
				return nil, fmt.Errorf("organization %s: %w", organization.Name, err)
			}
		}
		organizations = append(organizations, row)
	}
	if progress {
		fmt.Fprint(e.ErrOut, "\r\x1b[K")
	}
	return organizations, nil
}

func (e *env) peopleOf(ctx context.Context, api auth0.API, row *view.Organization) error {
	members, err := patiently(ctx, e, func() ([]auth0.OrganizationMember, error) { return api.Members(ctx, row.ID) })
	if err != nil {
		return err
	}
	for _, member := range members {
		row.Members = append(row.Members, view.OrganizationMember{UserID: member.UserID, Email: member.Email})
	}
	enabled, err := patiently(ctx, e, func() ([]auth0.EnabledConnection, error) { return api.EnabledConnections(ctx, row.ID) })
	for _, connection := range enabled {
		row.Connections = append(row.Connections, view.OrganizationConnection{
			Name: connection.Name, MembershipOnLogin: connection.AssignMembershipOnLogin, Signup: connection.SignupEnabled})
	}
	return err
}
