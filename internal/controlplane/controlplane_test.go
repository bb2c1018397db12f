package controlplane

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/utils/ptr"

	"github.com/seatwarden/seatwarden/internal/controlplane/process"
)

// start starts a control plane that the test stops.
func start(t *testing.T, opts Options) (*ControlPlane, kubernetes.Interface) {
	t.Helper()
	if os.Getenv(envKubeconfig) != "" {
		t.Skip("the test is about the processes of a control plane, and an existing cluster is given")
	}
	opts.Progress = os.Stderr
	cp, err := Start(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := cp.Stop(); err != nil {
			t.Error(err)
		}
	})
	client, err := kubernetes.NewForConfig(cp.Config())
	if err != nil {
		t.Fatal(err)
	}
	return cp, client
}

func TestServiceAccountMayDoWhatRBACGivesAndNoMore(t *testing.T) {
	g := NewWithT(t)
	ctx := t.Context()
	cp, admin := start(t, Options{})

	_, err := cp.KubeconfigFor(ctx, "default", "operator")
	g.Expect(apierrors.IsNotFound(err)).To(BeTrue(), "the ServiceAccount must exist: %v", err)

	_, err = admin.CoreV1().ServiceAccounts("default").Create(ctx, &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: "operator"}}, metav1.CreateOptions{})
	g.Expect(err).NotTo(HaveOccurred())
	_, err = cp.Kubectl(ctx, "create", "role", "reader", "--verb=list", "--resource=configmaps")
	g.Expect(err).NotTo(HaveOccurred())
	_, err = cp.Kubectl(ctx, "create", "rolebinding", "reader", "--role=reader", "--serviceaccount=default:operator")
	g.Expect(err).NotTo(HaveOccurred())

	path, err := cp.KubeconfigFor(ctx, "default", "operator")
	g.Expect(err).NotTo(HaveOccurred())
	config, err := clientcmd.BuildConfigFromFlags("", path)
	g.Expect(err).NotTo(HaveOccurred())
	operator, err := kubernetes.NewForConfig(config)
	g.Expect(err).NotTo(HaveOccurred())

	g.Eventually(func() error {
		_, err := operator.CoreV1().ConfigMaps("default").List(ctx, metav1.ListOptions{})
		return err
	}).WithTimeout(10 * time.Second).Should(Succeed())
	_, err = operator.CoreV1().Secrets("default").List(ctx, metav1.ListOptions{})
	g.Expect(apierrors.IsForbidden(err)).To(BeTrue(), "%v", err)

	_, err = cp.Kubectl(ctx, "--kubeconfig", path, "get", "secrets")
	g.Expect(err).To(MatchError(ContainSubstring(`User "system:serviceaccount:default:operator" cannot list resource "secrets"`)))
}

func TestStopLeavesNoProcessAndNoFolder(t *testing.T) {
	g := NewWithT(t)
	cp, _ := start(t, Options{ControllerManager: true})
	var pids []int
	for _, p := range cp.processes {
		pids = append(pids, p.PID())
		g.Expect(syscall.Kill(p.PID(), 0)).To(Succeed(), "%s runs", p.Name)
	}
	g.Expect(pids).To(HaveLen(3))

	g.Expect(cp.Stop()).To(Succeed())
	for _, pid := range pids {
		g.Expect(syscall.Kill(pid, 0)).To(MatchError(syscall.ESRCH))
	}
	_, err := os.Stat(cp.Dir())
	g.Expect(errors.Is(err, os.ErrNotExist)).To(BeTrue())
	g.Expect(cp.Stop()).To(Succeed(), "stopping twice does nothing")
}

func TestDataAndTokensSurviveARestartOnTheSameFolder(t *testing.T) {
	g := NewWithT(t)
	ctx := t.Context()
	dir := t.TempDir()
	cp, admin := start(t, Options{Dir: dir, Fsync: true})
	_, err := admin.CoreV1().ServiceAccounts("default").Create(ctx, &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: "kept"}}, metav1.CreateOptions{})
	g.Expect(err).NotTo(HaveOccurred())
	path, err := cp.KubeconfigFor(ctx, "default", "kept")
	g.Expect(err).NotTo(HaveOccurred())
	before, err := clientcmd.BuildConfigFromFlags("", path)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(cp.Stop()).To(Succeed())

	again, _ := start(t, Options{Dir: dir})
	config := again.Config()
	config.CertData, config.KeyData, config.BearerToken = nil, nil, before.BearerToken
	client, err := kubernetes.NewForConfig(config)
	g.Expect(err).NotTo(HaveOccurred())
	_, err = client.CoreV1().ServiceAccounts("default").Get(ctx, "kept", metav1.GetOptions{})
	g.Expect(apierrors.IsForbidden(err)).To(BeTrue(), "known, and without rights: %v", err)
}

