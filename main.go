// Command seatwarden is the operator: it keeps Auth0 Organizations, invitations
// and memberships as Customers and Members declare them.
package main

import (
	"context"
	"flag"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"go.uber.org/zap/zapcore"
	"k8s.io/apimachinery/pkg/util/validation"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/config"
	"sigs.k8s.io/controller-runtime/pkg/healthz"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
	"sigs.k8s.io/controller-runtime/pkg/metrics"
	"sigs.k8s.io/controller-runtime/pkg/metrics/filters"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/seatwarden/seatwarden/controllers"
	"github.com/seatwarden/seatwarden/internal/auth0"
	seatmetrics "github.com/seatwarden/seatwarden/internal/metrics"
	"github.com/seatwarden/seatwarden/internal/tracing"
)

// version is set by the linker.
var version = "dev"

type flags struct {
	metricsAddress string
	metricsSecure  bool
	probeAddress   string
	pprofAddress   string
	leaderElection bool
	namespace      string
	options        controllers.Options
}

func main() {
	f, zapOptions := parse()
	ctrl.SetLogger(zap.New(zap.UseFlagOptions(zapOptions)))
	if err := run(f); err != nil {
		fmt.Fprintln(os.Stderr, "seatwarden:", err)
		os.Exit(1)
	}
}

func parse() (flags, *zap.Options) {
	f := flags{options: controllers.Defaults()}
	f.options.Connect = connect
	flag.StringVar(&f.metricsAddress, "metrics-bind-address", ":8443", "`address` of the metrics endpoint; 0 turns it off")
	flag.BoolVar(&f.metricsSecure, "metrics-secure", true, "serve metrics over https, to whom Kubernetes authenticates and authorizes")
	flag.StringVar(&f.probeAddress, "health-probe-bind-address", ":8081", "`address` of /healthz and /readyz; 0 turns them off")
	flag.StringVar(&f.pprofAddress, "pprof-bind-address", "", "`address` of profiles under /debug/pprof, such as :6060, which this host alone reaches: name a host, such as 0.0.0.0, for others; off if empty")
	flag.BoolVar(&f.leaderElection, "leader-elect", false, "run only while holding the lease; needed with more than one replica")
	flag.StringVar(&f.namespace, "namespace", os.Getenv("POD_NAMESPACE"), "the operator's own `namespace`, which holds credentials (default: $POD_NAMESPACE)")
	flag.Func("watch-namespaces", "`namespaces`, separated by commas, whose Customers and Members are served; Roles there are enough then (default: all, by ClusterRoles)", func(names string) error {
		for name := range strings.SplitSeq(names, ",") {
			if problems := validation.IsDNS1123Label(name); len(problems) > 0 {
				return fmt.Errorf("%q is no name of a namespace", name)
			}
			f.options.Watched = append(f.options.Watched, name)
		}
		return nil
	})
	flag.StringVar(&f.options.Instance, "instance", "", "`name` of this installation in Auth0's ownership markers; keep it when you move to another cluster (default: the UID of the namespace kube-system)")
	flag.DurationVar(&f.options.LiveInterval, "live-interval", f.options.LiveInterval, "how often Customers with live invitations are looked at")
	flag.DurationVar(&f.options.SettledInterval, "settled-interval", f.options.SettledInterval, "how often all other Customers are looked at, with a tenth of jitter")
	flag.DurationVar(&f.options.ResyncInterval, "resync-interval", f.options.ResyncInterval, "how often a Customer is looked at although the tenant's feed tells nothing of it; with more than 80 Customers less often")
	flag.DurationVar(&f.options.TenantInterval, "tenant-interval", f.options.TenantInterval, "how often a tenant's credentials and scopes are looked at")
	flag.DurationVar(&f.options.ProbeInterval, "probe-interval", f.options.ProbeInterval, "how often Auth0 is asked for its time, by a call without rate limit")
	flag.IntVar(&f.options.Workers, "workers", f.options.Workers, "`number` of objects of a kind that are worked on at once, not counting those that wait for Auth0's limits")
	// A stack trace says where in the operator, which is nobody's question when Auth0 is down.
	zapOptions := &zap.Options{StacktraceLevel: zapcore.PanicLevel}
	zapOptions.BindFlags(flag.CommandLine)
	showVersion := flag.Bool("version", false, "print the version and exit")
	flag.Parse()
	if *showVersion {
		fmt.Println("seatwarden", version) //nolint:forbidigo // what was asked for
		os.Exit(0)
	}
	f.options.Namespace = f.namespace
	return f, zapOptions
}

