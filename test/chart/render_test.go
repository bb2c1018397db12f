package chart

import (
	"maps"
	"slices"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	"helm.sh/helm/v3/pkg/lint"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

var image = map[string]any{"repository": "registry.example.com/seatwarden"}

func TestChartIsLinted(t *testing.T) {
	for name, values := range valuesFiles(NewWithT(t)) {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			var said []string
			for _, message := range lint.All(folder, values, system, true).Messages {
				// An icon is nice to have.
				if !strings.Contains(message.Error(), "icon is recommended") {
					said = append(said, message.Error())
				}
			}
			g.Expect(said).To(BeEmpty())
		})
	}
}

// TestChartEqualsConfig: what the chart installs is what kustomize installs, labels
// apart, so that a rule stands in one place.
func TestChartEqualsConfig(t *testing.T) {
	for policies, kustomization := range map[string]string{"Deny": "default", "Warn": "gitops"} {
		t.Run(kustomization, func(t *testing.T) {
			g := NewWithT(t)
			wanted := objects(g, kubectl(t, g, "kustomize", root+"/config/"+kustomization))
			got := rendered(g, system, map[string]any{"image": image, "policies": policies})

			// Helm makes the namespace, and the chart adds the budget.
			delete(wanted, "Namespace /"+system)
			delete(got, "PodDisruptionBudget "+system+"/seatwarden")
			g.Expect(slices.Sorted(maps.Keys(got))).To(Equal(slices.Sorted(maps.Keys(wanted))))
			sameDeployment(g, got, wanted)
			for key, object := range got {
				for label, value := range wanted[key].GetLabels() {
					g.Expect(object.GetLabels()).To(HaveKeyWithValue(label, value), key)
				}
				for annotation, value := range wanted[key].GetAnnotations() {
					g.Expect(object.GetAnnotations()).To(HaveKeyWithValue(annotation, value), key)
				}
				g.Expect(object.GetLabels()).To(HaveKeyWithValue("app.kubernetes.io/instance", release), key)
				for _, either := range []*unstructured.Unstructured{object, wanted[key]} {
					either.SetLabels(nil)
					either.SetAnnotations(nil)
				}
				g.Expect(object.Object).To(Equal(wanted[key].Object), key)
			}
		})
	}
}

// sameDeployment compares the Deployments, takes both out, and leaves out in what they
// are meant to differ.
func sameDeployment(g Gomega, got, wanted map[string]*unstructured.Unstructured) {
	key := "Deployment " + system + "/seatwarden"
	for _, all := range []map[string]*unstructured.Unstructured{got, wanted} {
		container(g, all[key])["image"] = ""
		all[key].SetLabels(nil)
		for _, fields := range [][]string{
			{"spec", "replicas"}, {"spec", "template", "metadata", "labels"}, {"spec", "template", "spec", "topologySpreadConstraints"},
		} {
			unstructured.RemoveNestedField(all[key].Object, fields...)
		}
	}
	g.Expect(got[key].Object).To(Equal(wanted[key].Object))
	delete(got, key)
	delete(wanted, key)
}

func TestChartKeepsToItsNamespace(t *testing.T) {
	g := NewWithT(t)
	values := valuesFiles(g)["full"]
	for key, object := range rendered(g, "elsewhere", values) {
		if object.GetKind() == "CustomResourceDefinition" {
			continue
		}
		text, err := object.MarshalJSON()
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(string(text)).NotTo(ContainSubstring(system), key)
		subjects, _, err := unstructured.NestedSlice(object.Object, "subjects")
		g.Expect(err).NotTo(HaveOccurred())
		for _, subject := range subjects {
			g.Expect(subject).To(Or(
				And(HaveKeyWithValue("name", "auth0-operator"), HaveKeyWithValue("namespace", "elsewhere")),
				And(HaveKeyWithValue("name", "prometheus-k8s"), HaveKeyWithValue("namespace", "monitoring"))), key)
		}
	}
}

func TestChartTurnsOff(t *testing.T) {
	g := NewWithT(t)
	kinds := map[string]int{}
	for key, object := range rendered(g, system, valuesFiles(g)["least"]) {
		kinds[object.GetKind()]++
		g.Expect(key).NotTo(ContainSubstring("metrics"), "nobody may ask who is calling where no metrics are served")
	}
	g.Expect(kinds).To(Equal(map[string]int{
		"CustomResourceDefinition": 4, "ServiceAccount": 1, "Deployment": 1,
		"ClusterRole": 5, "ClusterRoleBinding": 1, "Role": 2, "RoleBinding": 2,
	}))
}

