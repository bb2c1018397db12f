package browser

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	. "github.com/onsi/gomega"
)

const (
	// patience is for one page.
	patience = 20 * time.Second
	pictures = "screenshots"
	axeFile  = "node_modules/axe-core/axe.min.js"
)

// browser is the one Chromium of all tests; nil if there is none.
var browser context.Context

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	file := chromium()
	if file == "" {
		fmt.Fprintln(os.Stderr, "no Chromium is on PATH: no browser test runs")
		return m.Run()
	}
	profile, err := os.MkdirTemp("", "browser")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(profile) }()
	allocated, end := chromedp.NewExecAllocator(context.Background(), append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(file), chromedp.UserDataDir(profile), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-quic", true), chromedp.WindowSize(1000, 800))...)
	defer end()
	ctx, closeBrowser := chromedp.NewContext(allocated)
	defer closeBrowser()
	if err := chromedp.Do(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "start Chromium:", err)
		return 1
	}
	browser = ctx
	return m.Run()
}

func chromium() string {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "chrome"} {
		if file, err := exec.LookPath(name); err == nil {
			return file
		}
	}
	return ""
}

// missing skips a test for want of a tool, and fails it where CI installs it.
func missing(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatal(what)
	}
	t.Skip(what)
}

// tab is a browser window of one person, with cookies of its own.
type tab struct {
	*WithT
	t   *testing.T
	ctx context.Context
}

func newTab(t *testing.T) *tab {
	t.Helper()
	if browser == nil {
		missing(t, "no Chromium is on PATH")
	}
	ctx, closeTab := chromedp.NewContext(browser, chromedp.WithNewBrowserContext())
	t.Cleanup(closeTab)
	// The tab lives as long as the context of its first action, so that has no patience.
	NewWithT(t).Expect(chromedp.Do(ctx)).To(Succeed())
	return &tab{WithT: NewWithT(t), t: t, ctx: ctx}
}

// do runs steps with a bounded patience.
func (b *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	b.Expect(chromedp.Do(ctx, steps...)).To(Succeed(), "at %s", b.where())
}

// evaluate runs JavaScript in the page.
func evaluate[T any](b *tab, script string, options ...chromedp.EvaluateOption) T {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	value, err := chromedp.Run(ctx, chromedp.Evaluate[T](script, options...))
	b.Expect(err).NotTo(HaveOccurred())
	return value
}

// where is the page's own name and heading, for messages. Its address may hold a
// link's secret and stays out of them.
func (b *tab) where() string {
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	text, err := chromedp.Run(ctx, chromedp.Evaluate[string](
		`(document.body?.dataset.page ?? "") + ": " + (document.querySelector("h1")?.innerText ?? "")`))
	if err != nil {
		return "no page"
	}
	return text
}

// at waits for a page of a kind and looks at it.
func (b *tab) at(kind string) {
	b.t.Helper()
	b.do(chromedp.WaitVisible(chromedp.CSS(`body[data-page="` + kind + `"]`)))
	b.look(kind)
}

// text is what a person reads in the page.
func (b *tab) text() string {
	b.t.Helper()
	return evaluate[string](b, `document.querySelector("main").innerText`)
}

// press clicks the one button or link with these words and waits for the next page.
func (b *tab) press(words string) {
	b.t.Helper()
	b.mark()
	found := evaluate[int](b, fmt.Sprintf(`(() => {
		const all = [...document.querySelectorAll("button, a")].filter((e) => e.innerText.includes(%q));
		all.forEach((e) => e.setAttribute("data-pressed", ""));
		return all.length;
	})()`, words))
	b.Expect(found).To(Equal(1), "%q at %s", words, b.where())
	b.do(chromedp.Click(chromedp.CSS("[data-pressed]")))
	b.turned()
}

// mark leaves a sign in the page that the next one does not have.
func (b *tab) mark() { evaluate[bool](b, `window.marked = true`) }

