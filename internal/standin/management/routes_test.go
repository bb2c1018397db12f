package management

import (
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/seatwarden/seatwarden/internal/standin/traffic"
)

func TestEveryRecordedLatencyIsOfARoute(t *testing.T) {
	var names []string
	for _, ro := range routes().routes {
		names = append(names, ro.Method+" "+strings.TrimPrefix(ro.Template, traffic.ManagementPrefix))
	}
	for name := range traffic.RecordedLatencies {
		NewWithT(t).Expect(names).To(ContainElement(name))
	}
}
