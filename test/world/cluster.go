package world

import (
	"errors"
	"os"
	"path/filepath"

	. "github.com/onsi/gomega"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/seatwarden/seatwarden/controllers"
	"github.com/seatwarden/seatwarden/internal/controlplane/envtesting"
)

func (w *World) connectToCluster() {
	w.Helper()
	c, err := client.New(envtesting.Config(), client.Options{Scheme: controllers.Scheme()})
	w.Expect(err).NotTo(HaveOccurred())
	w.Client = c
}

// BackUp stops API server and etcd for a copy of etcd's data, and returns what
// puts the data back to that copy. No operator and no watch of the test's may run
// during either.
func (w *World) BackUp() (restore func()) {
	w.Helper()
	copied := filepath.Join(w.TempDir(), "etcd")
	w.restart(func(data string) error { return os.CopyFS(copied, os.DirFS(data)) })
	return func() {
		w.Helper()
		w.restart(func(data string) error {
			return errors.Join(os.RemoveAll(data), os.CopyFS(data, os.DirFS(copied)))
		})
	}
}

func (w *World) restart(between func(etcdData string) error) {
	w.Helper()
	w.endWatches()
	w.Expect(envtesting.ControlPlane().Restart(w.Context(), between)).To(Succeed())
	w.connectToCluster()
	w.watchHistory()
}
