package chart

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	monitoringv1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/prometheus/promql/parser"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/metrics"

	"github.com/seatwarden/seatwarden/controllers"
	"github.com/seatwarden/seatwarden/internal/auth0"
	seatmetrics "github.com/seatwarden/seatwarden/internal/metrics"
)

// controllers registers the controllers' metrics with controller-runtime.
var _ = controllers.Defaults

func TestMonitorIsOneOfThePrometheusOperator(t *testing.T) {
	g := NewWithT(t)
	monitor := &monitoringv1.ServiceMonitor{}
	all := rendered(g, system, valuesFiles(g)["full"])
	decodeStrictly(g, all["ServiceMonitor "+system+"/seatwarden"], monitor)
	service := all["Service "+system+"/seatwarden-metrics"]
	for label, value := range monitor.Spec.Selector.MatchLabels {
		g.Expect(service.GetLabels()).To(HaveKeyWithValue(label, value))
	}
	g.Expect(monitor.Labels).To(HaveKeyWithValue("release", "prometheus"))
}

// TestAlertsAreOnMetricsThatExist: names and labels are those that the operator
// registers, and the documentation says what to do.
func TestAlertsAreOnMetricsThatExist(t *testing.T) {
	g := NewWithT(t)
	rule := &monitoringv1.PrometheusRule{}
	decodeStrictly(g, rendered(g, system, valuesFiles(g)["full"])["PrometheusRule "+system+"/seatwarden"], rule)
	troubleshooting, err := os.ReadFile(root + "/docs/troubleshooting.md")
	g.Expect(err).NotTo(HaveOccurred())
	known := registered(g)
	g.Expect(rule.Spec.Groups).To(HaveLen(1))
	for _, alert := range rule.Spec.Groups[0].Rules {
		expr, err := parser.NewParser(parser.Options{}).ParseExpr(alert.Expr.String())
		g.Expect(err).NotTo(HaveOccurred(), alert.Alert)
		var labels []string
		parser.Inspect(expr, func(node parser.Node, _ []parser.Node) error {
			switch node := node.(type) {
			case *parser.VectorSelector:
				g.Expect(known).To(HaveKey(node.Name), alert.Alert)
				labels = known[node.Name]
				for _, matcher := range node.LabelMatchers {
					g.Expect(append([]string{"__name__", "job", "namespace"}, labels...)).To(ContainElement(matcher.Name), alert.Alert)
				}
			}
			return nil
		})
		parser.Inspect(expr, func(node parser.Node, _ []parser.Node) error {
			if sum, ok := node.(*parser.AggregateExpr); ok {
				for _, label := range sum.Grouping {
					g.Expect(labels).To(ContainElement(label), alert.Alert)
				}
			}
			return nil
		})
		anchor := strings.ToLower(alert.Alert)
		g.Expect(alert.Annotations["runbook_url"]).To(HaveSuffix("docs/troubleshooting.md#" + anchor))
		g.Expect(string(troubleshooting)).To(ContainSubstring("\n### " + alert.Alert + "\n"))
		g.Expect(alert.Annotations["summary"]).NotTo(BeEmpty())
		g.Expect(alert.Labels).To(HaveKeyWithValue("severity", Or(Equal("warning"), Equal("critical"))))
	}
}

// registered are the labels of the operator's metrics, by name.
func registered(g Gomega) map[string][]string {
	descriptions := make(chan *prometheus.Desc, 1000)
	for _, collector := range append(auth0.Collectors(), &seatmetrics.Collector{}, metrics.Registry.(prometheus.Collector)) {
		collector.Describe(descriptions)
	}
	close(descriptions)
	out := map[string][]string{}
	for description := range descriptions {
		found := regexp.MustCompile(`fqName: "([^"]+)".*variableLabels: \{([^}]*)\}`).FindStringSubmatch(description.String())
		g.Expect(found).NotTo(BeNil(), description.String())
		out[found[1]] = strings.Split(found[2], ",")
	}
	return out
}

func decodeStrictly(g Gomega, object *unstructured.Unstructured, into any) {
	g.Expect(object).NotTo(BeNil())
	decoder := json.NewDecoder(asYAML(g, object))
	decoder.DisallowUnknownFields()
	g.Expect(decoder.Decode(into)).To(Succeed())
}
