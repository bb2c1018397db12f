package standin_test

import (
	"encoding/json"
	"os"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/seatwarden/seatwarden/internal/standin"
)

func TestEverySwitchIsDocumented(t *testing.T) {
	g := NewWithT(t)
	page, err := os.ReadFile("../../docs/standin.md")
	g.Expect(err).NotTo(HaveOccurred())
	raw, err := json.Marshal(standin.DefaultSettings())
	g.Expect(err).NotTo(HaveOccurred())
	var settings map[string]any
	g.Expect(json.Unmarshal(raw, &settings)).To(Succeed())
	for name, value := range settings {
		parts, nested := value.(map[string]any)
		if !nested {
			g.Expect(string(page)).To(ContainSubstring("`" + name + "`"))
			continue
		}
		for part := range parts {
			g.Expect(string(page)).To(ContainSubstring("`" + name + "." + part + "`"))
		}
	}
}
