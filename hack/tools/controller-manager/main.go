// Command controller-manager runs those of Kubernetes' own controllers that matter
// to custom resources, and no others: namespace deletion, garbage collection, role
// aggregation, the default ServiceAccounts, the ConfigMap with the cluster's
// certificate authority, and the type checking of admission policies. Each acts with
// the ServiceAccount and the rights that it has in the kube-controller-manager, whose
// build takes much longer: it brings what workloads, nodes and volumes need.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/klog/v2"
)

func main() {
	kubeconfig := flag.String("kubeconfig", "", "how the API server is reached, as user system:kube-controller-manager")
	rootCA := flag.String("root-ca-file", "", "the certificate authority that is published in each namespace")
	healthAddress := flag.String("health-address", "127.0.0.1:0", "where /healthz answers once all controllers run")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *kubeconfig, *rootCA, *healthAddress); err != nil {
		klog.ErrorS(err, "The controllers cannot run")
		klog.FlushAndExit(klog.ExitFlushTimeout, 1)
	}
}

// run runs the controllers until ctx ends.
func run(ctx context.Context, kubeconfig, rootCAFile, healthAddress string) error {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return fmt.Errorf("read the kubeconfig: %w", err)
	}
	config.QPS, config.Burst = 200, 400
	rootCA, err := os.ReadFile(rootCAFile)
	if err != nil {
		return fmt.Errorf("read the certificate authority: %w", err)
	}
	controllers, start, err := build(ctx, config, rootCA)
	if err != nil {
		return err
	}
	start()
	var wait sync.WaitGroup
	for _, controller := range controllers {
		wait.Go(func() { controller(ctx) })
	}
	err = serveHealth(ctx, healthAddress)
	wait.Wait()
	return err
}

// serveHealth answers /healthz until ctx ends.
func serveHealth(ctx context.Context, address string) error {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("serve /healthz: %w", err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok")) })
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	context.AfterFunc(ctx, func() { _ = server.Close() })
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve /healthz: %w", err)
	}
	return nil
}
