package handsoff

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	. "github.com/onsi/gomega"
	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/cmd/kubectl-seats/commands"
	"github.com/seatwarden/seatwarden/internal/auth0"
	"github.com/seatwarden/seatwarden/internal/controlplane/envtesting"
	"github.com/seatwarden/seatwarden/internal/standin"
	"github.com/seatwarden/seatwarden/test/world"
)

// seats runs the kubectl plugin and returns what it prints.
func seats(w *world.World, args ...string) string {
	out := &bytes.Buffer{}
	root := commands.New(commands.Options{
		IOStreams: genericiooptions.IOStreams{In: &bytes.Buffer{}, Out: out, ErrOut: out},
		Auth0:     func(auth0.Options) (auth0.API, error) { return w.Engineer(), nil },
	})
	root.SetArgs(append(args, "--kubeconfig", envtesting.ControlPlane().Kubeconfig(), "-n", w.Namespace))
	w.Expect(root.ExecuteContext(w.Context())).To(Succeed(), "%s", out)
	return out.String()
}

// TestHandsOffExport: a whole tenant that others made is exported, applied with adoption
// on, and nothing is written to Auth0 but our marks and the people's grants.
func TestHandsOffExport(t *testing.T) {
	w := world.Bare(t)
	id := legacy(w, "jane@acme.com", "bob@acme.com")
	w.Expect(id).NotTo(BeEmpty())
	names := []string{"acme"}
	for i := range world.More(4, 49) {
		name := fmt.Sprintf("company-%02d", i)
		names = append(names, name)
		made, err := w.Auth0.AddOrganization(standin.OrganizationSeed{Name: name, DisplayName: "Company", Connections: []string{world.ConnectionName}})
		w.Expect(err).NotTo(HaveOccurred())
		resident(w, made.ID, fmt.Sprintf("one@%s.com", name))
		resident(w, made.ID, fmt.Sprintf("two@%s.com", name))
	}
	w.CreateTenant(func(tenant *v1alpha1.Auth0Tenant) { tenant.Spec.Namespaces[0].Adopt = names })
	before := theirs(w)
	mails := len(w.Auth0.Outbox().Mails())
	w.Auth0.ResetAudit()

	manifests := seats(w, "export", w.Tenant)
	w.Expect(writes(w)).To(BeEmpty(), "an export only reads")
	_, err := envtesting.ControlPlane().KubectlInput(t.Context(), bytes.NewBufferString(manifests), "apply", "--server-side", "-f", "-")
	w.Expect(err).NotTo(HaveOccurred())
	w.StartOperator()
	w.Until("everybody is in", func(g Gomega) {
		members := w.Members()
		g.Expect(len(members)).To(BeNumerically(">=", 2*len(names)))
		for i := range members {
			g.Expect(w.Reason(g, &members[i], v1alpha1.ConditionActive)).To(Equal("True/Joined"), members[i].Name)
		}
	})
	allowed := []string{"PATCH /api/v2/organizations/{id}", "PATCH /api/v2/users/{id}"}
	for _, call := range writes(w) {
		w.Expect(slices.Contains(allowed, call)).To(BeTrue(), "%s is neither a mark nor a grant", call)
	}
	w.Expect(cmp.Diff(before, theirs(w))).To(BeEmpty(), "what came with it stays as it was")
	for _, name := range names {
		w.Expect(w.Holders(name)).To(HaveLen(2))
	}
	w.Expect(w.Auth0.Outbox().Mails()).To(HaveLen(mails), "nobody gets a mail")
}
