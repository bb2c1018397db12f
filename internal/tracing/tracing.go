// Package tracing sends traces to an OpenTelemetry collector, where one is named.
package tracing

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/go-logr/logr"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// flushed is how long the last spans may take when the process ends.
const flushed = 5 * time.Second

// Named tells whether the environment names a collector: without one there are no
// traces. The names are those of the OpenTelemetry specification.
func Named() bool {
	return os.Getenv("OTEL_EXPORTER_OTLP_ENDPOINT") != "" || os.Getenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") != ""
}

// Start has all spans sent over OTLP to the collector that the environment names, by
// gRPC. The collector need not be there. stop sends what is left.
func Start(ctx context.Context, version string, log logr.Logger) (stop func(), err error) {
	if !Named() {
		return func() {}, nil
	}
	exporter, err := otlptracegrpc.New(ctx)
	if err != nil {
		return nil, fmt.Errorf("send traces: %w", err)
	}
	// What OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES say comes last, and holds.
	about, err := resource.New(ctx, resource.WithAttributes(attribute.String("service.name", "seatwarden"), attribute.String("service.version", version)), resource.WithFromEnv())
	if err != nil {
		return nil, fmt.Errorf("describe the source of traces: %w", err)
	}
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { log.V(1).Info("Traces could not be sent", "reason", err.Error()) }))
	provider := sdktrace.NewTracerProvider(sdktrace.WithBatcher(exporter), sdktrace.WithResource(about))
	otel.SetTracerProvider(provider)
	return func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), flushed)
		defer cancel()
		if err := provider.Shutdown(ctx); err != nil {
			log.V(1).Info("The last traces could not be sent", "reason", err.Error())
		}
	}, nil
}
