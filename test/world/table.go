package world

import (
	"strings"

	. "github.com/onsi/gomega"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/seatwarden/seatwarden/internal/controlplane/envtesting"
)

// Table is what "kubectl get -o wide" prints of an object, by column.
func (w *World) Table(obj client.Object) map[string]string {
	w.Helper()
	out, err := envtesting.ControlPlane().Kubectl(w.Context(), "get", strings.ToLower(kindOf(obj)), obj.GetName(), "-n", w.Namespace, "-o", "wide")
	w.Expect(err).NotTo(HaveOccurred())
	header, line, _ := strings.Cut(strings.TrimRight(out, "\n"), "\n")
	row := map[string]string{}
	start := 0
	for _, column := range strings.Fields(header) {
		at := start + strings.Index(header[start:], column)
		end := len(line)
		if gap := strings.Index(header[at:], " "); gap >= 0 {
			rest := header[at+gap:]
			end = at + gap + len(rest) - len(strings.TrimLeft(rest, " "))
		}
		row[column] = strings.TrimSpace(line[min(at, len(line)):min(end, len(line))])
		start = at + len(column)
	}
	return row
}
