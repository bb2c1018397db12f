// Package api_test holds the kinds to what their fields say, on a real API
// server: which values are taken, what is stored, what cannot be changed, what a
// person reads who is refused, and what kubectl shows.
package api_test

import (
	"context"
	"os"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/internal/controlplane/envtesting"
)

func TestMain(m *testing.M) {
	os.Exit(envtesting.Run(m, envtesting.Options{}))
}

// absent as a case's value takes the field away.
var absent = struct{}{}

// fieldCase sets one field of an otherwise minimal object.
type fieldCase struct {
	name string
	// field is its path; [] stands for the first item of a list.
	field string
	value any
	// says is what a refusal must say; empty where the value is taken.
	says string
}

// changeCase changes one field of an object that exists.
type changeCase struct {
	name     string
	field    string
	from, to any
	says     string
}

func newClient(g Gomega) client.Client {
	scheme := runtime.NewScheme()
	g.Expect(v1alpha1.AddToScheme(scheme)).To(Succeed())
	c, err := client.NewWithWatch(envtesting.Config(), client.Options{Scheme: scheme})
	g.Expect(err).NotTo(HaveOccurred())
	return client.WithFieldValidation(c, metav1.FieldValidationStrict)
}

// minimal returns the smallest valid object of a kind.
func minimal(kind, namespace string) *unstructured.Unstructured {
	specs := map[string]map[string]any{
		"Auth0Tenant": {
			"domain":      "acme.eu.auth0.com",
			"credentials": map[string]any{"clientID": "operator", "secretRef": map[string]any{"name": "auth0-credentials"}},
			"application": map[string]any{"clientID": "portal"},
			"inviterName": "Portal",
		},
		"Customer": {
			"seats":   int64(3),
			"domains": []any{"acme.com"},
			"admins":  []any{map[string]any{"email": "it@acme.com"}},
		},
		"Member": {
			"customerRef": map[string]any{"name": "acme"},
			"email":       "jane@acme.com",
		},
	}
	object := &unstructured.Unstructured{Object: map[string]any{"spec": specs[kind]}}
	object.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind(kind))
	object.SetGenerateName("acme-")
	if kind != "Auth0Tenant" {
		object.SetNamespace(namespace)
	}
	return object
}

// set puts a value at a path, making what is missing on the way.
func set(object map[string]any, path string, value any) {
	head, rest, deeper := strings.Cut(path, ".")
	name, item := strings.CutSuffix(head, "[]")
	switch {
	case deeper && item:
		items, ok := object[name].([]any)
		if !ok {
			items = []any{map[string]any{}}
			object[name] = items
		}
		set(items[0].(map[string]any), rest, value)
	case deeper:
		below, ok := object[name].(map[string]any)
		if !ok {
			below = map[string]any{}
			object[name] = below
		}
		set(below, rest, value)
	case value == absent:
		delete(object, name)
	default:
		object[name] = value
	}
}

// expect holds an answer of the API server to what a case says.
func expect(g Gomega, err error, says string) {
	if says == "" {
		g.Expect(err).NotTo(HaveOccurred())
		return
	}
	g.Expect(err).To(MatchError(ContainSubstring(says)))
	g.Expect(apierrors.IsInvalid(err) || apierrors.IsBadRequest(err)).To(BeTrue(), "the author's mistake: %v", err)
}

// checkFields runs a table of fields on objects that are not kept.
func checkFields(t *testing.T, kind string, cases []fieldCase) {
	t.Helper()
	c := newClient(NewWithT(t))
	namespace := envtesting.Namespace(t)
	for _, test := range cases {
		t.Run(test.field+"/"+test.name, func(t *testing.T) {
			object := minimal(kind, namespace)
			set(object.Object, test.field, test.value)
			expect(NewWithT(t), c.Create(t.Context(), object, client.DryRunAll), test.says)
		})
	}
}

// checkChanges runs a table of changes.
func checkChanges(t *testing.T, kind string, cases []changeCase) {
	t.Helper()
	c := newClient(NewWithT(t))
	namespace := envtesting.Namespace(t)
	for _, test := range cases {
		t.Run(test.field+"/"+test.name, func(t *testing.T) {
			g := NewWithT(t)
			object := minimal(kind, namespace)
			set(object.Object, test.field, test.from)
			create(t, c, object)
			set(object.Object, test.field, test.to)
			expect(g, c.Update(t.Context(), object, client.DryRunAll), test.says)
		})
	}
}

// create creates an object and deletes it after the test where no namespace does.
func create(t *testing.T, c client.Client, object *unstructured.Unstructured) {
	t.Helper()
	g := NewWithT(t)
	g.Expect(c.Create(t.Context(), object)).To(Succeed())
	if object.GetNamespace() == "" {
		t.Cleanup(func() {
			g.Expect(c.Delete(context.WithoutCancel(t.Context()), object)).To(Succeed())
		})
	}
}

// list makes n items.
func list(n int, item func(i int) any) []any {
	items := make([]any, 0, n)
	for i := range n {
		items = append(items, item(i))
	}
	return items
}
