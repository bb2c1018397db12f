package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"runtime"
	"runtime/pprof"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
	"sigs.k8s.io/controller-runtime/pkg/metrics"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/seatwarden/seatwarden/controllers"
	"github.com/seatwarden/seatwarden/internal/auth0"
)

// operatorOptions are the flags of the operator's process.
type operatorOptions struct {
	// address is where its counters are served.
	address string
	// cpuProfile and memProfile are files to write, empty for none.
	cpuProfile, memProfile string
	// leaderElect: it works only while it holds the lease.
	leaderElect bool
}

// operatorCommand is the process that is measured: the operator with the intervals
// and workers of production, whose calls to the API server are counted.
func operatorCommand() *cobra.Command {
	var o operatorOptions
	cmd := &cobra.Command{
		Use: "operator", Hidden: true, Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return o.run(cmd.Context()) },
	}
	cmd.Flags().StringVar(&o.address, "counters", "", "`address` of the counters")
	cmd.Flags().StringVar(&o.cpuProfile, "cpuprofile", "", "`file` for a CPU profile")
	cmd.Flags().StringVar(&o.memProfile, "memprofile", "", "`file` for a memory profile")
	cmd.Flags().BoolVar(&o.leaderElect, "leader-elect", false, "work only while holding the lease")
	return cmd
}

func (o operatorOptions) run(ctx context.Context) (err error) {
	ctrl.SetLogger(zap.New(zap.WriteTo(os.Stderr)))
	if o.memProfile != "" {
		runtime.MemProfileRate = finely
	}
	stopProfiles, err := o.startProfiles()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stopProfiles()) }()
	config, err := ctrl.GetConfig()
	if err != nil {
		return fmt.Errorf("find the API server: %w", err)
	}
	calls := &kubernetesCalls{memProfile: o.memProfile}
	config.Wrap(calls.wrap)
	mgr, err := newManager(ctx, config, o.leaderElect)
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /counters", calls.serve)
	server := &http.Server{Addr: o.address, Handler: mux, ReadHeaderTimeout: time.Minute}
	failed := make(chan error, 1)
	go func() { failed <- server.ListenAndServe() }()
	go func() { failed <- mgr.Start(ctx) }()
	err = <-failed
	return errors.Join(err, server.Close())
}

// newManager is as main.go's.
func newManager(ctx context.Context, config *rest.Config, leaderElect bool) (ctrl.Manager, error) {
	mgr, err := ctrl.NewManager(config, ctrl.Options{
		Scheme: controllers.Scheme(), Cache: controllers.Cache(operatorNamespace),
		Metrics: metricsserver.Options{BindAddress: "0"}, HealthProbeBindAddress: "0",
		LeaderElection: leaderElect, LeaderElectionID: "seatwarden.dev", LeaderElectionNamespace: operatorNamespace, LeaderElectionReleaseOnCancel: true,
	})
	if err != nil {
		return nil, fmt.Errorf("make the manager: %w", err)
	}
	options := controllers.Defaults()
	options.Namespace = operatorNamespace
	options.Connect = func(opts auth0.Options, onJump func()) (auth0.API, error) {
		client, err := auth0.New(opts)
		if err != nil {
			return nil, err
		}
		client.Clock().OnJump(onJump)
		return client, nil
	}
	return mgr, controllers.Setup(ctx, mgr, options)
}

func (o operatorOptions) startProfiles() (stop func() error, err error) {
	var cpu *os.File
	if o.cpuProfile != "" {
		if cpu, err = os.Create(o.cpuProfile); err != nil {
			return nil, fmt.Errorf("write a CPU profile: %w", err)
		}
		if err := pprof.StartCPUProfile(cpu); err != nil {
			return nil, fmt.Errorf("write a CPU profile: %w", err)
		}
	}
	return func() error {
		if cpu == nil {
			return nil
		}
		pprof.StopCPUProfile()
		return cpu.Close()
	}, nil
}

// finely is how many bytes a memory profile samples at a time: a Member has few.
const finely = 4096

// writeHeap writes the profile of what is alive, over the one before.
func writeHeap(file string) error {
	heap, err := os.Create(file)
	if err != nil {
		return fmt.Errorf("write a memory profile: %w", err)
	}
	return errors.Join(pprof.WriteHeapProfile(heap), heap.Close())
}

// serve answers with the counters; the heap's only where the query asks for it,
// since it takes a garbage collection.
func (k *kubernetesCalls) serve(w http.ResponseWriter, r *http.Request) {
	out := counters{Reconciles: reconciles()}
	if r.URL.Query().Has("heap") {
		// What the first collection finalizes, the second frees.
		runtime.GC()
		runtime.GC()
		var memory runtime.MemStats
		runtime.ReadMemStats(&memory)
		out.HeapBytes = memory.HeapAlloc
		if k.memProfile != "" {
			if err := writeHeap(k.memProfile); err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
				return
			}
		}
	}
	out.ResidentBytes, out.PeakResidentBytes = resident()
	var usage syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &usage) == nil {
		out.CPUSeconds = time.Duration(usage.Utime.Nano() + usage.Stime.Nano()).Seconds()
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	out.Reads, out.Writes = k.reads, k.writes
	if err := json.NewEncoder(w).Encode(out); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
	}
}

// resident tells what this process has of the machine's memory, now and at most so
// far, where the system tells.
func resident() (now, peak uint64) {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, 0
	}
	for line := range strings.Lines(string(text)) {
		for name, into := range map[string]*uint64{"VmRSS:": &now, "VmHWM:": &peak} {
			var kB uint64
			if rest, ok := strings.CutPrefix(line, name); ok {
				if _, err := fmt.Sscan(rest, &kB); err == nil {
					*into = kB * 1024
				}
			}
		}
	}
	return now, peak
}

// reconciles are counted by controller-runtime.
func reconciles() map[string]int {
	counts := map[string]int{}
	families, err := metrics.Registry.Gather()
	if err != nil {
		return counts
	}
	for _, family := range families {
		if family.GetName() != "controller_runtime_reconcile_total" {
			continue
		}
		for _, metric := range family.GetMetric() {
			for _, label := range metric.GetLabel() {
				if label.GetName() == "controller" {
					counts[label.GetValue()] += int(metric.GetCounter().GetValue())
				}
			}
		}
	}
	return counts
}
