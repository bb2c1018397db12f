package gitops_test

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	kstatus "sigs.k8s.io/cli-utils/pkg/kstatus/status"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
)

const (
	folder         = "../../config/argocd"
	customizations = folder + "/resource_customizations/seatwarden.dev"
)

// update writes the examples in config/argocd anew.
var update = flag.Bool("update", false, "write the examples anew")

func kind(object client.Object) string {
	_, name, _ := strings.Cut(fmt.Sprintf("%T", object), ".")
	return name
}

func content(g Gomega, object client.Object) map[string]any {
	out, err := runtime.DefaultUnstructuredConverter.ToUnstructured(object)
	g.Expect(err).NotTo(HaveOccurred())
	out["apiVersion"], out["kind"] = v1alpha1.GroupVersion.String(), kind(object)
	return out
}

func script(g Gomega, path ...string) string {
	text, err := os.ReadFile(filepath.Join(append([]string{customizations}, path...)...))
	g.Expect(err).NotTo(HaveOccurred())
	return string(text)
}

// offers tells whether a kind has actions.
func offers(kind string) bool {
	_, err := os.Stat(filepath.Join(customizations, kind, "actions"))
	return err == nil
}

// health is what Argo CD takes an object for.
func health(g Gomega, object map[string]any) (is, message string) {
	out, err := run(script(g, object["kind"].(string), "health.lua"), object)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(out).To(HaveKey("message"))
	g.Expect(out).To(HaveLen(2))
	answer := out.(map[string]any)
	return answer["status"].(string), answer["message"].(string)
}

// waitsAs is what kstatus, and so Flux and kubectl, makes of what Argo CD calls so.
var waitsAs = map[string]kstatus.Status{
	healthy: kstatus.CurrentStatus, suspended: kstatus.CurrentStatus, progressing: kstatus.InProgressStatus, degraded: kstatus.FailedStatus,
}

func compute(g Gomega, object map[string]any) kstatus.Status {
	result, err := kstatus.Compute(&unstructured.Unstructured{Object: object})
	g.Expect(err).NotTo(HaveOccurred())
	return result.Status
}

// TestHealthOfEveryState: Argo CD and kstatus take each state for what it is.
func TestHealthOfEveryState(t *testing.T) {
	for _, s := range states() {
		t.Run(kind(s.object)+"/"+s.name, func(t *testing.T) {
			g := NewWithT(t)
			object := content(g, s.object)
			is, message := health(g, object)
			g.Expect(is).To(Equal(s.health), message)
			g.Expect(message).NotTo(BeEmpty())
			if s.object.GetDeletionTimestamp() != nil {
				g.Expect(compute(g, object)).To(Equal(kstatus.TerminatingStatus))
			} else {
				g.Expect(compute(g, object)).To(Equal(waitsAs[s.health]))
			}
		})
	}
}

// told are the reasons that stand in Events alone.
var told = []string{
	v1alpha1.ReasonRequestTakenUp, v1alpha1.ReasonMarksRestored, v1alpha1.ReasonOrganizationReleased, v1alpha1.ReasonOrganizationLeftClosed,
	v1alpha1.ReasonUserDeleted, v1alpha1.ReasonUserKept,
}

// TestHealthKnowsEveryReason: each reason that a condition can have stands in a state
// above.
func TestHealthKnowsEveryReason(t *testing.T) {
	g := NewWithT(t)
	stand := map[string]bool{}
	for _, s := range states() {
		for _, condition := range conditionsOf(g, s.object) {
			stand[condition.(map[string]any)["reason"].(string)] = true
		}
	}
	for _, reason := range told {
		g.Expect(stand).NotTo(HaveKey(reason), "the reason is no Event's alone")
	}
	file, err := parser.ParseFile(token.NewFileSet(), "../../api/v1alpha1/conditions.go", nil, 0)
	g.Expect(err).NotTo(HaveOccurred())
	found := 0
	ast.Inspect(file, func(node ast.Node) bool {
		if spec, ok := node.(*ast.ValueSpec); ok && strings.HasPrefix(spec.Names[0].Name, "Reason") {
			reason, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(append(slices.Collect(maps.Keys(stand)), told...)).To(ContainElement(reason), "no state above has it: add one, and say what it is to be taken for")
			found++
		}
		return true
	})
	g.Expect(found).To(BeNumerically(">", 80))
}

func conditionsOf(g Gomega, object client.Object) []any {
	list, _, err := unstructured.NestedSlice(content(g, object), "status", "conditions")
	g.Expect(err).NotTo(HaveOccurred())
	return list
}

