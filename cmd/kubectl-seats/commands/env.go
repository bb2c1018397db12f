package commands

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"

	"github.com/spf13/cobra"
	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
)

// env is what a command runs on: kubectl's flags, a client, and where to print.
type env struct {
	Options
	flags  *genericclioptions.ConfigFlags
	colour string
	client client.Client
}

// kinds are those that the commands read or write, and whether they are in a namespace.
var kinds = []struct {
	kind  schema.GroupVersionKind
	scope meta.RESTScope
}{
	{v1alpha1.GroupVersion.WithKind("Auth0Tenant"), meta.RESTScopeRoot},
	{v1alpha1.GroupVersion.WithKind("Customer"), meta.RESTScopeNamespace},
	{v1alpha1.GroupVersion.WithKind("Member"), meta.RESTScopeNamespace},
	{v1alpha1.GroupVersion.WithKind("Removal"), meta.RESTScopeNamespace},
	{corev1.SchemeGroupVersion.WithKind("Event"), meta.RESTScopeNamespace},
	{corev1.SchemeGroupVersion.WithKind("Secret"), meta.RESTScopeNamespace},
	{corev1.SchemeGroupVersion.WithKind("Namespace"), meta.RESTScopeRoot},
	{admissionv1.SchemeGroupVersion.WithKind("ValidatingAdmissionPolicyBinding"), meta.RESTScopeRoot},
}

// api is the client for the cluster; it is connected to when it is first used.
func (e *env) api() (client.Client, error) {
	if e.client != nil {
		return e.client, nil
	}
	config, err := e.flags.ToRESTConfig()
	if err != nil {
		return nil, err
	}
	config.UserAgent = "kubectl-seats"
	// As kubectl has it: a person's request waits for nobody but the server.
	config.QPS, config.Burst = -1, -1
	config.WarningHandler = rest.NewWarningWriter(e.ErrOut, rest.WarningWriterOptions{Deduplicate: true, Color: e.coloured(e.ErrOut)})
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{v1alpha1.AddToScheme, corev1.AddToScheme, admissionv1.AddToScheme} {
		if err := add(scheme); err != nil {
			return nil, err
		}
	}
	mapper := meta.NewDefaultRESTMapper(nil)
	for _, known := range kinds {
		mapper.Add(known.kind, known.scope)
	}
	e.client, err = client.New(config, client.Options{Scheme: scheme, Mapper: mapper})
	return e.client, err
}

// namespace is the one that the flags or the kubeconfig name.
func (e *env) namespace() (string, error) {
	namespace, _, err := e.flags.ToRawKubeConfigLoader().Namespace()
	return namespace, err
}

// coloured tells whether a stream is written to in colour.
func (e *env) coloured(stream any) bool {
	switch e.colour {
	case "always":
		return true
	case "never":
		return false
	}
	return isTerminal(stream) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}

// output is the flag -o.
type output string

func (o *output) add(cmd *cobra.Command) {
	*o = "table"
	cmd.Flags().StringVarP((*string)(o), "output", "o", "table", "Output format: table, json or yaml")
	_ = cmd.RegisterFlagCompletionFunc("output", cobra.FixedCompletions([]string{"table", "json", "yaml"}, cobra.ShellCompDirectiveNoFileComp))
	before := cmd.PreRunE
	cmd.PreRunE = func(cmd *cobra.Command, args []string) error {
		if !slices.Contains([]string{"table", "json", "yaml"}, string(*o)) {
			return fmt.Errorf("unable to match a printer suitable for the output format %q, allowed formats are: json,table,yaml", *o)
		}
		if before != nil {
			return before(cmd, args)
		}
		return nil
	}
}

func (o *output) isTable() bool { return *o == "table" }

// print writes a value as JSON or YAML.
func (e *env) print(format output, value any) error {
	var text []byte
	var err error
	if format == "yaml" {
		text, err = yaml.Marshal(value)
	} else {
		text, err = json.MarshalIndent(value, "", "    ")
		text = append(text, '\n')
	}
	if err != nil {
		return err
	}
	_, err = e.Out.Write(text)
	return err
}

// customer reads one Customer.
func (e *env) customer(ctx context.Context, name string) (*v1alpha1.Customer, error) {
	api, err := e.api()
	if err != nil {
		return nil, err
	}
	namespace, err := e.namespace()
	if err != nil {
		return nil, err
	}
	customer := &v1alpha1.Customer{}
	return customer, api.Get(ctx, client.ObjectKey{Namespace: namespace, Name: name}, customer)
}

// members are those of one Customer.
func (e *env) members(ctx context.Context, customer *v1alpha1.Customer) ([]v1alpha1.Member, error) {
	return e.membersWhere(ctx, client.InNamespace(customer.Namespace), client.MatchingFields{v1alpha1.FieldCustomerRef: customer.Name})
}

func (e *env) membersWhere(ctx context.Context, where ...client.ListOption) (members []v1alpha1.Member, err error) {
	err = pages(func(page ...client.ListOption) (string, error) {
		list := &v1alpha1.MemberList{}
		err := e.client.List(ctx, list, append(page, where...)...)
		members = append(members, list.Items...)
		return list.Continue, err
	})
	return members, err
}

// removals are those of one Customer.
func (e *env) removals(ctx context.Context, customer *v1alpha1.Customer) (removals []v1alpha1.Removal, err error) {
	err = pages(func(page ...client.ListOption) (string, error) {
		list := &v1alpha1.RemovalList{}
		err := e.client.List(ctx, list, append(page, client.InNamespace(customer.Namespace), client.MatchingFields{v1alpha1.FieldCustomerRef: customer.Name})...)
		removals = append(removals, list.Items...)
		return list.Continue, err
	})
	return removals, err
}

// pages asks for one page after another.
func pages(one func(page ...client.ListOption) (next string, err error)) error {
	for next := ""; ; {
		var err error
		if next, err = one(client.Limit(pageSize), client.Continue(next)); err != nil || next == "" {
			return err
		}
	}
}

// customerAndMembers reads both.
func (e *env) customerAndMembers(ctx context.Context, name string) (*v1alpha1.Customer, []v1alpha1.Member, error) {
	customer, err := e.customer(ctx, name)
	if err != nil {
		return nil, nil, err
	}
	members, err := e.members(ctx, customer)
	return customer, members, err
}

// say writes a line to the person, beside what is printed.
func (e *env) say(format string, args ...any) { fmt.Fprintf(e.ErrOut, format+"\n", args...) }

func (e *env) completeNamespaces(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
	return e.complete(cmd, &corev1.NamespaceList{}, false)
}

func (e *env) completeCustomers(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return e.complete(cmd, &v1alpha1.CustomerList{}, true)
}

func (e *env) completeMembers(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
	return e.complete(cmd, &v1alpha1.MemberList{}, true)
}

// complete are the names of objects, none where they cannot be read.
func (e *env) complete(cmd *cobra.Command, list client.ObjectList, namespaced bool) ([]string, cobra.ShellCompDirective) {
	const none = cobra.ShellCompDirectiveNoFileComp
	api, err := e.api()
	if err != nil {
		return nil, none
	}
	var within []client.ListOption
	if namespaced {
		namespace, err := e.namespace()
		if err != nil {
			return nil, none
		}
		within = append(within, client.InNamespace(namespace))
	}
	if err := api.List(cmd.Context(), list, within...); err != nil {
		return nil, none
	}
	items, err := meta.ExtractList(list)
	if err != nil {
		return nil, none
	}
	var names []string
	for _, item := range items {
		if object, err := meta.Accessor(item); err == nil {
			names = append(names, object.GetName())
		}
	}
	return names, none
}
