package chart

import (
	"context"
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/metrics"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/internal/auth0"
	seatmetrics "github.com/seatwarden/seatwarden/internal/metrics"
)

// known is what is known of one metric.
type known struct {
	labels []string
	// values of labels that have only these.
	values map[string][]string
}

// TestDashboardIsOnMetricsThatExist: each query is on names, labels and states that the
// operator tells.
func TestDashboardIsOnMetricsThatExist(t *testing.T) {
	g := NewWithT(t)
	shown, err := os.ReadFile(root + "/config/grafana/seatwarden.json")
	g.Expect(err).NotTo(HaveOccurred())
	dashboard := struct {
		Panels []struct {
			ID          int
			Title, Type string
			Targets     []struct{ Expr string }
		}
		Templating struct {
			List []struct {
				Name  string
				Query any
			}
		}
	}{}
	g.Expect(json.Unmarshal(shown, &dashboard)).To(Succeed())
	all := registered(g)
	ids := map[int]bool{}
	for _, panel := range dashboard.Panels {
		g.Expect(ids).NotTo(HaveKey(panel.ID), panel.Title)
		ids[panel.ID] = true
		if panel.Type != "row" {
			g.Expect(panel.Targets).NotTo(BeEmpty(), panel.Title)
		}
		for _, target := range panel.Targets {
			isOnKnownMetrics(g, all, withoutVariables(target.Expr), panel.Title)
		}
	}
	for _, variable := range dashboard.Templating.List {
		query, ok := variable.Query.(map[string]any)
		if !ok {
			continue // the data source
		}
		of := regexp.MustCompile(`^label_values\((.*), (\w+)\)$`).FindStringSubmatch(query["query"].(string))
		g.Expect(of).NotTo(BeNil(), variable.Name)
		isOnKnownMetrics(g, all, "count by ("+of[2]+") ("+withoutVariables(of[1])+")", variable.Name)
	}
}

// TestChartBringsTheDashboard: that of config/, byte for byte, and so does kustomize.
func TestChartBringsTheDashboard(t *testing.T) {
	g := NewWithT(t)
	wanted, err := os.ReadFile(root + "/config/grafana/seatwarden.json")
	g.Expect(err).NotTo(HaveOccurred())
	key := "ConfigMap " + system + "/seatwarden-dashboard"
	for _, all := range []map[string]any{
		at[map[string]any](g, rendered(g, system, valuesFiles(g)["full"])[key], "data"),
		at[map[string]any](g, objects(g, kubectl(t, g, "kustomize", root+"/config/grafana"))[key], "data"),
	} {
		g.Expect(strings.TrimSpace(all["seatwarden.json"].(string))).To(Equal(strings.TrimSpace(string(wanted))))
	}
}

// TestConfigHasTheSameAlerts: kustomize makes the monitor and the alerts that the chart does.
func TestConfigHasTheSameAlerts(t *testing.T) {
	g := NewWithT(t)
	values := map[string]any{"image": image, "metrics": map[string]any{"serviceMonitor": map[string]any{"enabled": true}, "prometheusRule": map[string]any{"enabled": true}}}
	chart := rendered(g, system, values)
	wanted := objects(g, kubectl(t, g, "kustomize", root+"/config/prometheus"))
	g.Expect(wanted).To(HaveLen(2))
	for key, object := range wanted {
		g.Expect(chart).To(HaveKey(key))
		chart[key].SetLabels(nil)
		g.Expect(chart[key].Object).To(Equal(object.Object))
	}
}

// withoutVariables puts what Grafana would in place of its variables.
func withoutVariables(query string) string {
	return strings.NewReplacer("$__rate_interval", "5m", "$customer_namespace", ".*", "$customer", ".*").Replace(query)
}

