package controlplane

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strconv"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/seatwarden/seatwarden/internal/controlplane/process"
)

// startEtcd starts etcd on a free port of 127.0.0.1 and returns its URL.
func (cp *ControlPlane) startEtcd(ctx context.Context, bin Paths, opts Options) (string, error) {
	args := func(ports []string) []string {
		client, peer := "http://127.0.0.1:"+ports[0], "http://127.0.0.1:"+ports[1]
		return []string{
			"--data-dir=" + filepath.Join(cp.dir, "etcd"),
			"--listen-client-urls=" + client, "--advertise-client-urls=" + client,
			"--listen-peer-urls=" + peer, "--initial-advertise-peer-urls=" + peer,
			"--initial-cluster=default=" + peer,
			"--unsafe-no-fsync=" + strconv.FormatBool(!opts.Fsync),
			"--log-level=warn",
		}
	}
	healthy := func(ctx context.Context, ports []string) error {
		return get(ctx, http.DefaultClient, "http://127.0.0.1:"+ports[0]+"/health")
	}
	ports, err := cp.startOnFreePorts(ctx, Etcd, bin[Etcd], opts.LogDir, 2, args, healthy)
	if err != nil {
		return "", err
	}
	return "http://127.0.0.1:" + ports[0], nil
}

// startAPIServer starts the API server, with RBAC and its default admission
// plugins, and sets the connection to it.
func (cp *ControlPlane) startAPIServer(ctx context.Context, bin Paths, opts Options, keys *pki, etcdURL string) error {
	args := func(ports []string) []string {
		return []string{
			"--etcd-servers=" + etcdURL,
			"--bind-address=127.0.0.1", "--secure-port=" + ports[0],
			"--tls-cert-file=" + keys.file("server.crt"), "--tls-private-key-file=" + keys.file("server.key"),
			"--client-ca-file=" + keys.file("ca.crt"),
			"--authorization-mode=RBAC",
			"--service-account-issuer=https://kubernetes.default.svc",
			"--service-account-key-file=" + keys.file("sa.pub"),
			"--service-account-signing-key-file=" + keys.file("sa.key"),
			"--service-cluster-ip-range=10.0.0.0/24",
			"--endpoint-reconciler-type=none", // 127.0.0.1 is no endpoint of a Service
			"--allow-privileged=true",
			"--profiling=false",
		}
	}
	client, err := keys.httpClient(keys.admin)
	if err != nil {
		return err
	}
	healthy := func(ctx context.Context, ports []string) error {
		return get(ctx, client, "https://127.0.0.1:"+ports[0]+"/readyz")
	}
	ports, err := cp.startOnFreePorts(ctx, APIServer, bin[APIServer], opts.LogDir, 1, args, healthy)
	if err != nil {
		return err
	}
	cp.config = keys.restConfig("https://127.0.0.1:"+ports[0], keys.admin)
	cp.kubeconfig = filepath.Join(cp.dir, "kubeconfigs", "admin.kubeconfig")
	if err := writeKubeconfig(cp.kubeconfig, cp.config, "default", "admin", keys.admin.authInfo()); err != nil {
		return err
	}
	// A ready API server may still be about to create the default namespace.
	kube, err := kubernetes.NewForConfig(cp.config)
	if err != nil {
		return fmt.Errorf("connect to the API server: %w", err)
	}
	return waitReady(ctx, cp.last(), func(ctx context.Context) error {
		_, err := kube.CoreV1().Namespaces().Get(ctx, metav1.NamespaceDefault, metav1.GetOptions{})
		return err
	})
}

// startControllerManager starts the controllers, each with the ServiceAccount
// and the rights that it has in a real cluster.
func (cp *ControlPlane) startControllerManager(ctx context.Context, bin Paths, opts Options, keys *pki) error {
	kubeconfig := filepath.Join(cp.dir, "kubeconfigs", ControllerManager+".kubeconfig")
	if err := writeKubeconfig(kubeconfig, cp.config, "", ControllerManager, keys.kcm.authInfo()); err != nil {
		return err
	}
	args := func(ports []string) []string {
		return []string{
			"--kubeconfig=" + kubeconfig,
			"--root-ca-file=" + keys.file("ca.crt"),
			"--health-address=127.0.0.1:" + ports[0],
		}
	}
	healthy := func(ctx context.Context, ports []string) error {
		return get(ctx, http.DefaultClient, "http://127.0.0.1:"+ports[0]+"/healthz")
	}
	_, err := cp.startOnFreePorts(ctx, ControllerManager, bin[ControllerManager], opts.LogDir, 1, args, healthy)
	return err
}

// last returns the process started last.
func (cp *ControlPlane) last() *process.Process { return cp.processes[len(cp.processes)-1] }

// restConfig is a connection to the server with that client certificate.
func (p *pki) restConfig(server string, pair keyPair) *rest.Config {
	return &rest.Config{
		Host:            server,
		QPS:             -1, // no throttling by the client
		TLSClientConfig: rest.TLSClientConfig{CAData: p.ca, CertData: pair.cert, KeyData: pair.key},
	}
}

// httpClient trusts the authority and shows that client certificate.
func (p *pki) httpClient(pair keyPair) (*http.Client, error) {
	cert, err := tls.X509KeyPair(pair.cert, pair.key)
	if err != nil {
		return nil, fmt.Errorf("load a client certificate: %w", err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(p.ca)
	return &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{
		MinVersion: tls.VersionTLS12, RootCAs: pool, Certificates: []tls.Certificate{cert},
	}}}, nil
}

// authInfo is the pair as a kubeconfig holds it.
func (k keyPair) authInfo() *clientcmdapi.AuthInfo {
	return &clientcmdapi.AuthInfo{ClientCertificateData: k.cert, ClientKeyData: k.key}
}

// get returns nil if the URL answers 200.
func get(ctx context.Context, client *http.Client, url string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return fmt.Errorf("health check: %w", err)
	}
	response, err := client.Do(request)
	if err != nil {
		return fmt.Errorf("health check: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		body, _ := io.ReadAll(io.LimitReader(response.Body, 4096))
		return fmt.Errorf("health check: %s: %s", response.Status, body)
	}
	return nil
}
