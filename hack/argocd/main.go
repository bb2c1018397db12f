// Command argocd prints config/argocd/argocd-cm.yaml: the health checks and actions of
// config/argocd/resource_customizations, as Argo CD takes them.
package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

const group = "seatwarden.dev"

const header = `# Health checks and actions for Argo CD, made by 'make manifests' from the Lua files in
# resource_customizations. Beside what your argocd-cm holds already:
#   kubectl apply --server-side --field-manager seatwarden -n argocd -f argocd-cm.yaml
apiVersion: v1
kind: ConfigMap
metadata:
  name: argocd-cm
  labels:
    app.kubernetes.io/part-of: argocd
data:
`

func main() {
	out, err := configMap(filepath.Join("config", "argocd", "resource_customizations"))
	if err != nil {
		fmt.Fprintln(os.Stderr, "argocd:", err)
		os.Exit(1)
	}
	fmt.Fprint(os.Stdout, out)
}

// configMap is argocd-cm with all that the folder holds.
func configMap(folder string) (string, error) {
	kinds, err := os.ReadDir(filepath.Join(folder, group))
	if err != nil {
		return "", err
	}
	out := &strings.Builder{}
	out.WriteString(header)
	for _, kind := range kinds {
		of := filepath.Join(folder, group, kind.Name())
		if err := add(out, kind.Name(), of); err != nil {
			return "", err
		}
	}
	return out.String(), nil
}

func add(out *strings.Builder, kind, folder string) error {
	health, err := block(filepath.Join(folder, "health.lua"), 4)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "  resource.customizations.health.%s_%s: |\n%s", group, kind, health)
	discovery, err := block(filepath.Join(folder, "actions", "discovery.lua"), 6)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // a kind of which nothing can be asked
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "  resource.customizations.actions.%s_%s: |\n    discovery.lua: |\n%s    definitions:\n", group, kind, discovery)
	actions, err := filepath.Glob(filepath.Join(folder, "actions", "*", "action.lua"))
	if err != nil {
		return err
	}
	for _, path := range actions {
		action, err := block(path, 8)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "    - name: %s\n      action.lua: |\n%s", filepath.Base(filepath.Dir(path)), action)
	}
	return nil
}

// block is a file as the lines of a block scalar.
func block(path string, indent int) (string, error) {
	content, err := os.ReadFile(filepath.Clean(path))
	if err != nil {
		return "", err
	}
	out := &strings.Builder{}
	for line := range strings.Lines(string(content)) {
		if strings.TrimSpace(line) != "" {
			out.WriteString(strings.Repeat(" ", indent))
		}
		out.WriteString(line)
	}
	return out.String(), nil
}