// healthTests is health_test.yaml as Argo CD reads it.
type healthTests struct {
	Tests []healthTest `json:"tests"`
}

type healthTest struct {
	HealthStatus struct {
		Status  string `json:"status"`
		Message string `json:"message"`
	} `json:"healthStatus"`
	InputPath string `json:"inputPath"`
}

// example is the name of a state's file.
func example(s state) string { return strings.ToLower(s.health) + "_" + s.file + ".yaml" }

// TestHealthExamplesAreCurrent: the examples beside the checks, in Argo CD's layout, are
// the states above, and are judged as health_test.yaml says.
func TestHealthExamplesAreCurrent(t *testing.T) {
	g := NewWithT(t)
	tests := map[string]*healthTests{}
	for _, s := range states() {
		if s.file == "" {
			continue
		}
		of := kind(s.object)
		object := content(g, s.object)
		test := healthTest{InputPath: "testdata/" + example(s)}
		test.HealthStatus.Status, test.HealthStatus.Message = health(g, object)
		if tests[of] == nil {
			tests[of] = &healthTests{}
		}
		tests[of].Tests = append(tests[of].Tests, test)
		current(g, filepath.Join(customizations, of, test.InputPath), object)
	}
	for of, list := range tests {
		current(g, filepath.Join(customizations, of, "health_test.yaml"), list)
		files, err := filepath.Glob(filepath.Join(customizations, of, "testdata", "*"))
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(files).To(HaveLen(len(list.Tests)), of)
	}
}

// current holds a file to what it is made from, or writes it anew.
func current(g Gomega, path string, from any) {
	want, err := yaml.Marshal(from)
	g.Expect(err).NotTo(HaveOccurred())
	if *update {
		g.Expect(os.WriteFile(path, want, 0o600)).To(Succeed())
	}
	is, err := os.ReadFile(filepath.Clean(path))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(string(is)).To(Equal(string(want)), "%s is not current: go test ./test/gitops -update", path)
}

// TestHealthConfigMapIsCurrent: argocd-cm.yaml has what the Lua files say, under the
// keys that Argo CD reads.
func TestHealthConfigMapIsCurrent(t *testing.T) {
	g := NewWithT(t)
	text, err := os.ReadFile(folder + "/argocd-cm.yaml")
	g.Expect(err).NotTo(HaveOccurred())
	var configMap struct{ Data map[string]string }
	g.Expect(yaml.Unmarshal(text, &configMap)).To(Succeed())
	kinds, err := os.ReadDir(customizations)
	g.Expect(err).NotTo(HaveOccurred())
	count := 0
	for _, entry := range kinds {
		key := "resource.customizations.%s.seatwarden.dev_" + entry.Name()
		g.Expect(configMap.Data).To(HaveKeyWithValue(fmt.Sprintf(key, "health"), script(g, entry.Name(), "health.lua")))
		count++
		if !offers(entry.Name()) {
			continue
		}
		count++
		var actions struct {
			Discovery   string `json:"discovery.lua"`
			Definitions []struct {
				Name string `json:"name"`
				Lua  string `json:"action.lua"`
			} `json:"definitions"`
		}
		g.Expect(yaml.UnmarshalStrict([]byte(configMap.Data[fmt.Sprintf(key, "actions")]), &actions)).To(Succeed())
		g.Expect(actions.Discovery).To(Equal(script(g, entry.Name(), "actions", "discovery.lua")))
		found, err := filepath.Glob(filepath.Join(customizations, entry.Name(), "actions", "*", "action.lua"))
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(actions.Definitions).To(HaveLen(len(found)))
		for _, action := range actions.Definitions {
			g.Expect(action.Lua).To(Equal(script(g, entry.Name(), "actions", action.Name, "action.lua")))
		}
	}
	g.Expect(configMap.Data).To(HaveLen(count))
}

// TestHealthOfEveryKind: a kind without a check would be healthy to Argo CD whatever
// becomes of it.
func TestHealthOfEveryKind(t *testing.T) {
	g := NewWithT(t)
	scheme := runtime.NewScheme()
	g.Expect(v1alpha1.AddToScheme(scheme)).To(Succeed())
	for name := range scheme.KnownTypes(v1alpha1.GroupVersion) {
		object, err := scheme.New(v1alpha1.GroupVersion.WithKind(name))
		g.Expect(err).NotTo(HaveOccurred())
		if object, ok := object.(client.Object); ok {
			g.Expect(filepath.Join(customizations, kind(object), "health.lua")).To(BeAnExistingFile())
		}
	}
}
