package commands

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"
	admissionv1 "k8s.io/api/admissionregistration/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/cmd/kubectl-seats/view"
	"github.com/seatwarden/seatwarden/internal/auth0"
)

func (e *env) check() *cobra.Command {
	var format output
	var operator operatorNamespace
	cmd := &cobra.Command{
		Use:   "check [TENANT]",
		Short: "Check tenants: credentials, scopes, guard, application, policies, clock",
		Long: "Check the installation and its Auth0Tenants: what the operator says of credentials, scopes, guard, limits and feed, and,\n" +
			"where you may read the Secret, what Auth0 says of the application and the time. Nothing is changed. Exit code 1 if there\n" +
			"is a problem.",
		Example:           "  # Everything\n  kubectl seats check\n\n  # One tenant, for a script\n  kubectl seats check default -o json",
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: e.completeTenants,
		RunE: func(cmd *cobra.Command, args []string) error {
			return e.runCheck(cmd.Context(), args, format, operator)
		},
	}
	format.add(cmd)
	operator.add(e, cmd)
	return cmd
}

// tenantChecks are the checks of one tenant.
type tenantChecks struct {
	Tenant string       `json:"tenant"`
	Checks []view.Check `json:"checks"`
}

func (e *env) runCheck(ctx context.Context, names []string, format output, operator operatorNamespace) error {
	tenants, err := e.tenants(ctx, names)
	if err != nil {
		return err
	}
	cluster, err := e.clusterChecks(ctx, tenants)
	if err != nil {
		return err
	}
	bad := problems(cluster)
	all := make([]tenantChecks, 0, len(tenants))
	for i := range tenants {
		tenant := &tenants[i]
		checks := append(view.TenantChecks(tenant), e.auth0Checks(ctx, tenant, operator)...)
		bad = bad || problems(checks)
		all = append(all, tenantChecks{Tenant: tenant.Name, Checks: checks})
	}
	if !format.isTable() {
		if err := e.print(format, map[string]any{"cluster": cluster, "tenants": all}); err != nil {
			return err
		}
	} else {
		colour := e.coloured(e.Out)
		fmt.Fprintf(e.Out, "%s\n%s", view.Paint(colour, view.Heading, "Cluster"), view.CheckTable(cluster).String("  ", colour))
		for _, tenant := range all {
			fmt.Fprintf(e.Out, "\n%s\n%s", view.Paint(colour, view.Heading, "Auth0Tenant "+tenant.Tenant), view.CheckTable(tenant.Checks).String("  ", colour))
		}
	}
	if bad {
		return errSilent
	}
	return nil
}

func problems(checks []view.Check) bool {
	return slices.ContainsFunc(checks, func(c view.Check) bool { return c.Result == view.CheckProblem })
}

func (e *env) tenants(ctx context.Context, names []string) ([]v1alpha1.Auth0Tenant, error) {
	api, err := e.api()
	if err != nil {
		return nil, err
	}
	if len(names) > 0 {
		tenant := v1alpha1.Auth0Tenant{}
		err := api.Get(ctx, client.ObjectKey{Name: names[0]}, &tenant)
		return []v1alpha1.Auth0Tenant{tenant}, err
	}
	list := &v1alpha1.Auth0TenantList{}
	err = api.List(ctx, list)
	return list.Items, err
}

func (e *env) clusterChecks(ctx context.Context, tenants []v1alpha1.Auth0Tenant) ([]view.Check, error) {
	checks := []view.Check{{Check: "kinds", Result: view.CheckOK, Message: "the cluster has Auth0Tenants, Customers and Members"}}
	if len(tenants) == 0 {
		checks = append(checks, view.Check{Check: "tenants", Result: view.CheckProblem, Message: "there is no Auth0Tenant: create one"})
	}
	list := &admissionv1.ValidatingAdmissionPolicyBindingList{}
	switch err := e.client.List(ctx, list); {
	case apierrors.IsForbidden(err):
		return append(checks, view.Check{Check: "policies", Result: view.CheckUnknown, Message: "you may not list ValidatingAdmissionPolicyBindings"}), nil
	case err != nil:
		return nil, err
	}
	bindings := map[string]bool{}
	for i := range list.Items {
		bindings[list.Items[i].Name] = true
	}
	return append(checks, view.PolicyChecks(bindings)...), nil
}

// auth0Checks ask Auth0 itself, where the person may read the credentials.
func (e *env) auth0Checks(ctx context.Context, tenant *v1alpha1.Auth0Tenant, operator operatorNamespace) []view.Check {
	api, err := e.signIn(ctx, tenant, operator)
	if err != nil {
		return []view.Check{{Check: "Auth0 itself", Result: view.CheckUnknown, Message: "not asked: " + err.Error()}}
	}
	clientID := tenant.Spec.Application.ClientID
	application, err := patiently(ctx, e, func() (auth0.Application, error) { return api.Client(ctx, clientID) })
	var checks []view.Check
	switch {
	case err != nil && !auth0.IsNotFound(err):
		result := view.CheckUnknown
		if auth0.KindOf(err) == auth0.KindUnauthorized {
			result = view.CheckProblem
		}
		return []view.Check{{Check: "Auth0 itself", Result: result, Message: plainError(err)}}
	default:
		checks = append(checks, view.ApplicationCheck(clientID, view.Application{
			Missing: err != nil, Name: application.Name, OrganizationUsage: application.OrganizationUsage, LoginURI: application.InitiateLoginURI}))
	}
	return append(checks, view.ClockCheck(e.Now(), api.Now()))
}

// plainError is what went wrong, without what is told to programs.
func plainError(err error) string {
	var failed *auth0.Error
	if errors.As(err, &failed) && failed.Detail != "" {
		return failed.Detail
	}
	return err.Error()
}