func isOnKnownMetrics(g Gomega, all map[string]known, query, about string) {
	expr, err := parser.NewParser(parser.Options{}).ParseExpr(query)
	g.Expect(err).NotTo(HaveOccurred(), about)
	// What Prometheus adds: the target's labels, and those of a histogram's series.
	inQuery := []string{"__name__", "job", "namespace", "pod"}
	parser.Inspect(expr, func(node parser.Node, _ []parser.Node) error {
		selector, ok := node.(*parser.VectorSelector)
		if !ok {
			return nil
		}
		name := selector.Name
		if base, histogram := strings.CutSuffix(name, "_bucket"); histogram {
			name, inQuery = base, append(inQuery, "le")
		}
		g.Expect(all).To(HaveKey(name), about)
		inQuery = append(inQuery, all[name].labels...)
		for _, matcher := range selector.LabelMatchers {
			g.Expect(append([]string{"__name__", "job", "namespace"}, all[name].labels...)).To(ContainElement(matcher.Name), about)
			values, bounded := all[name].values[matcher.Name]
			if bounded && (matcher.Type == labels.MatchEqual || matcher.Type == labels.MatchRegexp) {
				for alternative := range strings.SplitSeq(matcher.Value, "|") {
					g.Expect(slices.Contains(values, alternative) || alternative == ".*").To(BeTrue(), "%s: %s is never %s", about, matcher.Name, alternative)
				}
			}
		}
		return nil
	})
	parser.Inspect(expr, func(node parser.Node, _ []parser.Node) error {
		if sum, ok := node.(*parser.AggregateExpr); ok {
			for _, label := range sum.Grouping {
				g.Expect(inQuery).To(ContainElement(label), about)
			}
		}
		return nil
	})
}

// registered are the operator's metrics, by name.
func registered(g Gomega) map[string]known {
	ours := &seatmetrics.Collector{Cache: oneOfEach{}, Leads: func() bool { return true }, Now: time.Now}
	descriptions := make(chan *prometheus.Desc, 1000)
	for _, collector := range append(auth0.Collectors(), ours, metrics.Registry.(prometheus.Collector)) {
		collector.Describe(descriptions)
	}
	close(descriptions)
	out := map[string]known{}
	for description := range descriptions {
		found := regexp.MustCompile(`fqName: "([^"]+)".*variableLabels: \{([^}]*)\}`).FindStringSubmatch(description.String())
		g.Expect(found).NotTo(BeNil(), description.String())
		out[found[1]] = known{strings.Split(found[2], ","), map[string][]string{}}
	}
	registry := prometheus.NewRegistry()
	registry.MustRegister(ours)
	families, err := registry.Gather()
	g.Expect(err).NotTo(HaveOccurred())
	for _, family := range families {
		for _, series := range family.GetMetric() {
			for _, label := range series.GetLabel() {
				if slices.Contains([]string{"state", "age", "holds", "feed", "kind"}, label.GetName()) {
					values := out[family.GetName()].values
					values[label.GetName()] = append(values[label.GetName()], label.GetValue())
				}
			}
		}
	}
	out["seatwarden_conditions"].values["type"] = conditionTypes(g)
	return out
}

// conditionTypes are those that are documented.
func conditionTypes(g Gomega) (types []string) {
	source, err := os.ReadFile(root + "/api/v1alpha1/conditions.go")
	g.Expect(err).NotTo(HaveOccurred())
	for _, found := range regexp.MustCompile(`(?m)^\tCondition\w+ = "(\w+)"$`).FindAllStringSubmatch(string(source), -1) {
		types = append(types, found[1])
	}
	g.Expect(types).NotTo(BeEmpty())
	return types
}

// oneOfEach is a cache with an object of each kind, which has every state at zero.
type oneOfEach struct{ client.Reader }

func (oneOfEach) List(_ context.Context, into client.ObjectList, _ ...client.ListOption) error {
	ready := []metav1.Condition{{Type: v1alpha1.ConditionReady, Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonReconciled}}
	switch into := into.(type) {
	case *v1alpha1.Auth0TenantList:
		into.Items = []v1alpha1.Auth0Tenant{{Status: v1alpha1.Auth0TenantStatus{Conditions: ready}}}
	case *v1alpha1.CustomerList:
		into.Items = []v1alpha1.Customer{{Status: v1alpha1.CustomerStatus{Conditions: ready}}}
	case *v1alpha1.MemberList:
		into.Items = []v1alpha1.Member{{Status: v1alpha1.MemberStatus{Conditions: ready}}}
	}
	return nil
}
