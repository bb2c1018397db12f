// Package losses proves the promises where something is lost: statuses, whole
// objects, etcd's data, a lease, an operator in the middle of its work.
package losses

import (
	"os"
	"testing"

	"github.com/go-logr/logr"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/seatwarden/seatwarden/internal/controlplane/envtesting"
)

func TestMain(m *testing.M) {
	ctrl.SetLogger(logr.Discard()) // each operator logs to its test
	os.Exit(envtesting.Run(m, envtesting.Options{ControllerManager: true, Kustomizations: []string{"rbac"}}))
}
