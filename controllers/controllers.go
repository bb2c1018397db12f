// Package controllers wires the reconcilers of the four kinds into a manager.
package controllers

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"k8s.io/apimachinery/pkg/runtime"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/controllers/auth0tenant"
	"github.com/seatwarden/seatwarden/controllers/customer"
	"github.com/seatwarden/seatwarden/controllers/internal/pass"
	"github.com/seatwarden/seatwarden/controllers/internal/people"
	"github.com/seatwarden/seatwarden/controllers/member"
	"github.com/seatwarden/seatwarden/controllers/removal"
	"github.com/seatwarden/seatwarden/internal/directory"
)

// Options are the settings of one operator.
type Options struct {
	// Namespace is the operator's own.
	Namespace string
	// Watched are the namespaces whose Customers and Members the operator serves, and has
	// rights in; none means all.
	Watched []string
	// Instance names this installation in ownership markers; empty means the UID
	// of the namespace kube-system.
	Instance string
	// LiveInterval is how often Customers with live invitations are looked at.
	LiveInterval time.Duration
	// SettledInterval is how often all others are, with a tenth of jitter.
	SettledInterval time.Duration
	// ResyncInterval is how often those of a tenant with a feed are, although it tells
	// nothing of them; of many, each less often.
	ResyncInterval time.Duration
	// ProbeInterval is how often Auth0 is asked for its time.
	ProbeInterval time.Duration
	// TenantInterval is how often a tenant's credentials and scopes are looked at.
	TenantInterval time.Duration
	// Workers a controller has.
	Workers int
	// Connect makes clients of Auth0.
	Connect auth0tenant.Connect
	// Now is this machine's clock; nil means time.Now.
	Now func() time.Time
}

// Defaults are the intervals and workers of production.
func Defaults() Options {
	return Options{
		LiveInterval: 10 * time.Second, SettledInterval: 10 * time.Minute, ResyncInterval: time.Hour,
		TenantInterval: time.Minute, ProbeInterval: 5 * time.Second, Workers: 8,
	}
}

// Scheme knows Kubernetes' own kinds and ours.
func Scheme() *runtime.Scheme {
	scheme := runtime.NewScheme()
	utilruntime.Must(clientgoscheme.AddToScheme(scheme))
	utilruntime.Must(v1alpha1.AddToScheme(scheme))
	return scheme
}

// Setup registers everything with a manager. It reads from the API server: the
// instance's name and key.
func Setup(ctx context.Context, mgr ctrl.Manager, opts Options) error {
	if opts.Now == nil {
		opts.Now = time.Now
	}
	live := mgr.GetAPIReader()
	instance, err := instanceName(ctx, live, opts.Instance)
	if err != nil {
		return err
	}
	key, err := instanceKey(ctx, live, mgr.GetClient(), opts.Namespace)
	if err != nil {
		return err
	}
	live = onlyIn(live, opts.Watched)
	// Reconcilers read whole objects only.
	kube, whole := pass.WholeClient{Client: mgr.GetClient()}, pass.WholeReader{Reader: live}
	if err := indexFields(ctx, mgr.GetFieldIndexer()); err != nil {
		return err
	}
	known := directory.New()
	customers, members := pass.NewWaker(), pass.NewWaker()

	tenants := &auth0tenant.Reconciler{
		Client: kube, Live: whole, Directory: known, Recorder: mgr.GetEventRecorder("seatwarden"),
		Connect: opts.Connect, Namespace: opts.Namespace, Interval: opts.TenantInterval, ProbeInterval: opts.ProbeInterval,
		LiveInterval: opts.LiveInterval, Customers: customers, Members: members, Now: opts.Now,
	}
	if err := tenants.SetupWithManager(ctx, mgr); err != nil {
		return fmt.Errorf("set up the controller of Auth0Tenants: %w", err)
	}
	persons := &member.Reconciler{
		Client: kube, Live: whole, Directory: known, Recorder: mgr.GetEventRecorder("seatwarden"),
		Instance: instance, Members: members, Customers: customers, SettledInterval: opts.SettledInterval, Now: opts.Now, NewID: newAttemptID,
	}
	if err := persons.SetupWithManager(mgr, opts.Workers); err != nil {
		return fmt.Errorf("set up the controllers of Members: %w", err)
	}
	contracts := &customer.Reconciler{
		Client: kube, Live: whole, Directory: known, Recorder: mgr.GetEventRecorder("seatwarden"),
		Instance: instance, InstanceKey: key, LiveInterval: opts.LiveInterval, SettledInterval: opts.SettledInterval,
		ResyncInterval: opts.ResyncInterval, Customers: customers, Members: members, Now: opts.Now,
	}
	if err := contracts.SetupWithManager(mgr, opts.Workers); err != nil {
		return fmt.Errorf("set up the controller of Customers: %w", err)
	}
	rounds := &customer.RemovalRounds{Client: kube, Live: whole, Directory: known, Recorder: mgr.GetEventRecorder("seatwarden"), Customers: customers, Now: opts.Now}
	if err := rounds.SetupWithManager(mgr, opts.Workers); err != nil {
		return fmt.Errorf("set up the rounds of removals: %w", err)
	}
	leavers := &removal.Reconciler{
		Client: kube, Live: whole, Directory: known, Recorder: mgr.GetEventRecorder("seatwarden"), Instance: instance, Customers: customers, Now: opts.Now,
	}
	if err := leavers.SetupWithManager(mgr, opts.Workers); err != nil {
		return fmt.Errorf("set up the controller of Removals: %w", err)
	}
	return nil
}

// indexFields has the cache find Members and Removals by their Customer, and Members by their person.
func indexFields(ctx context.Context, indexer client.FieldIndexer) error {
	for _, index := range []struct {
		of    client.Object
		field string
		value client.IndexerFunc
	}{
		{&v1alpha1.Member{}, v1alpha1.FieldCustomerRef, func(obj client.Object) []string { return []string{obj.(*v1alpha1.Member).Spec.CustomerRef.Name} }},
		{&v1alpha1.Removal{}, v1alpha1.FieldCustomerRef, func(obj client.Object) []string { return []string{obj.(*v1alpha1.Removal).Spec.CustomerRef.Name} }},
		{&v1alpha1.Member{}, people.IndexPerson, people.Index},
	} {
		if err := indexer.IndexField(ctx, index.of, index.field, index.value); err != nil {
			return fmt.Errorf("index %s: %w", index.field, err)
		}
	}
	return nil
}

// newAttemptID makes 16 hex digits that no other attempt has.
func newAttemptID() string {
	id := uuid.New()
	return fmt.Sprintf("%x", id[:8])
}
