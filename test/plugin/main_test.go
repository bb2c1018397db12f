// Package plugin_test runs kubectl seats against a real API server: what each
// command prints, and what it does to the objects.
package plugin_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/cmd/kubectl-seats/commands"
	"github.com/seatwarden/seatwarden/internal/controlplane/envtesting"
)

var update = flag.Bool("update", false, "write testdata/*.golden anew")

func TestMain(m *testing.M) { os.Exit(envtesting.Run(m, envtesting.Options{})) }

// now is the time on the machine of whoever runs the plugin.
var now = time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)

// seats is the plugin, in a namespace with the objects of testdata/sales.yaml.
type seats struct {
	t         *testing.T
	client    client.Client
	namespace string
	clock     time.Time
	// flags before the command's own.
	flags []string
	stdin string
	// operator does one step of the operator's work, between two looks.
	operator func()
	options  commands.Options
}

func newSeats(t *testing.T, files ...string) *seats {
	t.Helper()
	g := NewWithT(t)
	scheme := runtime.NewScheme()
	g.Expect(v1alpha1.AddToScheme(scheme)).To(Succeed())
	c, err := client.New(envtesting.Config(), client.Options{Scheme: scheme})
	g.Expect(err).NotTo(HaveOccurred())
	s := &seats{t: t, client: c, namespace: envtesting.Namespace(t), clock: now, flags: []string{"--kubeconfig", envtesting.ControlPlane().Kubeconfig()}}
	for _, file := range files {
		s.seed(file)
	}
	return s
}

// seed makes the objects of a file, with their status.
func (s *seats) seed(file string) {
	s.t.Helper()
	g := NewWithT(s.t)
	text, err := os.ReadFile(filepath.Join("testdata", file))
	g.Expect(err).NotTo(HaveOccurred())
	for _, document := range strings.Split(string(text), "\n---\n") {
		object := &unstructured.Unstructured{}
		g.Expect(yaml.Unmarshal([]byte(document), object)).To(Succeed())
		status := object.Object["status"]
		if object.GetKind() != "Auth0Tenant" {
			object.SetNamespace(s.namespace)
			if object.GetKind() == "Event" {
				g.Expect(unstructured.SetNestedField(object.Object, s.namespace, "involvedObject", "namespace")).To(Succeed())
			}
		}
		g.Expect(s.client.Create(s.t.Context(), object)).To(Succeed())
		if object.GetKind() == "Auth0Tenant" {
			created := object.DeepCopy()
			s.t.Cleanup(func() { _ = s.client.Delete(context.WithoutCancel(s.t.Context()), created) })
		}
		if status != nil {
			object.Object["status"] = status
			g.Expect(s.client.Status().Update(s.t.Context(), object)).To(Succeed())
		}
	}
}

// run runs a command and returns everything that it prints, and whether it succeeded.
func (s *seats) run(args ...string) (string, bool) {
	s.t.Helper()
	return s.runExactly(append(append([]string{}, args...), append(s.flags, "-n", s.namespace)...)...)
}

func (s *seats) runExactly(args ...string) (string, bool) {
	s.t.Helper()
	out := &bytes.Buffer{}
	options := s.options
	options.IOStreams = genericiooptions.IOStreams{In: strings.NewReader(s.stdin), Out: out, ErrOut: out}
	if options.Now == nil {
		options.Now = func() time.Time { return s.clock }
	}
	options.Pause = func(context.Context) {
		s.clock = s.clock.Add(time.Second)
		if s.operator != nil {
			s.operator()
		}
	}
	root := commands.New(options)
	root.SetArgs(args)
	err := root.ExecuteContext(s.t.Context())
	if err != nil {
		if text := commands.Message(err); text != "" {
			out.WriteString(text + "\n")
		}
	}
	return strings.ReplaceAll(out.String(), s.namespace, "sales"), err == nil
}

// golden runs a command and compares what it prints with testdata/NAME.golden.
func (s *seats) golden(name string, succeeds bool, args ...string) {
	s.t.Helper()
	g := NewWithT(s.t)
	out, ok := s.run(args...)
	g.Expect(ok).To(Equal(succeeds), out)
	text := "$ kubectl seats " + quoted(args) + " -n sales\n" + out
	path := filepath.Join("testdata", name+".golden")
	if *update {
		g.Expect(os.WriteFile(path, []byte(text), 0o600)).To(Succeed())
	}
	want, err := os.ReadFile(path)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(text).To(Equal(string(want)), "if it is meant: go test ./test/plugin -update")
}

func quoted(args []string) string {
	words := make([]string, 0, len(args))
	for _, arg := range args {
		words = append(words, strings.TrimPrefix(arg, "testdata/"))
	}
	return strings.Join(words, " ")
}

func (s *seats) customer(name string) *v1alpha1.Customer {
	customer := &v1alpha1.Customer{}
	NewWithT(s.t).Expect(s.client.Get(s.t.Context(), client.ObjectKey{Namespace: s.namespace, Name: name}, customer)).To(Succeed())
	return customer
}

func (s *seats) member(name string) *v1alpha1.Member {
	member := &v1alpha1.Member{}
	err := s.client.Get(s.t.Context(), client.ObjectKey{Namespace: s.namespace, Name: name}, member)
	if client.IgnoreNotFound(err) != nil {
		s.t.Fatal(err)
	}
	if err != nil {
		return nil
	}
	return member
}

// change changes an object's status as the operator would.
func change[T client.Object](s *seats, object T, mutate func(T)) {
	s.t.Helper()
	before := object.DeepCopyObject().(client.Object)
	mutate(object)
	NewWithT(s.t).Expect(s.client.Status().Patch(s.t.Context(), object, client.MergeFrom(before))).To(Succeed())
}

// keep puts the operator's finalizer on a Member.
func (s *seats) keep(name string, finalizers ...string) {
	s.t.Helper()
	member := s.member(name)
	before := member.DeepCopy()
	member.Finalizers = finalizers
	NewWithT(s.t).Expect(s.client.Patch(s.t.Context(), member, client.MergeFrom(before))).To(Succeed())
}

func micro(at time.Time) metav1.MicroTime { return metav1.NewMicroTime(at) }

// kubectlSays is what kubectl itself prints where it fails.
func (s *seats) kubectlSays(args ...string) string {
	s.t.Helper()
	_, err := envtesting.ControlPlane().Kubectl(s.t.Context(), append(args, "-n", s.namespace)...)
	if err == nil {
		s.t.Fatal(errors.New("kubectl succeeded"))
	}
	return strings.ReplaceAll(err.Error(), s.namespace, "sales")
}
