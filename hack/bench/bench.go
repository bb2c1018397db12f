package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/seatwarden/seatwarden/controllers"
	"github.com/seatwarden/seatwarden/internal/controlplane"
	"github.com/seatwarden/seatwarden/internal/standin"
)

// tellEvery is how often a long row says how far it is.
const tellEvery = 5 * time.Second

// row of the table: it measures one thing, in one or several sizes.
type row struct {
	name    string
	measure func(context.Context, *bench) ([]figure, error)
}

// rows in the order of the table.
var rows = []row{
	{"onboard", measureOnboarding},
	{"pending", measurePending},
	{"list", measureList},
	{"burst-free", measureBurst(freeBurst)},
	{"burst-professional", measureBurst(professionalBurst)},
	{"burst-enterprise", measureBurst(enterpriseBurst)},
	{"burst-many", measureBurst(manyBurst)},
	{"removal-queued", measureRemovalQueued},
	{"acceptance", measureAcceptance},
	{"seat-edit", measureSeatEdit},
	{"settled", measureSettled},
	{"restart-limited", measureLimitedRestart},
	{"crowd", measureCrowd},
	{"crowd-grows", measureGrowth},
	{"takeover", measureTakeover},
	{"removals", measureRemovals},
	{"approval", measureApproval},
}

// bench is one run.
type bench struct {
	flags
	dir   string
	plane *controlplane.ControlPlane
	kube  client.Client
	// worlds were started so far; profiles were written.
	worlds, profiles int
	// row that is measured now.
	row  string
	told told
}

// told is what the run has said last.
type told struct {
	mu sync.Mutex
	at time.Time
}

func newBench(ctx context.Context, f flags) (b *bench, err error) {
	b = &bench{flags: f}
	if b.dir, err = os.MkdirTemp("", "seatwarden-bench-"); err != nil {
		return nil, fmt.Errorf("make a folder: %w", err)
	}
	fmt.Fprintln(os.Stderr, "starting a control plane")
	b.plane, err = controlplane.Start(ctx, controlplane.Options{Dir: filepath.Join(b.dir, "controlplane"), Progress: os.Stderr})
	if err == nil {
		b.kube, err = client.New(b.plane.Config(), client.Options{Scheme: controllers.Scheme()})
	}
	if err == nil {
		err = b.install(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, b.stop())
	}
	return b, nil
}

// install applies CRDs, roles and admission policies as they are shipped.
func (b *bench) install(ctx context.Context) error {
	root, err := controlplane.Root()
	if err != nil {
		return err
	}
	for _, args := range [][]string{
		{"apply", "--server-side", "-k", filepath.Join(root, "config", "crd")},
		{"wait", "--for=condition=Established", "crd", "--all", "--timeout=60s"},
		{"apply", "--server-side", "-k", filepath.Join(root, "config", "rbac")},
		{"apply", "--server-side", "-k", filepath.Join(root, "config", "policy", "deny")},
	} {
		if _, err := b.plane.Kubectl(ctx, args...); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) stop() error {
	var err error
	if b.plane != nil {
		err = b.plane.Stop()
	}
	return errors.Join(err, os.RemoveAll(b.dir))
}

func (b *bench) measure(ctx context.Context, r row) ([]figure, error) {
	b.row = r.name
	b.say("measuring")
	figures, err := r.measure(ctx, b)
	for i := range figures {
		figures[i].Row = r.name
		b.say("%s, %s: %s %s", figures[i].Size, figures[i].Name, number(figures[i].Value), figures[i].Unit)
	}
	return figures, err
}

// sized are the sizes of a row: as the flag asks, or few or many.
func (b *bench) sized(small, large []int) []int {
	switch {
	case len(b.sizes) > 0:
		return b.sizes
	case b.large:
		return large
	}
	return small
}

// few is how many of something a row plays with.
func (b *bench) few(small, large int) int {
	if b.large {
		return large
	}
	return small
}

// say tells on stderr what goes on.
func (b *bench) say(format string, args ...any) {
	b.told.mu.Lock()
	defer b.told.mu.Unlock()
	b.told.at = time.Now()
	fmt.Fprintf(os.Stderr, "%s %s: %s\n", b.told.at.Format(time.TimeOnly), b.row, fmt.Sprintf(format, args...))
}

// sayAtTimes tells it where nothing was told for a while.
func (b *bench) sayAtTimes(format string, args ...any) {
	b.told.mu.Lock()
	quiet := time.Since(b.told.at)
	b.told.mu.Unlock()
	if quiet >= tellEvery {
		b.say(format, args...)
	}
}

// errTooLong says that what was waited for did not come.
var errTooLong = errors.New("it took too long")

// until waits until all is done, and tells how far it is.
func (w *world) until(ctx context.Context, within time.Duration, what string, progress func() (done, all int)) error {
	ctx, cancel := context.WithTimeoutCause(ctx, within, errTooLong)
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		done, all := progress()
		if done >= all {
			return nil
		}
		w.sayAtTimes("until %s: %d of %d", what, done, all)
		if w.operator != nil {
			if err := w.operator.Alive(); err != nil {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("until %s: %d of %d: %w", what, done, all, context.Cause(ctx))
		case <-tick.C:
		}
	}
}

// pause waits, and tells so.
func (w *world) pause(ctx context.Context, d time.Duration, what string) error {
	end := time.Now().Add(d)
	err := w.until(ctx, d+time.Minute, what, func() (int, int) {
		left := max(0, time.Until(end))
		return int((d - left).Seconds()), int(d.Seconds())
	})
	if err != nil {
		return err
	}
	return ctx.Err()
}

// untilMailed waits until so many mails were sent.
func (w *world) untilMailed(ctx context.Context, within time.Duration, mails int) error {
	return w.until(ctx, within, "all are mailed", func() (int, int) { return len(w.auth0.Outbox().Mails()), mails })
}

// calls are those to the Management API since the count began.
type calls []standin.CallCount

// countCalls begins to count the calls anew.
func (w *world) countCalls() { w.auth0.ResetCounts() }

func (w *world) calls() calls {
	var out calls
	for _, call := range w.auth0.Counts() {
		if strings.HasPrefix(call.Route, "/api/v2/") {
			out = append(out, call)
		}
	}
	w.details("calls", out.byRoute())
	return out
}

func (c calls) all() (n int) {
	for _, call := range c {
		n += call.Count
	}
	return n
}

// writing counts those that change something, or mean to.
func (c calls) writing() (n int) {
	for _, call := range c {
		if call.Method != http.MethodGet {
			n += call.Count
		}
	}
	return n
}

// refusedPercent is the share of calls that were answered 429.
func (c calls) refusedPercent() float64 {
	refused := 0
	for _, call := range c {
		refused += call.RateLimited
	}
	return 100 * float64(refused) / float64(max(1, c.all()))
}

// byRoute are the counts by method, route and status.
func (c calls) byRoute() map[string]int {
	counts := map[string]int{}
	for _, call := range c {
		counts[fmt.Sprintf("%s %s %d", call.Method, strings.TrimPrefix(call.Route, "/api/v2/"), call.Status)] += call.Count
	}
	return counts
}