func TestChartPassesFlagsOn(t *testing.T) {
	g := NewWithT(t)
	full := container(g, deployment(g, rendered(g, system, valuesFiles(g)["full"])))
	g.Expect(full["args"]).To(ConsistOf("--leader-elect", "--health-probe-bind-address=:8081", "--metrics-bind-address=:8443",
		"--instance=prod.eu-1", "--live-interval=20s", "--settled-interval=15m", "--resync-interval=2h", "--tenant-interval=2m",
		"--probe-interval=10s", "--workers=4", "--zap-log-level=debug", "--pprof-bind-address=localhost:6060", "--zap-encoder=console"))
	g.Expect(full["env"]).To(ContainElement(Equal(map[string]any{"name": "OTEL_EXPORTER_OTLP_ENDPOINT", "value": "http://otel-collector.monitoring:4317"})))
	g.Expect(full["image"]).To(Equal("registry.example.com/seatwarden:007"))
	byDigest := container(g, deployment(g, rendered(g, system, valuesFiles(g)["gitops"])))
	g.Expect(byDigest["image"]).To(HavePrefix("registry.example.com:5000/team/seatwarden@sha256:0a0a"))
}

func TestChartRefusesBadValues(t *testing.T) {
	for name, test := range map[string]struct {
		values map[string]any
		says   []string
	}{
		"a name that is not known": {map[string]any{"replica": 3}, []string{"additional properties 'replica' not allowed"}},
		"one of the operator":      {map[string]any{"operator": map[string]any{"live": "10s"}}, []string{"at '/operator'", "additional properties 'live' not allowed"}},
		"a secret":                 {map[string]any{"clientSecret": "s3cret"}, []string{"additional properties 'clientSecret' not allowed"}},
		"a duration without unit":  {map[string]any{"operator": map[string]any{"liveInterval": "10"}}, []string{"at '/operator/liveInterval'", "does not match pattern"}},
		"a number as the tag":      {map[string]any{"image": map[string]any{"repository": "seatwarden", "tag": 1.2}}, []string{"at '/image/tag'", "got number, want string"}},
		"a short digest":           {map[string]any{"image": map[string]any{"digest": "sha256:0a"}}, []string{"at '/image/digest'"}},
		"policies turned Off":      {map[string]any{"policies": "Off"}, []string{"at '/policies'", "'Deny', 'Warn', 'None'"}},
		"a tenant without a spec":  {map[string]any{"tenants": []any{map[string]any{"name": "default"}}}, []string{"at '/tenants/0'", "missing property 'spec'"}},
		"an instance with a slash": {map[string]any{"instance": "a/b"}, []string{"at '/instance'"}},
		"no image":                 {map[string]any{}, []string{"image.repository must be set", "make docker-build"}},
		"a monitor of no metrics": {map[string]any{"image": image, "metrics": map[string]any{"enabled": false, "serviceMonitor": map[string]any{"enabled": true}}},
			[]string{"metrics.serviceMonitor.enabled needs metrics.enabled"}},
		"alerts on no metrics": {map[string]any{"image": image, "metrics": map[string]any{"enabled": false, "prometheusRule": map[string]any{"enabled": true}}},
			[]string{"metrics.prometheusRule.enabled needs metrics.enabled"}},
		"a dashboard of no metrics": {map[string]any{"image": image, "metrics": map[string]any{"enabled": false, "dashboard": map[string]any{"enabled": true}}},
			[]string{"metrics.dashboard.enabled needs metrics.enabled"}},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			_, _, err := render(system, load(g), test.values)
			for _, text := range test.says {
				g.Expect(err).To(MatchError(ContainSubstring(text)))
			}
		})
	}
}

func TestNotesSayWhatIsNext(t *testing.T) {
	g := NewWithT(t)
	_, notes, err := render("auth0", load(g), map[string]any{"image": image})
	g.Expect(err).NotTo(HaveOccurred())
	for _, text := range []string{"create secret generic auth0-credentials -n auth0", "auth0tenant/default", "guard.mode: Enforce", "helm uninstall", "Terminating"} {
		g.Expect(notes).To(ContainSubstring(text))
	}
	_, notes, err = render(system, load(g), valuesFiles(g)["full"])
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(notes).To(ContainSubstring("kubectl get auth0tenants"))
	g.Expect(notes).NotTo(ContainSubstring("create secret"))
}
