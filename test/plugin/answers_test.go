package plugin_test

import (
	"path/filepath"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/seatwarden/seatwarden/cmd/kubectl-seats/commands"
	"github.com/seatwarden/seatwarden/internal/controlplane/envtesting"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

// answers are what kubectl seats says, and the kubectl command that must say the same.
var answers = map[string]struct{ seats, kubectl []string }{
	"list":    {[]string{"list"}, []string{"get", "customers"}},
	"status":  {[]string{"status", "nobody"}, []string{"get", "customer", "nobody"}},
	"invite":  {[]string{"invite", "nobody", "jane@acme.com"}, []string{"get", "customer", "nobody"}},
	"remove":  {[]string{"remove", "nobody", "jane@acme.com"}, []string{"get", "customer", "nobody"}},
	"resend":  {[]string{"resend", "nobody"}, []string{"get", "member", "nobody"}},
	"import":  {[]string{"import", "nobody", "-f", "testdata/people.csv"}, []string{"get", "customer", "nobody"}},
	"approve": {[]string{"approve", "nobody", "--yes"}, []string{"get", "customer", "nobody"}},
}

func TestUnknownNamesAreAnsweredAsByKubectl(t *testing.T) {
	s := newSeats(t)
	for name, command := range answers {
		if name == "list" {
			continue
		}
		g := NewWithT(t)
		out, ok := s.run(command.seats...)
		g.Expect(ok).To(BeFalse(), name)
		g.Expect(s.kubectlSays(command.kubectl...)).To(ContainSubstring(strings.TrimSpace(out)), name)
		g.Expect(out).To(HavePrefix("Error from server (NotFound): "), name)
	}
}

func TestWhoHasNoAccessIsToldAsByKubectl(t *testing.T) {
	g := NewWithT(t)
	s := newSeats(t)
	clients, err := kubernetes.NewForConfig(envtesting.Config())
	g.Expect(err).NotTo(HaveOccurred())
	_, err = clients.CoreV1().ServiceAccounts(s.namespace).Create(t.Context(), &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: "nobody"}}, metav1.CreateOptions{})
	g.Expect(err).NotTo(HaveOccurred())
	kubeconfig, err := envtesting.ControlPlane().KubeconfigFor(t.Context(), s.namespace, "nobody")
	g.Expect(err).NotTo(HaveOccurred())
	s.flags = []string{"--kubeconfig", kubeconfig}
	for name, command := range answers {
		out, ok := s.run(command.seats...)
		g.Expect(ok).To(BeFalse(), name)
		g.Expect(out).To(HavePrefix("Error from server (Forbidden): "), name)
		g.Expect(s.kubectlSays(append(command.kubectl, s.flags...)...)).To(ContainSubstring(strings.TrimSpace(out)), name)
	}
}

func TestAClusterThatCannotBeReachedIsAnsweredAsByKubectl(t *testing.T) {
	s := newSeats(t)
	s.flags = []string{"--kubeconfig", envtesting.ControlPlane().Kubeconfig(), "--server", "https://127.0.0.1:1"}
	for name, command := range answers {
		g := NewWithT(t)
		out, ok := s.run(command.seats...)
		g.Expect(ok).To(BeFalse(), name)
		g.Expect(out).To(Equal("The connection to the server 127.0.0.1:1 was refused - did you specify the right host or port?\n"), name)
		g.Expect(s.kubectlSays(append(command.kubectl, s.flags...)...)).To(ContainSubstring(strings.TrimSpace(out)), name)
	}
}

func TestEmptyNamespacesAreAnsweredAsByKubectl(t *testing.T) {
	g := NewWithT(t)
	s := newSeats(t)
	out, ok := s.run("list")
	g.Expect(ok).To(BeTrue())
	g.Expect(out).To(Equal("No resources found in sales namespace.\n"))
	out, ok = s.run("list", "-o", "json")
	g.Expect(ok).To(BeTrue())
	g.Expect(out).To(ContainSubstring(`"customers": []`))
	out, ok = s.run("resend", "--expired")
	g.Expect(ok).To(BeTrue())
	g.Expect(out).To(Equal("No invitation has expired.\n"))
}

func TestWrongCallsAreExplained(t *testing.T) {
	g := NewWithT(t)
	s := newSeats(t)
	out, ok := s.run("status")
	g.Expect(ok).To(BeFalse())
	g.Expect(out).To(ContainSubstring("See 'kubectl seats status --help' for help and examples."))
	out, ok = s.run("stauts", "acme")
	g.Expect(ok).To(BeFalse())
	g.Expect(out).To(ContainSubstring("unknown command"))
	s.flags = []string{"--kubeconfig", filepath.Join(t.TempDir(), "none")}
	out, ok = s.run("list")
	g.Expect(ok).To(BeFalse())
	g.Expect(out).NotTo(BeEmpty())
}

func TestEveryCommandHasHelpWithExamples(t *testing.T) {
	g := NewWithT(t)
	for _, command := range commands.New(commands.Options{}).Commands() {
		if name := command.Name(); name == "help" || name == "completion" {
			continue
		}
		g.Expect(command.Short).NotTo(BeEmpty(), command.Name())
		g.Expect(command.Example).To(ContainSubstring("kubectl seats "+command.Name()), command.Name())
		g.Expect(command.GroupID).NotTo(BeEmpty(), command.Name())
	}
}

func TestCompletionKnowsNames(t *testing.T) {
	g := NewWithT(t)
	s := newSeats(t, "sales.yaml")
	out, ok := s.complete("status", "")
	g.Expect(ok).To(BeTrue())
	g.Expect(out).To(ContainSubstring("acme\nbeta\n"))
	out, _ = s.complete("remove", "acme", "")
	g.Expect(out).To(ContainSubstring("acme-joe\n"))
	out, _ = s.complete("list", "--color", "")
	g.Expect(out).To(ContainSubstring("auto\nalways\nnever\n"))
}

// complete asks as a shell does.
func (s *seats) complete(words ...string) (string, bool) {
	args := append([]string{"__complete"}, s.flags...)
	args = append(args, "-n", s.namespace)
	before := s.flags
	defer func() { s.flags = before }()
	s.flags = nil
	return s.runExactly(append(args, words...)...)
}
