// Command controlplane brings here the control plane that tests and demo run on, and
// prints where its binaries are (etcd, kube-apiserver, controller-manager, kubectl) on
// stdout.
package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"os/signal"
	"slices"
	"syscall"

	"github.com/seatwarden/seatwarden/internal/controlplane"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	paths, err := controlplane.Binaries(ctx, os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "controlplane:", err)
		os.Exit(1)
	}
	for _, binary := range slices.Sorted(maps.Keys(paths)) {
		fmt.Println(paths[binary])
	}
}
