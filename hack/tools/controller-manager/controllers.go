package main

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/apiserver/pkg/admission/plugin/policy/validating"
	"k8s.io/apiserver/pkg/cel/openapi/resolver"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/metadata/metadatainformer"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
	"k8s.io/controller-manager/pkg/clientbuilder"
	"k8s.io/controller-manager/pkg/informerfactory"
	"k8s.io/klog/v2"
	"k8s.io/kubernetes/pkg/controller/certificates/rootcacertpublisher"
	"k8s.io/kubernetes/pkg/controller/clusterroleaggregation"
	"k8s.io/kubernetes/pkg/controller/garbagecollector"
	"k8s.io/kubernetes/pkg/controller/namespace"
	"k8s.io/kubernetes/pkg/controller/serviceaccount"
	"k8s.io/kubernetes/pkg/controller/validatingadmissionpolicystatus"
)

// As the kube-controller-manager has them by default.
const (
	resync     = 12 * time.Hour
	discovered = 30 * time.Second // how often kinds are discovered anew
)

// builder has what the controllers share.
type builder struct {
	clients        clientbuilder.ControllerClientBuilder // each controller's own, by the name of its ServiceAccount
	typed          informers.SharedInformerFactory
	metadata       metadatainformer.SharedInformerFactory
	metadataClient metadata.Interface // of the shared informers
	mapper         *restmapper.DeferredDiscoveryRESTMapper
	started        chan struct{}
}

// build prepares the controllers; they run once start was called.
func build(ctx context.Context, config *rest.Config, rootCA []byte) (controllers []func(context.Context), start func(), err error) {
	root, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, nil, fmt.Errorf("connect to the API server: %w", err)
	}
	metadataClient, err := metadata.NewForConfig(config)
	if err != nil {
		return nil, nil, fmt.Errorf("connect to the API server: %w", err)
	}
	b := builder{
		clients:        clientbuilder.NewDynamicClientBuilder(rest.AnonymousClientConfig(config), root.CoreV1(), metav1.NamespaceSystem),
		typed:          informers.NewSharedInformerFactoryWithOptions(root, resync, informers.WithTransform(withoutManagedFields)),
		metadata:       metadatainformer.NewSharedInformerFactoryWithOptions(metadataClient, resync, metadatainformer.WithTransform(withoutManagedFields)),
		metadataClient: metadataClient,
		mapper:         restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(root.Discovery())),
		started:        make(chan struct{}),
	}
	go wait.Until(b.mapper.Reset, discovered, ctx.Done())
	for _, of := range []func(context.Context) (func(context.Context), error){
		b.namespaces, b.garbage, b.roles, b.serviceAccounts, b.policies,
		func(context.Context) (func(context.Context), error) { return b.certificateAuthority(rootCA) },
	} {
		controller, err := of(ctx)
		if err != nil {
			return nil, nil, fmt.Errorf("prepare a controller: %w", err)
		}
		controllers = append(controllers, controller)
	}
	return controllers, func() {
		b.typed.Start(ctx.Done())
		b.metadata.Start(ctx.Done())
		close(b.started)
	}, nil
}

// withoutManagedFields keeps the informers small.
func withoutManagedFields(object any) (any, error) {
	if accessor, err := meta.Accessor(object); err == nil {
		accessor.SetManagedFields(nil)
	}
	return object, nil
}

func (b builder) namespaces(ctx context.Context) (func(context.Context), error) {
	config, err := b.clients.Config("namespace-controller")
	if err != nil {
		return nil, err
	}
	config.QPS *= 20
	config.Burst *= 100
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	metadataClient, err := metadata.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	controller := namespace.NewNamespaceController(ctx, client, metadataClient, client.Discovery().ServerPreferredNamespacedResources,
		b.typed.Core().V1().Namespaces(), 5*time.Minute, corev1.FinalizerKubernetes)
	return func(ctx context.Context) { controller.Run(ctx, 10) }, nil
}

func (b builder) garbage(ctx context.Context) (func(context.Context), error) {
	const account = "generic-garbage-collector"
	client, err := b.clients.Client(account)
	if err != nil {
		return nil, err
	}
	config, err := b.clients.Config(account)
	if err != nil {
		return nil, err
	}
	config.QPS *= 2 // a deletion takes two calls
	metadataClient, err := metadata.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	graph := garbagecollector.NewDependencyGraphBuilder(ctx, b.metadataClient, b.mapper, garbagecollector.DefaultIgnoredResources(),
		informerfactory.NewInformerFactory(b.typed, b.metadata), b.started)
	collector, err := garbagecollector.NewComposedGarbageCollector(ctx, client, metadataClient, b.mapper, graph)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context) {
		go collector.Sync(ctx, client.Discovery(), discovered)
		collector.Run(ctx, 20, discovered)
	}, nil
}

func (b builder) roles(context.Context) (func(context.Context), error) {
	client, err := b.clients.Client("clusterrole-aggregation-controller")
	if err != nil {
		return nil, err
	}
	controller := clusterroleaggregation.NewClusterRoleAggregation(b.typed.Rbac().V1().ClusterRoles(), client.RbacV1())
	return func(ctx context.Context) { controller.Run(ctx, 5) }, nil
}

func (b builder) serviceAccounts(ctx context.Context) (func(context.Context), error) {
	client, err := b.clients.Client("service-account-controller")
	if err != nil {
		return nil, err
	}
	controller, err := serviceaccount.NewServiceAccountsController(klog.FromContext(ctx), b.typed.Core().V1().ServiceAccounts(),
		b.typed.Core().V1().Namespaces(), client, serviceaccount.DefaultServiceAccountsControllerOptions())
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context) { controller.Run(ctx, 1) }, nil
}

// policies checks admission policies against the schemas that the API server serves.
// The kube-controller-manager has those of the built-in kinds compiled in besides.
func (b builder) policies(context.Context) (func(context.Context), error) {
	const account = "validatingadmissionpolicy-status-controller"
	client, err := b.clients.Client(account)
	if err != nil {
		return nil, err
	}
	controller, err := validatingadmissionpolicystatus.NewController(
		b.typed.Admissionregistration().V1().ValidatingAdmissionPolicies(),
		client.AdmissionregistrationV1().ValidatingAdmissionPolicies(),
		&validating.TypeChecker{SchemaResolver: &resolver.ClientDiscoveryResolver{Discovery: client.Discovery()}, RestMapper: b.mapper})
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context) { controller.Run(ctx, 5) }, nil
}

func (b builder) certificateAuthority(rootCA []byte) (func(context.Context), error) {
	client, err := b.clients.Client("root-ca-cert-publisher")
	if err != nil {
		return nil, err
	}
	controller, err := rootcacertpublisher.NewPublisher(b.typed.Core().V1().ConfigMaps(), b.typed.Core().V1().Namespaces(), client, rootCA)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context) { controller.Run(ctx, 1) }, nil
}
