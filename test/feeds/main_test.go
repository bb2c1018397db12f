// Package feeds proves what a feed of changes in Auth0 brings, and that nothing rests
// on one.
package feeds

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
