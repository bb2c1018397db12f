package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"sigs.k8s.io/yaml"
)

// applySamples applies config/samples. The samples name a domain of Auth0; a
// kustomization in the run's folder puts the stand-in's in its place.
func (e *environment) applySamples(ctx context.Context) error {
	dir := filepath.Join(e.dir, "samples")
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return fmt.Errorf("copy the samples: %w", err)
	}
	files, err := filepath.Glob(filepath.Join(e.root, "config", "samples", "seatwarden_*.yaml"))
	if err != nil || len(files) == 0 {
		return fmt.Errorf("find config/samples: %d files, %w", len(files), err)
	}
	var resources []string
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			return fmt.Errorf("copy the samples: %w", err)
		}
		resources = append(resources, filepath.Base(file))
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(file)), content, 0o600); err != nil {
			return fmt.Errorf("copy the samples: %w", err)
		}
	}
	kustomization, err := yaml.Marshal(map[string]any{
		"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization", "resources": resources,
		"patches": []any{map[string]any{
			"target": map[string]string{"kind": "Auth0Tenant"},
			"patch":  `[{"op": "replace", "path": "/spec/domain", "value": "` + e.auth0.Domain + `"}]`,
		}},
	})
	if err != nil {
		return fmt.Errorf("copy the samples: %w", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "kustomization.yaml"), kustomization, 0o600); err != nil {
		return fmt.Errorf("copy the samples: %w", err)
	}
	_, err = e.plane.Kubectl(ctx, "apply", "-k", dir)
	return err
}
