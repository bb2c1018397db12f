package commands

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/cmd/kubectl-seats/view"
)

// pageSize is how many objects are asked for at once.
const pageSize = 500

func (e *env) list() *cobra.Command {
	var format output
	var everywhere bool
	var selector string
	cmd := &cobra.Command{
		Use:     "list",
		Aliases: []string{"ls"},
		Short:   "List contracts and their seats",
		Example: "  # The contracts of a namespace\n  kubectl seats list -n sales\n\n  # All of them, for a script\n  kubectl seats list -A -o json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return e.runList(cmd.Context(), format, everywhere, selector)
		},
	}
	format.add(cmd)
	cmd.Flags().BoolVarP(&everywhere, "all-namespaces", "A", false, "List the contracts of all namespaces")
	cmd.Flags().StringVarP(&selector, "selector", "l", "", "Label selector of the Customers")
	return cmd
}

func (e *env) runList(ctx context.Context, format output, everywhere bool, selector string) error {
	api, err := e.api()
	if err != nil {
		return err
	}
	namespace, err := e.namespace()
	if err != nil {
		return err
	}
	if everywhere {
		namespace = metav1.NamespaceAll
	}
	matching, err := labels.Parse(selector)
	if err != nil {
		return err
	}
	rows := []view.Customer{}
	err = pages(func(page ...client.ListOption) (string, error) {
		list := &v1alpha1.CustomerList{}
		err := api.List(ctx, list, append(page, client.InNamespace(namespace), client.MatchingLabelsSelector{Selector: matching})...)
		for i := range list.Items {
			rows = append(rows, view.OfCustomer(&list.Items[i]))
		}
		return list.Continue, err
	})
	if err != nil {
		return err
	}
	slices.SortFunc(rows, func(a, b view.Customer) int {
		return strings.Compare(a.Namespace+"/"+a.Name, b.Namespace+"/"+b.Name)
	})
	switch {
	case !format.isTable():
		return e.print(format, map[string]any{"customers": rows})
	case len(rows) == 0 && everywhere:
		e.say("No resources found")
		return nil
	case len(rows) == 0:
		e.say("No resources found in %s namespace.", namespace)
		return nil
	}
	_, err = fmt.Fprint(e.Out, view.List(rows, everywhere).String("", e.coloured(e.Out)))
	return err
}
