package world

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
)

// KubernetesWrite is a request of an operator's that changes something in
// Kubernetes, or means to.
type KubernetesWrite struct {
	Method, Path string
	// Idle: it was carried out and left the object at the version that it had.
	Idle bool
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

// wrap has the log see what goes through a transport.
func (l *writeLog) wrap(base http.RoundTripper) http.RoundTripper {
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		if r.Method == http.MethodGet {
			return base.RoundTrip(r)
		}
		before, err := metadataIn(&r.Body)
		if err != nil {
			return nil, err
		}
		response, err := base.RoundTrip(r)
		if err != nil {
			return nil, err
		}
		after, err := metadataIn(&response.Body)
		if err != nil {
			return nil, err
		}
		// Who takes the last finalizer off is answered with the object as it was.
		gone := after.DeletionTimestamp != "" && len(after.Finalizers) == 0
		same := before.ResourceVersion != "" && before.ResourceVersion == after.ResourceVersion
		idle := r.Method == http.MethodPatch && response.StatusCode == http.StatusOK && same && !gone
		l.mu.Lock()
		defer l.mu.Unlock()
		l.writes = append(l.writes, KubernetesWrite{Method: r.Method, Path: r.URL.Path, Idle: idle})
		return response, nil
	})
}

type metadata struct {
	ResourceVersion   string   `json:"resourceVersion"`
	DeletionTimestamp string   `json:"deletionTimestamp"`
	Finalizers        []string `json:"finalizers"`
}

// metadataIn is that of an object in JSON, which every object of ours is.
func metadataIn(body *io.ReadCloser) (metadata, error) {
	if *body == nil {
		return metadata{}, nil
	}
	text, err := io.ReadAll(*body)
	if err != nil {
		return metadata{}, fmt.Errorf("read a body: %w", err)
	}
	if err := (*body).Close(); err != nil {
		return metadata{}, fmt.Errorf("read a body: %w", err)
	}
	*body = io.NopCloser(bytes.NewReader(text))
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
