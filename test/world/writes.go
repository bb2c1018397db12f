package world

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
)

// KubernetesWrite is a request of an operator's that changes something in
// Kubernetes, or means to.
type KubernetesWrite struct {
	Method, Path string
	// Idle: it was carried out and left the object at the version that it had.
	Idle bool
	// Drift is what it changes of an object of ours that somebody declared: everything
	// but the status and the finalizers, which GitOps tools do not compare.
	Drift []string
}

// writeLog keeps what the operators write to Kubernetes.
type writeLog struct {
	mu     sync.Mutex
	writes []KubernetesWrite
}

// KubernetesWrites are those of all operators so far, but to their leases and
// the Events about these.
func (w *World) KubernetesWrites() []KubernetesWrite {
	w.writes.mu.Lock()
	defer w.writes.mu.Unlock()
	var out []KubernetesWrite
	for _, write := range w.writes.writes {
		lease := strings.HasPrefix(write.Path, "/apis/coordination.k8s.io/") || write.Path == "/api/v1/namespaces/"+OperatorNamespace+"/events"
		if !lease {
			out = append(out, write)
		}
	}
	return out
}

// assertNoIdleWrite fails the test for writes that changed nothing.
func (w *World) assertNoIdleWrite() {
	for _, write := range w.KubernetesWrites() {
		if write.Idle {
			w.Errorf("a write to Kubernetes changed nothing: %s %s", write.Method, write.Path)
		}
	}
}

// assertNoDrift fails the test for writes that a GitOps tool would take back.
func (w *World) assertNoDrift() {
	for _, write := range w.KubernetesWrites() {
		if len(write.Drift) > 0 {
			w.Errorf("a write to Kubernetes changes what people declare: %s %s %v", write.Method, write.Path, write.Drift)
		}
	}
}

// drift lists the fields of a write.
func drift(method, path string, body []byte) []string {
	ours := strings.HasPrefix(path, "/apis/"+v1alpha1.GroupVersion.Group+"/") && !strings.HasSuffix(path, "/status")
	if !ours || method != http.MethodPatch && method != http.MethodPut {
		return nil
	}
	var object struct {
		Metadata map[string]any `json:"metadata"`
		Spec     map[string]any `json:"spec"`
	}
	if err := json.Unmarshal(body, &object); err != nil {
		return []string{"not a JSON object"}
	}
	var out []string
	for field := range object.Metadata {
		// The finalizers, and on condition of what the object is.
		if !slices.Contains([]string{"finalizers", "resourceVersion", "uid"}, field) {
			out = append(out, "metadata."+field)
		}
	}
	for field := range object.Spec {
		out = append(out, "spec."+field)
	}
	slices.Sort(out)
	return out
}

// wrap has the log see what goes through a transport.
func (l *writeLog) wrap(base http.RoundTripper) http.RoundTripper {
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		if r.Method == http.MethodGet {
			return base.RoundTrip(r)
		}
		sent, err := read(&r.Body)
		if err != nil {
			return nil, err
		}
		before, err := metadataIn(sent)
		if err != nil {
			return nil, err
		}
		response, err := base.RoundTrip(r)
		if err != nil {
			return nil, err
		}
		got, err := read(&response.Body)
		if err != nil {
			return nil, err
		}
		after, err := metadataIn(got)
		if err != nil {
			return nil, err
		}
		// Who takes the last finalizer off is answered with the object as it was.
		gone := after.DeletionTimestamp != "" && len(after.Finalizers) == 0
		same := before.ResourceVersion != "" && before.ResourceVersion == after.ResourceVersion
		idle := r.Method == http.MethodPatch && response.StatusCode == http.StatusOK && same && !gone
		l.mu.Lock()
		defer l.mu.Unlock()
		write := KubernetesWrite{Method: r.Method, Path: r.URL.Path, Idle: idle}
		// What was refused changed nothing, and a Member that the operator made is nobody's but its own.
		if response.StatusCode == http.StatusOK && after.Labels[v1alpha1.LabelGeneratedFor] == "" {
			write.Drift = drift(r.Method, r.URL.Path, sent)
		}
		l.writes = append(l.writes, write)
		return response, nil
	})
}

type metadata struct {
	ResourceVersion   string            `json:"resourceVersion"`
	DeletionTimestamp string            `json:"deletionTimestamp"`
	Finalizers        []string          `json:"finalizers"`
	Labels            map[string]string `json:"labels"`
}

// read reads a body and puts it back.
func read(body *io.ReadCloser) ([]byte, error) {
	if *body == nil {
		return nil, nil
	}
	text, err := io.ReadAll(*body)
	if err != nil {
		return nil, fmt.Errorf("read a body: %w", err)
	}
	if err := (*body).Close(); err != nil {
		return nil, fmt.Errorf("read a body: %w", err)
	}
	*body = io.NopCloser(bytes.NewReader(text))
	return text, nil
}

// metadataIn is that of an object in JSON, which every object of ours is.
func metadataIn(text []byte) (metadata, error) {
	var object struct {
		Metadata metadata `json:"metadata"`
	}
	if !json.Valid(text) {
		return metadata{}, nil
	}
	if err := json.Unmarshal(text, &object); err != nil {
		return metadata{}, fmt.Errorf("read a body: %w", err)
	}
	return object.Metadata, nil
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
