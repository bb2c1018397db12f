package world

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	. "github.com/onsi/gomega"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/expfmt"
	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/utils/ptr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/config"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/controllers"
	"github.com/seatwarden/seatwarden/internal/auth0"
	"github.com/seatwarden/seatwarden/internal/controlplane/envtesting"
)

// Operator is one running operator.
type Operator struct {
	world  *World
	cancel context.CancelFunc
	done   chan error
	once   sync.Once
	// Leads is closed when it works: at once, or when it has the lease.
	Leads <-chan struct{}
	wire  *wire
}

// wire carries what an operator sends, until it is cut: a request of a context
// that has ended may still leave, and one of a process that was killed not.
type wire struct{ isCut atomic.Bool }

func (c *wire) wrap(base http.RoundTripper) http.RoundTripper {
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		if c.isCut.Load() {
			return nil, errors.New("the operator was killed")
		}
		return base.RoundTrip(r)
	})
}

// OperatorOptions change how an operator runs.
type OperatorOptions struct {
	// AfterAnswer is called with each answer of Auth0's before the operator sees it.
	AfterAnswer func(*http.Request, *http.Response)
	// NoAnswer is called with each request that ended without an answer.
	NoAnswer func(*http.Request)
	// LiveInterval and SettledInterval default to 300 ms and, as in
	// production, 10 minutes: no sweep hides a wake-up that is lost.
	LiveInterval, SettledInterval time.Duration
	// ResyncInterval defaults to 10 minutes too.
	ResyncInterval time.Duration
	// TenantInterval defaults to 1 s.
	TenantInterval time.Duration
	// Now is the operator's wall clock; nil means time.Now.
	Now func() time.Time
	// Instance names the installation in markers; default "test". Namespaces are
	// those that it has Customers and Members in, as if they were a cluster of
	// their own; default all.
	Instance   string
	Namespaces []string
	// LeaderElection has it work only while it holds the lease.
	LeaderElection bool
}

// leaseName and the lease's times: as in production, but shorter.
const (
	leaseName     = "seatwarden.dev"
	leaseDuration = 8 * time.Second
	renewDeadline = 6 * time.Second
	retryPeriod   = 500 * time.Millisecond
)

// StartOperator starts an operator and waits until it runs.
func (w *World) StartOperator(change ...func(*OperatorOptions)) *Operator {
	w.Helper()
	opts := OperatorOptions{Instance: "test", LiveInterval: 300 * time.Millisecond, SettledInterval: 10 * time.Minute, ResyncInterval: 10 * time.Minute, TenantInterval: time.Second}
	for _, c := range change {
		c(&opts)
	}
	wire, cfg := &wire{}, w.operatorConfig()
	cfg.Wrap(wire.wrap)
	mgr, err := ctrl.NewManager(cfg, ctrl.Options{
		Scheme: controllers.Scheme(), Cache: opts.cache(),
		Metrics: metricsserver.Options{BindAddress: "0"}, HealthProbeBindAddress: "0",
		Controller:     config.Controller{SkipNameValidation: ptr.To(true)},
		LeaderElection: opts.LeaderElection, LeaderElectionID: leaseName, LeaderElectionNamespace: OperatorNamespace,
		LeaseDuration: ptr.To(leaseDuration), RenewDeadline: ptr.To(renewDeadline), RetryPeriod: ptr.To(retryPeriod),
		Logger: zap.New(zap.WriteTo(w.logs), zap.UseDevMode(true)),
	})
	w.Expect(err).NotTo(HaveOccurred())
	ctx, cancel := context.WithCancel(context.Background())
	w.Expect(controllers.Setup(ctx, mgr, controllers.Options{
		Namespace: OperatorNamespace, Instance: opts.Instance, Workers: 4,
		LiveInterval: opts.LiveInterval, SettledInterval: opts.SettledInterval, ResyncInterval: opts.ResyncInterval,
		ProbeInterval: 100 * time.Millisecond, TenantInterval: opts.TenantInterval,
		Connect: w.connect(opts, wire), Now: opts.Now,
	})).To(Succeed())
	operator := &Operator{world: w, cancel: cancel, done: make(chan error, 1), Leads: mgr.Elected(), wire: wire}
	go func() { operator.done <- mgr.Start(ctx) }()
	w.Expect(mgr.GetCache().WaitForCacheSync(ctx)).To(BeTrue())
	w.operators = append(w.operators, operator)
	return operator
}

