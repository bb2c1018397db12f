package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	. "github.com/onsi/gomega"
	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/grpc"

	"github.com/seatwarden/seatwarden/internal/controlplane/envtesting"
)

func TestProfilesAreOfThisHostAlone(t *testing.T) {
	g := NewWithT(t)
	for given, serves := range map[string]string{"": "", ":6060": "localhost:6060", "0.0.0.0:6060": "0.0.0.0:6060"} {
		g.Expect(managerOptions(flags{pprofAddress: given}).PprofBindAddress).To(Equal(serves), given)
	}
}

// collected is an OpenTelemetry collector that keeps what it gets.
type collected struct {
	collector.UnimplementedTraceServiceServer
	mu    sync.Mutex
	spans []string
	all   strings.Builder
}

func (c *collected) Export(_ context.Context, request *collector.ExportTraceServiceRequest) (*collector.ExportTraceServiceResponse, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, resource := range request.GetResourceSpans() {
		for _, scope := range resource.GetScopeSpans() {
			for _, span := range scope.GetSpans() {
				c.spans = append(c.spans, span.GetName())
				fmt.Fprintln(&c.all, span.GetAttributes(), span.GetEvents(), span.GetStatus())
			}
		}
	}
	return &collector.ExportTraceServiceResponse{}, nil
}

func (c *collected) got() (spans []string, all string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]string{}, c.spans...), c.all.String()
}

// TestTracesGoToTheCollectorThatIsNamed: each pass is told, with the object's name and
// nothing of a person, and profiles are served where a flag asks for them.
func TestTracesGoToTheCollectorThatIsNamed(t *testing.T) {
	g := NewWithT(t)
	binary := filepath.Join(t.TempDir(), "seatwarden")
	build(t, g, binary)
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	g.Expect(err).NotTo(HaveOccurred())
	told, server := &collected{}, grpc.NewServer()
	collector.RegisterTraceServiceServer(server, told)
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://"+listener.Addr().String())
	t.Setenv("OTEL_BSP_SCHEDULE_DELAY", "200")
	namespace := envtesting.Namespace(t)
	_, err = envtesting.ControlPlane().KubectlInput(t.Context(), strings.NewReader(fmt.Sprintf(`
apiVersion: seatwarden.dev/v1alpha1
kind: Member
metadata: {name: jane, namespace: %s}
spec: {customerRef: {name: nobody}, email: jane.doe@acme.com}
`, namespace)), "apply", "-f", "-")
	g.Expect(err).NotTo(HaveOccurred())

	profiles := freeAddress(t, g)
	startReplica(t, g, binary, "--pprof-bind-address", profiles)
	g.Eventually(func() []string { spans, _ := told.got(); return spans }, patience).Should(ContainElement("Reconcile member"))
	_, all := told.got()
	g.Expect(all).To(And(ContainSubstring("seatwarden.object"), ContainSubstring(namespace), ContainSubstring("jane")))
	g.Expect(all).NotTo(Or(ContainSubstring("@"), ContainSubstring("acme")))

	response, err := http.Get("http://" + profiles + "/debug/pprof/heap")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(response.Body.Close()).To(Succeed())
	g.Expect(response.StatusCode).To(Equal(http.StatusOK))
}
