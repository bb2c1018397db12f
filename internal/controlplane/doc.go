// Package controlplane runs a real Kubernetes control plane for tests and for
// trying Seatwarden out: etcd, kube-apiserver and, where asked, those of Kubernetes'
// controllers that matter to custom resources. It needs Go and no container engine,
// and runs on Linux and macOS.
//
// What this machine has of them is used: binaries of the minor version that the nested
// module hack/tools pins, in the store of setup-envtest or in PATH. Next comes the
// prebuilt archive that setup-envtest would take, with its checksum; where there is
// none, or the network lets it not through within seconds, they are compiled from
// their Go modules. The controllers are compiled always: no archive has them.
//
// With an empty build cache and the modules at hand, the build took 7.9 minutes of CPU
// time (user and system) on two busy cores. With the compiler's own settings etcd,
// kube-apiserver and kubectl alone took 9.8 there, and the kube-controller-manager
// came on top.
//
// The result is kept in a folder named after everything it is built from (see
// Binaries), so that it is made again only when that changes.
//
// Three environment variables steer it:
//
//   - SEATWARDEN_CACHE: the folder the builds are kept in, instead of
//     seatwarden/controlplane in the user's cache folder.
//   - KUBEBUILDER_ASSETS: a folder with etcd, kube-apiserver and kubectl, as
//     setup-envtest makes it. They are used from there, whatever their version.
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