func run(f flags) error {
	if err := f.check(); err != nil {
		return err
	}
	cluster, err := ctrl.GetConfig()
	if err != nil {
		return fmt.Errorf("find the API server: %w", err)
	}
	ctx := ctrl.SetupSignalHandler()
	stopTraces, err := tracing.Start(ctx, version, ctrl.Log)
	if err != nil {
		return err
	}
	defer stopTraces()
	mgr, err := ctrl.NewManager(cluster, managerOptions(f))
	if err != nil {
		return fmt.Errorf("make the manager: %w", err)
	}
	metrics.Registry.MustRegister(auth0.Collectors()...)
	metrics.Registry.MustRegister(&seatmetrics.Collector{Cache: mgr.GetClient(), Leads: closed(mgr.Elected()), Now: time.Now})
	if err := controllers.Setup(ctx, mgr, f.options); err != nil {
		return err
	}
	if err := mgr.AddHealthzCheck("ping", healthz.Ping); err != nil {
		return err
	}
	caches := &synced{}
	if err := mgr.Add(caches); err != nil {
		return err
	}
	if err := mgr.AddReadyzCheck("caches", caches.check); err != nil {
		return err
	}
	return mgr.Start(ctx)
}

// closed tells whether a channel is.
func closed(channel <-chan struct{}) func() bool {
	return func() bool {
		select {
		case <-channel:
			return true
		default:
			return false
		}
	}
}

// synced knows whether the manager has read what the API server holds: then a
// replica can lead, or take over.
type synced struct{ done atomic.Bool }

// Start is called by the manager when its caches are in sync.
func (s *synced) Start(ctx context.Context) error {
	s.done.Store(true)
	<-ctx.Done()
	return nil
}

// NeedLeaderElection is false: a replica that waits to take over is ready as well.
func (s *synced) NeedLeaderElection() bool { return false }

func (s *synced) check(*http.Request) error {
	if !s.done.Load() {
		return fmt.Errorf("the caches are not in sync yet: see the log for what the API server refuses")
	}
	return nil
}

// check refuses what cannot work.
func (f flags) check() error {
	if f.namespace == "" {
		return fmt.Errorf("set --namespace or POD_NAMESPACE to the namespace that holds the credentials")
	}
	for name, interval := range map[string]time.Duration{
		"live-interval": f.options.LiveInterval, "settled-interval": f.options.SettledInterval, "resync-interval": f.options.ResyncInterval,
		"tenant-interval": f.options.TenantInterval, "probe-interval": f.options.ProbeInterval,
	} {
		if interval < time.Second {
			return fmt.Errorf("--%s must be at least 1s", name)
		}
	}
	if f.options.Workers < 1 {
		return fmt.Errorf("--workers must be at least 1")
	}
	return nil
}

// local is an address that only this host reaches, if none is named.
func local(address string) string {
	if strings.HasPrefix(address, ":") {
		return "localhost" + address
	}
	return address
}

func managerOptions(f flags) ctrl.Options {
	serving := metricsserver.Options{BindAddress: f.metricsAddress, SecureServing: f.metricsSecure}
	if f.metricsSecure {
		serving.FilterProvider = filters.WithAuthenticationAndAuthorization
	}
	return ctrl.Options{
		Scheme: controllers.Scheme(), Cache: controllers.Cache(f.namespace, f.options.Watched...),
		Metrics: serving, HealthProbeBindAddress: f.probeAddress, PprofBindAddress: local(f.pprofAddress),
		LeaderElection: f.leaderElection, LeaderElectionID: "seatwarden.dev", LeaderElectionNamespace: f.namespace,
		// The process ends when the manager has stopped, and what may still be on its way
		// to Auth0 is fenced.
		LeaderElectionReleaseOnCancel: true,
		// An API server at work takes a minute and a half to list 100,000 Members.
		Controller: config.Controller{CacheSyncTimeout: 10 * time.Minute},
	}
}

// connect makes the client of a tenant and has jumps of its clock told.
func connect(opts auth0.Options, onJump func()) (auth0.API, error) {
	opts.Version = version
	client, err := auth0.New(opts)
	if err != nil {
		return nil, err
	}
	client.Clock().OnJump(onJump)
	return client, nil
}
