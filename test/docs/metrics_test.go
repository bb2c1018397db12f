package docs_test

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/seatwarden/seatwarden/internal/auth0"
	"github.com/seatwarden/seatwarden/internal/metrics"
)

// described are the metrics of these collectors, each as its row of the page.
func described(g Gomega, collectors ...prometheus.Collector) []string {
	descriptions := make(chan *prometheus.Desc, 1000)
	for _, collector := range collectors {
		collector.Describe(descriptions)
	}
	close(descriptions)
	rows := map[string]bool{}
	for description := range descriptions {
		found := regexp.MustCompile(`fqName: "([^"]+)", help: "(.*)", unit: .*variableLabels: \{([^}]*)\}`).FindStringSubmatch(description.String())
		g.Expect(found).NotTo(BeNil(), description.String())
		help := strings.ReplaceAll(found[2], `\"`, `"`)
		rows["| `"+found[1]+"` | `"+strings.ReplaceAll(found[3], ",", "`, `")+"` | "+help+" |"] = true
	}
	return slices.Sorted(maps.Keys(rows))
}

func TestPageOfMetricsIsWhatTheOperatorTells(t *testing.T) {
	g := NewWithT(t)
	rows := regexp.MustCompile("(?m)^\\| `seatwarden_.*$").FindAllString(page(g, "metrics.md"), -1)
	g.Expect(rows).To(ConsistOf(described(g, append(auth0.Collectors(), &metrics.Collector{})...)))
}
