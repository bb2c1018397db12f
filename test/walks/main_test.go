// Package walks does at random what people, Auth0's engineers and failing networks
// do, and holds the world to what a settled world is at every pause.
package walks

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
