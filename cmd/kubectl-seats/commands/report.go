package commands

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/cmd/kubectl-seats/view"
)

func (e *env) report() *cobra.Command {
	var file string
	var everywhere bool
	cmd := &cobra.Command{
		Use:   "report",
		Short: "Write what support needs, without e-mail addresses and secrets",
		Long: "Write the objects of Seatwarden with their status, and their Events, for whoever is to help. Addresses, names of Members and\n" +
			"ids of users are replaced by numbers; Secrets are not read. Names of Customers, their domains, roles and connections\n" +
			"stay: read it before you send it.",
		Example: "  # Of a namespace\n  kubectl seats report -n sales -f report.yaml\n\n  # Of the whole cluster\n  kubectl seats report -A -f report.yaml",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return e.runReport(cmd.Context(), file, everywhere)
		},
	}
	cmd.Flags().StringVarP(&file, "filename", "f", "-", "The file to write, or - for the standard output")
	cmd.Flags().BoolVarP(&everywhere, "all-namespaces", "A", false, "Of all namespaces")
	return cmd
}

// bundle is what a report holds.
type bundle struct {
	Plugin string    `json:"plugin"`
	At     time.Time `json:"at"`
	// Unread says what could not be read, and why.
	Unread  []string         `json:"unread,omitempty"`
	Objects []map[string]any `json:"objects"`
}

func (e *env) runReport(ctx context.Context, file string, everywhere bool) error {
	if _, err := e.api(); err != nil {
		return err
	}
	namespace, err := e.namespace()
	if err != nil {
		return err
	}
	if everywhere {
		namespace = metav1.NamespaceAll
	}
	bundle := bundle{Plugin: Version(), At: e.Now().UTC(), Objects: []map[string]any{}}
	var objects []map[string]any
	for _, known := range kinds {
		if known.kind.Group != v1alpha1.GroupVersion.Group && known.kind != corev1.SchemeGroupVersion.WithKind("Event") {
			continue
		}
		within := namespace
		if known.scope == meta.RESTScopeRoot {
			within = metav1.NamespaceAll
		}
		found, err := e.all(ctx, known.kind, within)
		switch {
		case apierrors.IsForbidden(err) && known.kind.Kind != "Customer":
			bundle.Unread = append(bundle.Unread, known.kind.Kind+": you may not list them")
		case err != nil:
			return err
		}
		objects = append(objects, found...)
	}
	redactor := view.NewRedactor(objects)
	for _, object := range objects {
		bundle.Objects = append(bundle.Objects, redactor.Redact(object))
	}
	text, err := yaml.Marshal(bundle)
	if err != nil {
		return err
	}
	return e.writeReport(file, text, len(objects))
}

// all are the objects of a kind. Of Events only those of our kinds are taken.
func (e *env) all(ctx context.Context, kind schema.GroupVersionKind, namespace string) (objects []map[string]any, err error) {
	err = pages(func(page ...client.ListOption) (string, error) {
		list := &unstructured.UnstructuredList{}
		list.SetGroupVersionKind(kind.GroupVersion().WithKind(kind.Kind + "List"))
		err := e.client.List(ctx, list, append(page, client.InNamespace(namespace))...)
		for i := range list.Items {
			object := list.Items[i].Object
			about, _, _ := unstructured.NestedString(object, "involvedObject", "apiVersion")
			if kind.Kind != "Event" || about == v1alpha1.GroupVersion.String() {
				objects = append(objects, object)
			}
		}
		return list.GetContinue(), err
	})
	return objects, err
}

func (e *env) writeReport(file string, text []byte, objects int) error {
	if file == "-" {
		_, err := e.Out.Write(text)
		return err
	}
	out, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = out.Write(text)
	if closed := out.Close(); err == nil {
		err = closed
	}
	if err == nil {
		fmt.Fprintf(e.Out, "%d objects written to %s: read it before you send it\n", objects, file)
	}
	return err
}
