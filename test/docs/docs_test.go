// Package docs_test holds the documentation to the code: fields, conditions,
// reasons and scopes are all there, and nothing else is.
package docs_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/test/internal/paths"
)

const (
	docs       = "../../docs"
	conditions = "../../api/v1alpha1/conditions.go"
	scopes     = "../../controllers/auth0tenant/scopes.go"
)

var kinds = map[string]reflect.Type{
	"Auth0Tenant": reflect.TypeFor[v1alpha1.Auth0TenantSpec](),
	"Customer":    reflect.TypeFor[v1alpha1.CustomerSpec](),
	"Member":      reflect.TypeFor[v1alpha1.MemberSpec](),
	"Removal":     reflect.TypeFor[v1alpha1.RemovalSpec](),
}

func TestTroubleshootingHasEveryReasonOnce(t *testing.T) {
	g := NewWithT(t)
	var reasons []string
	for name, constant := range constants(g) {
		if strings.HasPrefix(name, "Reason") {
			reasons = append(reasons, constant.value)
		}
	}
	g.Expect(firstCells(page(g, "troubleshooting.md"))).To(ConsistOf(reasons))
}

func TestPagesOfKindsHaveTheirConditions(t *testing.T) {
	for kind := range kinds {
		t.Run(kind, func(t *testing.T) {
			g := NewWithT(t)
			var wanted []string
			for name, constant := range constants(g) {
				// "ConditionActive (Member): ..." is the Member's; without a kind it is everybody's.
				of := regexp.MustCompile(`^\w+ \(([\w, ]+)\)`).FindStringSubmatch(constant.doc)
				if strings.HasPrefix(name, "Condition") && (of == nil || slices.Contains(strings.Split(of[1], ", "), kind)) {
					wanted = append(wanted, constant.value)
				}
			}
			g.Expect(firstCells(section(page(g, file(kind)), "Conditions"))).To(ConsistOf(wanted))
		})
	}
}

func TestPagesOfKindsNameEveryReason(t *testing.T) {
	g := NewWithT(t)
	known := map[string]bool{}
	named := map[string]bool{}
	for _, constant := range constants(g) {
		known[constant.value] = true
	}
	for kind := range kinds {
		for _, word := range words(section(page(g, file(kind)), "Conditions")) {
			if regexp.MustCompile(`^[A-Z]\w+$`).MatchString(word) {
				g.Expect(known[word]).To(BeTrue(), "%s is no reason and no condition", word)
				named[word] = true
			}
		}
	}
	for name, constant := range constants(g) {
		g.Expect(named[constant.value]).To(BeTrue(), "no page of a kind names %s", name)
	}
}

func TestPagesOfKindsHaveEveryField(t *testing.T) {
	for kind, spec := range kinds {
		if kind == "Removal" {
			continue // the operator alone writes it
		}
		t.Run(kind, func(t *testing.T) {
			g := NewWithT(t)
			g.Expect(firstCells(section(page(g, file(kind)), "Fields"))).To(ConsistOf(paths.Of("spec", spec)))
		})
	}
}

func TestScopesToGrantAreThoseInUse(t *testing.T) {
	g := NewWithT(t)
	var inUse, documented []string
	ast.Inspect(parse(g, scopes), func(node ast.Node) bool {
		if literal, ok := node.(*ast.BasicLit); ok && literal.Kind == token.STRING && strings.Contains(literal.Value, ":") {
			inUse = append(inUse, unquote(g, literal))
		}
		return true
	})
	for _, word := range words(section(page(g, "auth0.md"), "The operator's application")) {
		if regexp.MustCompile(`^[a-z]+:[a-z0-9_]+$`).MatchString(word) {
			documented = append(documented, word)
		}
	}
	g.Expect(documented).To(ConsistOf(inUse))
}

func TestLinksLeadSomewhere(t *testing.T) {
	g := NewWithT(t)
	pages, err := filepath.Glob(filepath.Join(docs, "*.md"))
	g.Expect(err).NotTo(HaveOccurred())
	links := regexp.MustCompile(`\]\(([^)#:]*)(#[^)]*)?\)`)
	for _, path := range pages {
		for _, link := range links.FindAllStringSubmatch(page(g, filepath.Base(path)), -1) {
			target := path
			if link[1] != "" {
				target = filepath.Join(docs, link[1])
			}
			text, err := os.ReadFile(target)
			g.Expect(err).NotTo(HaveOccurred(), "%s links to %s", path, link[0])
			if link[2] != "" {
				g.Expect(anchors(string(text))).To(ContainElement(link[2][1:]), "%s links to %s", path, link[0])
			}
		}
	}
}

// anchors of a page: its headings, as GitHub makes them.
func anchors(text string) []string {
	var out []string
	for _, heading := range regexp.MustCompile(`(?m)^#+ (.*)$`).FindAllStringSubmatch(text, -1) {
		kept := regexp.MustCompile(`[^a-z0-9 _-]`).ReplaceAllString(strings.ToLower(heading[1]), "")
		out = append(out, strings.ReplaceAll(kept, " ", "-"))
	}
	return out
}

type constant struct{ value, doc string }

// constants are those of conditions.go, by name.
func constants(g Gomega) map[string]constant {
	out := map[string]constant{}
	for _, declaration := range parse(g, conditions).Decls {
		for _, spec := range declaration.(*ast.GenDecl).Specs {
			value := spec.(*ast.ValueSpec)
			out[value.Names[0].Name] = constant{unquote(g, value.Values[0].(*ast.BasicLit)), value.Doc.Text()}
		}
	}
	return out
}

func parse(g Gomega, path string) *ast.File {
	parsed, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments)
	g.Expect(err).NotTo(HaveOccurred())
	return parsed
}

func unquote(g Gomega, literal *ast.BasicLit) string {
	text, err := strconv.Unquote(literal.Value)
	g.Expect(err).NotTo(HaveOccurred())
	return text
}

func file(kind string) string { return strings.ToLower(kind) + ".md" }

func page(g Gomega, name string) string {
	text, err := os.ReadFile(filepath.Join(docs, name))
	g.Expect(err).NotTo(HaveOccurred())
	return string(text)
}

// section is what stands under a heading of the second level.
func section(text, heading string) string {
	_, after, _ := strings.Cut(text, "\n## "+heading+"\n")
	inside, _, _ := strings.Cut(after, "\n## ")
	return inside
}

// firstCells are the words in code type that rows of tables begin with.
func firstCells(text string) []string {
	var out []string
	for _, match := range regexp.MustCompile("(?m)^\\| `([^`]+)` \\|").FindAllStringSubmatch(text, -1) {
		out = append(out, match[1])
	}
	return out
}

// words are all that stand in code type.
func words(text string) []string {
	var out []string
	for _, match := range regexp.MustCompile("`([^`\n]+)`").FindAllStringSubmatch(text, -1) {
		out = append(out, match[1])
	}
	return out
}
