package gitops_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
)

// actionTests is action_test.yaml as Argo CD reads it.
type actionTests struct {
	ActionTests    []actionTest    `json:"actionTests"`
	DiscoveryTests []discoveryTest `json:"discoveryTests"`
}

type actionTest struct {
	Action             string `json:"action"`
	InputPath          string `json:"inputPath"`
	ExpectedOutputPath string `json:"expectedOutputPath"`
}

type discoveryTest struct {
	InputPath string       `json:"inputPath"`
	Result    []discovered `json:"result"`
}

type discovered struct {
	Name        string `json:"name"`
	Disabled    bool   `json:"disabled,omitempty"`
	DisplayName string `json:"displayName,omitempty"`
}

// discover lists the actions that Argo CD offers for an object, by name.
func discover(g Gomega, object map[string]any) []discovered {
	out, err := run(script(g, object["kind"].(string), "actions", "discovery.lua"), object)
	g.Expect(err).NotTo(HaveOccurred())
	var list []discovered
	for name, properties := range out.(map[string]any) {
		of := properties.(map[string]any)
		disabled, _ := of["disabled"].(bool)
		list = append(list, discovered{Name: name, Disabled: disabled, DisplayName: of["displayName"].(string)})
	}
	slices.SortFunc(list, func(a, b discovered) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// act runs an action and returns the annotations of the object, of which it leaves the
// rest as it was.
func act(g Gomega, object map[string]any, action string) (map[string]any, error) {
	before := runtime.DeepCopyJSON(object)
	out, err := run(script(g, object["kind"].(string), "actions", action, "action.lua"), object)
	if err != nil {
		return nil, err
	}
	after := out.(map[string]any)
	metadata := after["metadata"].(map[string]any)
	annotations := metadata["annotations"].(map[string]any)
	delete(metadata, "annotations")
	delete(before["metadata"].(map[string]any), "annotations")
	g.Expect(after).To(BeEquivalentTo(viaLua(g, before)))
	return annotations, nil
}

func viaLua(g Gomega, object map[string]any) any {
	out, err := run("return obj", object)
	g.Expect(err).NotTo(HaveOccurred())
	return out
}

// stateOf is the state of that name.
func stateOf(g Gomega, of, name string) map[string]any {
	for _, s := range states() {
		if kind(s.object) == of && s.name == name {
			return content(g, s.object)
		}
	}
	g.Expect(name).To(BeEmpty(), "there is no such state")
	return nil
}

// TestActionsAskByAnnotation: each action sets one annotation to what the operator
// takes, and leaves everything else as it is.
func TestActionsAskByAnnotation(t *testing.T) {
	recently := WithTransform(func(text string) time.Time {
		at, _ := time.Parse(time.RFC3339, text)
		return at
	}, BeTemporally("~", time.Now(), time.Hour))
	for _, tc := range []struct {
		kind, state, action, annotation string
		value                           any
	}{
		{"Auth0Tenant", "all is well", "reconcile", v1alpha1.AnnotationReconcileRequestedAt, recently},
		{"Customer", "all is well", "reconcile", v1alpha1.AnnotationReconcileRequestedAt, recently},
		{"Member", "joined", "reconcile", v1alpha1.AnnotationReconcileRequestedAt, recently},
		{"Member", "expired: it waits for a request", "send-invitation", v1alpha1.AnnotationInviteRequestedAt, recently},
		{"Customer", "removals are held", "approve-removals", v1alpha1.AnnotationApproveRemovals, Equal("1f0c2d3a4b5c6d7e")},
	} {
		t.Run(tc.kind+"/"+tc.action, func(t *testing.T) {
			g := NewWithT(t)
			object := stateOf(g, tc.kind, tc.state)
			g.Expect(act(g, object, tc.action)).To(And(HaveLen(1), HaveKeyWithValue(tc.annotation, tc.value)))
			object = stateOf(g, tc.kind, tc.state)
			object["metadata"].(map[string]any)["annotations"] = map[string]any{"yours": "stays", tc.annotation: "old"}
			g.Expect(act(g, object, tc.action)).To(And(HaveLen(2), HaveKeyWithValue("yours", "stays"), HaveKeyWithValue(tc.annotation, tc.value)))
		})
	}
}

// TestActionsAreOfferedWhereTheyHelp: nobody is offered what would be refused.
func TestActionsAreOfferedWhereTheyHelp(t *testing.T) {
	for _, tc := range []struct{ kind, action, off, on string }{
		{"Customer", "approve-removals", "all is well", "removals are held"},
		{"Customer", "approve-removals", "nobody has looked at it", "removals are held"},
		{"Member", "send-invitation", "nobody has looked at it", "invited: it waits for a click"},
		{"Member", "send-invitation", "joined", "expired: it waits for a request"},
		{"Member", "send-invitation", "waits for a seat", "used up by a wrong account"},
		{"Member", "send-invitation", "the same address twice", "taken out in Auth0"},
	} {
		t.Run(tc.kind+"/"+tc.off, func(t *testing.T) {
			g := NewWithT(t)
			disabled := func(state string) bool {
				for _, each := range discover(g, stateOf(g, tc.kind, state)) {
					if each.Name == tc.action {
						return each.Disabled
					}
				}
				g.Expect(tc.action).To(BeEmpty(), "it is not offered")
				return false
			}
			g.Expect(disabled(tc.off)).To(BeTrue())
			g.Expect(disabled(tc.on)).To(BeFalse())
		})
	}
	g := NewWithT(t)
	_, err := act(g, stateOf(g, "Customer", "all is well"), "approve-removals")
	g.Expect(err).To(MatchError(ContainSubstring("no removal waits for approval")), "what was released meanwhile is not approved blindly")
}

// TestActionExamplesAreCurrent: as TestHealthExamplesAreCurrent, for action_test.yaml.
// What an action makes of an object is an example where it does not depend on the time.
func TestActionExamplesAreCurrent(t *testing.T) {
	g := NewWithT(t)
	tests := map[string]*actionTests{}
	for _, s := range states() {
		if s.file == "" || !offers(kind(s.object)) {
			continue
		}
		of, object := kind(s.object), content(g, s.object)
		if tests[of] == nil {
			tests[of] = &actionTests{}
		}
		tests[of].DiscoveryTests = append(tests[of].DiscoveryTests, discoveryTest{"../testdata/" + example(s), discover(g, object)})
	}
	held := stateOf(g, "Customer", "removals are held")
	annotations, err := act(g, runtime.DeepCopyJSON(held), "approve-removals")
	g.Expect(err).NotTo(HaveOccurred())
	held["metadata"].(map[string]any)["annotations"] = annotations
	tests["Customer"].ActionTests = []actionTest{{"approve-removals", "../testdata/healthy_removalsHeld.yaml", "testdata/approved.yaml"}}
	current(g, filepath.Join(customizations, "Customer", "actions", "testdata", "approved.yaml"), held)
	for of, list := range tests {
		current(g, filepath.Join(customizations, of, "actions", "action_test.yaml"), list)
	}
}
