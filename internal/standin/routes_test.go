package standin

import (
	"strings"
	"testing"

	. "github.com/onsi/gomega"
)

func TestEveryRecordedLatencyIsOfARoute(t *testing.T) {
	var names []string
	for _, ro := range routes().routes {
		names = append(names, ro.method+" "+strings.TrimPrefix(ro.template, managementPrefix))
	}
	for name := range recordedLatencies {
		NewWithT(t).Expect(names).To(ContainElement(name))
	}
}