// turned waits for a page without the sign.
func (b *tab) turned() {
	b.t.Helper()
	b.Eventually(func() (bool, error) {
		ctx, cancel := context.WithTimeout(b.ctx, patience)
		defer cancel()
		return chromedp.Run(ctx, chromedp.Evaluate[bool](`!window.marked && document.readyState === "complete"`))
	}).WithTimeout(patience).WithPolling(20*time.Millisecond).Should(BeTrue(), "the page does not turn")
}

// keys types on the keyboard.
func (b *tab) keys(keys string) { b.do(chromedp.KeyEvent(keys)) }

// typeIn fills in a field by its label.
func (b *tab) typeIn(label, value string) {
	b.t.Helper()
	id := evaluate[string](b, fmt.Sprintf(
		`[...document.querySelectorAll("label")].find((l) => l.innerText === %q)?.htmlFor ?? ""`, label))
	b.Expect(id).NotTo(BeEmpty(), "no field is labelled %q", label)
	b.do(chromedp.SetValue(chromedp.ID(id), value))
}

var unsafe = regexp.MustCompile(`[^A-Za-z0-9]+`)

// look takes pictures of the page and holds it to the accessibility rules, as
// people see it who prefer light, who prefer dark, and on a narrow screen.
func (b *tab) look(name string) {
	b.t.Helper()
	b.do(chromedp.EmulateViewport(1000, 800))
	rules, err := os.ReadFile(axeFile)
	for _, scheme := range []string{"light", "dark"} {
		b.do(chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
			_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
				Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
			return err
		}))
		b.picture(name + " " + scheme)
		if err == nil {
			b.Expect(b.violations(string(rules))).To(BeEmpty(), "accessibility of %s, %s", b.where(), scheme)
		}
	}
	b.do(chromedp.EmulateViewport(320, 640))
	b.picture(name + " narrow")
	b.Expect(evaluate[bool](b, `document.documentElement.scrollWidth <= window.innerWidth`)).To(BeTrue(),
		"%s on a narrow screen is not wider than it", b.where())
}

// picture writes a screenshot into the ignored folder.
func (b *tab) picture(name string) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	shot, err := chromedp.Call(ctx, page.CaptureScreenshot, page.CaptureScreenshotParams{})
	b.Expect(err).NotTo(HaveOccurred())
	b.Expect(os.MkdirAll(pictures, 0o750)).To(Succeed())
	file := strings.ToLower(unsafe.ReplaceAllString(b.t.Name()+" "+name, "-")) + ".png"
	b.Expect(os.WriteFile(filepath.Join(pictures, file), shot.Data, 0o600)).To(Succeed())
}

// violations are the broken rules, each with the element that breaks it.
func (b *tab) violations(rules string) []string {
	b.t.Helper()
	if !evaluate[bool](b, `window.axe !== undefined`) {
		evaluate[chromedp.Void](b, rules+"; undefined")
	}
	return evaluate[[]string](b, `axe.run(document, {
		runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
	}).then((found) => found.violations.map((v) => v.id + ": " + v.help + ": " + v.nodes.map((n) => n.html).join(" ")))`,
		chromedp.EvalAwaitPromise)
}

// Every page is judged in passing, so one test says whether the judge was there.
func TestAccessibilityRulesAreInstalled(t *testing.T) {
	if _, err := os.Stat(axeFile); err != nil {
		missing(t, "axe-core is not installed here (npm ci): the accessibility rules did not run")
	}
	b := newTab(t)
	rules, err := os.ReadFile(axeFile)
	b.Expect(err).NotTo(HaveOccurred())
	b.do(chromedp.Navigate(`data:text/html,<title>bad</title><img src="x"><button></button>`))
	b.Expect(b.violations(string(rules))).To(ContainElements(HavePrefix("image-alt: "), HavePrefix("button-name: ")),
		"the judge finds what is wrong")
}