func TestRestartOnAnEarlierCopyOfTheData(t *testing.T) {
	g := NewWithT(t)
	ctx := t.Context()
	cp, admin := start(t, Options{})
	create := func(client kubernetes.Interface, name string) {
		_, err := client.CoreV1().ServiceAccounts("default").Create(ctx, &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: name}}, metav1.CreateOptions{})
		g.Expect(err).NotTo(HaveOccurred())
	}
	again := func() kubernetes.Interface {
		client, err := kubernetes.NewForConfig(cp.Config())
		g.Expect(err).NotTo(HaveOccurred())
		return client
	}
	create(admin, "before")
	copied := filepath.Join(t.TempDir(), "copy")
	g.Expect(cp.Restart(ctx, func(data string) error { return os.CopyFS(copied, os.DirFS(data)) })).To(Succeed())
	create(again(), "after")
	g.Expect(cp.Restart(ctx, func(data string) error {
		return errors.Join(os.RemoveAll(data), os.CopyFS(data, os.DirFS(copied)))
	})).To(Succeed())
	accounts := again().CoreV1().ServiceAccounts("default")
	_, err := accounts.Get(ctx, "before", metav1.GetOptions{})
	g.Expect(err).NotTo(HaveOccurred())
	_, err = accounts.Get(ctx, "after", metav1.GetOptions{})
	g.Expect(apierrors.IsNotFound(err)).To(BeTrue(), "%v", err)
}

func TestControllerManagerDeletesNamespacesCollectsGarbageAndAggregatesRoles(t *testing.T) {
	g := NewWithT(t)
	g.SetDefaultEventuallyTimeout(60 * time.Second)
	ctx := t.Context()
	_, admin := start(t, Options{ControllerManager: true})

	_, err := admin.CoreV1().Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "short-lived"}}, metav1.CreateOptions{})
	g.Expect(err).NotTo(HaveOccurred())
	owner, err := admin.CoreV1().ConfigMaps("default").Create(ctx, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "owner"}}, metav1.CreateOptions{})
	g.Expect(err).NotTo(HaveOccurred())
	_, err = admin.CoreV1().ConfigMaps("default").Create(ctx, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{
		Name:            "owned",
		OwnerReferences: []metav1.OwnerReference{{APIVersion: "v1", Kind: "ConfigMap", Name: owner.Name, UID: owner.UID}},
	}}, metav1.CreateOptions{})
	g.Expect(err).NotTo(HaveOccurred())
	rule := rbacv1.PolicyRule{APIGroups: []string{"seatwarden.dev"}, Resources: []string{"members"}, Verbs: []string{"create"}}
	_, err = admin.RbacV1().ClusterRoles().Create(ctx, &rbacv1.ClusterRole{
		ObjectMeta: metav1.ObjectMeta{Name: "aggregated", Labels: map[string]string{"rbac.authorization.k8s.io/aggregate-to-edit": "true"}},
		Rules:      []rbacv1.PolicyRule{rule},
	}, metav1.CreateOptions{})
	g.Expect(err).NotTo(HaveOccurred())

	g.Expect(admin.CoreV1().Namespaces().Delete(ctx, "short-lived", metav1.DeleteOptions{})).To(Succeed())
	foreground := metav1.DeleteOptions{PropagationPolicy: ptr.To(metav1.DeletePropagationForeground)}
	g.Expect(admin.CoreV1().ConfigMaps("default").Delete(ctx, "owner", foreground)).To(Succeed())

	g.Eventually(func() bool {
		_, err := admin.CoreV1().Namespaces().Get(ctx, "short-lived", metav1.GetOptions{})
		return apierrors.IsNotFound(err)
	}).Should(BeTrue(), "the namespace is deleted")
	g.Eventually(func() bool {
		_, err := admin.CoreV1().ConfigMaps("default").Get(ctx, "owned", metav1.GetOptions{})
		return apierrors.IsNotFound(err)
	}).Should(BeTrue(), "the garbage is collected")
	g.Eventually(func() ([]rbacv1.PolicyRule, error) {
		role, err := admin.RbacV1().ClusterRoles().Get(ctx, "edit", metav1.GetOptions{})
		return role.Rules, err
	}).Should(ContainElement(rule), "the role is aggregated")
}

func TestProcessThatFailsShowsTheEndOfItsLog(t *testing.T) {
	g := NewWithT(t)
	dir := t.TempDir()
	script := filepath.Join(dir, "broken")
	g.Expect(os.WriteFile(script, []byte("#!/bin/sh\necho first line\necho \"bad flag: $1\" >&2\nexit 3\n"), 0o700)).To(Succeed())
	p, err := process.Start(dir, "broken", script, nil, "--nonsense")
	g.Expect(err).NotTo(HaveOccurred())
	err = waitReady(t.Context(), p, func(context.Context) error { return errors.New("not yet") })
	g.Expect(err).To(MatchError(And(
		ContainSubstring("broken ended before it was ready: exit status 3"),
		ContainSubstring("bad flag: --nonsense"),
	)))
	g.Expect(strings.Count(err.Error(), "\n")).To(BeNumerically("<=", tailLines+1))
}

func TestExistingClusterIsUsedAndLeftAlone(t *testing.T) {
	g := NewWithT(t)
	ctx := t.Context()
	cp, admin := start(t, Options{})
	t.Setenv(envKubeconfig, cp.Kubeconfig())

	other, err := Start(ctx, Options{})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(other.Config().Host).To(Equal(cp.Config().Host))
	out, err := other.Kubectl(ctx, "get", "namespace", "default", "-o", "name")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(out).To(Equal("namespace/default\n"))
	g.Expect(other.Stop()).To(Succeed())
	_, err = admin.CoreV1().Namespaces().Get(ctx, "default", metav1.GetOptions{})
	g.Expect(err).NotTo(HaveOccurred(), "the cluster runs on")
}
