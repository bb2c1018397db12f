package chart

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	monitoringv1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/seatwarden/seatwarden/controllers"
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
		isOnKnownMetrics(g, known, alert.Expr.String(), alert.Alert)
		anchor := strings.ToLower(alert.Alert)
		g.Expect(alert.Annotations["runbook_url"]).To(HaveSuffix("docs/troubleshooting.md#" + anchor))
		g.Expect(string(troubleshooting)).To(ContainSubstring("\n### " + alert.Alert + "\n"))
		g.Expect(alert.Annotations["summary"]).NotTo(BeEmpty())
		g.Expect(alert.Labels).To(HaveKeyWithValue("severity", Or(Equal("warning"), Equal("critical"))))
	}
}

func decodeStrictly(g Gomega, object *unstructured.Unstructured, into any) {
	g.Expect(object).NotTo(BeNil())
	decoder := json.NewDecoder(asYAML(g, object))
	decoder.DisallowUnknownFields()
	g.Expect(decoder.Decode(into)).To(Succeed())
}
