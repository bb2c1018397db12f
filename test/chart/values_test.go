package chart

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	"go.yaml.in/yaml/v3"
)

// TestReadmeHasEveryValue: the table is made from the comments in values.yaml; where it
// is not current, put what the failure shows.
func TestReadmeHasEveryValue(t *testing.T) {
	g := NewWithT(t)
	text, err := os.ReadFile(folder + "/values.yaml")
	g.Expect(err).NotTo(HaveOccurred())
	document := yaml.Node{}
	g.Expect(yaml.Unmarshal(text, &document)).To(Succeed())
	table := "| value | default | |\n|---|---|---|\n" + rows(g, "", document.Content[0])

	readme, err := os.ReadFile(folder + "/README.md")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(strings.Contains(string(readme), table)).To(BeTrue(), "README.md should have this table:\n\n%s", table)
}

// rows of the values below a path: those that have a comment "# -- …".
func rows(g Gomega, path string, node *yaml.Node) string {
	var out strings.Builder
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		full := strings.TrimPrefix(path+"."+key.Value, ".")
		_, comment, documented := strings.Cut(key.HeadComment, "# -- ")
		if !documented {
			g.Expect(value.Kind).To(Equal(yaml.MappingNode), "values.yaml does not say what %s is", full)
			out.WriteString(rows(g, full, value))
			continue
		}
		var fallback any
		g.Expect(value.Decode(&fallback)).To(Succeed())
		shown, err := json.Marshal(fallback)
		g.Expect(err).NotTo(HaveOccurred())
		fmt.Fprintf(&out, "| `%s` | `%s` | %s |\n", full, shown, strings.ReplaceAll(comment, "\n# ", " "))
	}
	return out.String()
}
