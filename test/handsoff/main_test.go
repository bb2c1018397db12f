// Package handsoff proves that what is others' stays others': foreign things, adoption,
// take-over, and what Observe and Paused leave undone.
package handsoff

import (
	"os"
	"testing"

	"github.com/go-logr/logr"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/seatwarden/seatwarden/internal/controlplane/envtesting"
)

func TestMain(m *testing.M) {
	ctrl.SetLogger(logr.Discard()) // each operator logs to its test
	os.Exit(envtesting.Run(m, envtesting.Options{Kustomizations: []string{"rbac"}}))
}
