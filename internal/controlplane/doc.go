// Package controlplane runs a real Kubernetes control plane for tests and for
// trying Seatwarden out: etcd, kube-apiserver and, where asked, the
// kube-controller-manager, each compiled from its Go module by the nested
// module hack/tools. It needs Go and nothing else: no container engine and no
// download but Go modules. It runs on Linux and macOS.
//
// The first build takes some eight minutes on two cores. Its result is kept in
// a folder named after everything it depends on (see Binaries), so that it is
// built again only when a version changes.
//
// Three environment variables steer it:
//
//   - SEATWARDEN_CACHE: the folder the builds are kept in, instead of
//     seatwarden/controlplane in the user's cache folder.
//   - KUBEBUILDER_ASSETS: a folder with finished binaries, as setup-envtest
//     makes them; nothing is built then. It must hold kube-controller-manager
//     too for what asks for one, which setup-envtest does not bring.
//   - SEATWARDEN_KUBECONFIG: a kubeconfig of an existing cluster, used instead
//     of starting one. Its user must be cluster-admin. What the caller creates
//     stays there after Stop, the cluster's own controllers run whatever
//     Options say, and kubectl is the one in PATH, if there is one.
package controlplane

// The environment variables that the package reads.
const (
	envCache      = "SEATWARDEN_CACHE"
	envAssets     = "KUBEBUILDER_ASSETS"
	envKubeconfig = "SEATWARDEN_KUBECONFIG"
)