// cache is the operator's own, narrowed to its namespaces.
func (o OperatorOptions) cache() cache.Options {
	options := controllers.Cache(OperatorNamespace)
	if len(o.Namespaces) == 0 {
		return options
	}
	only := cache.ByObject{Namespaces: map[string]cache.Config{}}
	for _, namespace := range o.Namespaces {
		only.Namespaces[namespace] = cache.Config{}
	}
	options.ByObject[&v1alpha1.Customer{}], options.ByObject[&v1alpha1.Member{}], options.ByObject[&v1alpha1.Removal{}] = only, only, only
	return options
}

// Kill stops what the operator sends, at once; it may be called from inside of it.
func (o *Operator) Kill() {
	o.wire.isCut.Store(true)
	o.cancel()
}

// Stop ends the operator and waits until it has.
func (o *Operator) Stop() {
	o.once.Do(func() {
		o.cancel()
		select {
		case err := <-o.done:
			o.world.Expect(err).NotTo(HaveOccurred())
		case <-time.After(Patience):
			o.world.Errorf("the operator did not stop in %s", Patience)
		}
	})
}

// UntilEnded waits until the operator ends by itself and returns why.
func (o *Operator) UntilEnded() (err error) {
	o.world.Helper()
	o.once.Do(func() {
		defer o.cancel()
		select {
		case err = <-o.done:
		case <-time.After(Patience):
			o.world.Errorf("the operator did not end in %s", Patience)
		}
	})
	return err
}

// StealLease gives the operators' lease to somebody else.
func (w *World) StealLease() {
	w.Helper()
	lease := &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Namespace: OperatorNamespace, Name: leaseName}}
	w.Update(lease, func() {
		now := metav1.NowMicro()
		lease.Spec.HolderIdentity, lease.Spec.AcquireTime, lease.Spec.RenewTime = ptr.To("somebody else"), &now, &now
	})
}

// operatorConfig is the operator's ServiceAccount, with the rights of config/rbac.
func (w *World) operatorConfig() *rest.Config {
	path, err := envtesting.ControlPlane().KubeconfigFor(w.Context(), OperatorNamespace, "seatwarden")
	w.Expect(err).NotTo(HaveOccurred())
	cfg, err := clientcmd.BuildConfigFromFlags("", path)
	w.Expect(err).NotTo(HaveOccurred())
	cfg.QPS = -1
	cfg.Wrap(w.writes.wrap)
	return cfg
}

// connect makes clients that trust the stand-in.
func (w *World) connect(opts OperatorOptions, wire *wire) func(auth0.Options, func()) (auth0.API, error) {
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(w.Auth0.CAPEM())
	transport := &observedTransport{
		base:  wire.wrap(&http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}, ForceAttemptHTTP2: true}),
		after: opts.AfterAnswer, lost: opts.NoAnswer,
	}
	return func(o auth0.Options, onJump func()) (auth0.API, error) {
		o.HTTPTransport, o.Clock = transport, opts.Now
		c, err := auth0.New(o)
		if err != nil {
			return nil, err
		}
		c.Clock().OnJump(onJump)
		return c, nil
	}
}

type observedTransport struct {
	base  http.RoundTripper
	after func(*http.Request, *http.Response)
	lost  func(*http.Request)
}

func (t *observedTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := t.base.RoundTrip(r)
	if err == nil && t.after != nil {
		t.after(r, response)
	}
	if err != nil && t.lost != nil {
		t.lost(r)
	}
	return response, err
}

// Metrics is what the operator's metrics endpoint would show of Auth0.
func Metrics() string {
	registry := prometheus.NewRegistry()
	registry.MustRegister(auth0.Collectors()...)
	families, err := registry.Gather()
	if err != nil {
		return fmt.Sprintf("gather: %v", err)
	}
	var text strings.Builder
	for _, family := range families {
		if _, err := expfmt.MetricFamilyToText(&text, family); err != nil {
			return fmt.Sprintf("encode: %v", err)
		}
	}
	return text.String()
}

// logBuffer collects what the operators log.
type logBuffer struct {
	mu   sync.Mutex
	text strings.Builder
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

func (b *logBuffer) tail(lines int) string {
	all := strings.Split(b.String(), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}

// Sweeping has the operator look at everything every 2 seconds, for what changes
// in Auth0 and nowhere else.
func Sweeping(o *OperatorOptions) { o.SettledInterval = 2 * time.Second }
