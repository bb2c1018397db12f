package standin

import (
	"github.com/seatwarden/seatwarden/internal/standin/dashboard"
	"github.com/seatwarden/seatwarden/internal/standin/state"
)

// TB is the part of testing.TB that New needs.
type TB interface {
	Helper()
	Cleanup(func())
	Fatalf(format string, args ...any)
	Errorf(format string, args ...any)
}

// New starts a stand-in for a test and closes it when the test ends. The
// functions change the options.
func New(t TB, change ...func(*Options)) *Server {
	t.Helper()
	var o Options
	for _, f := range change {
		f(&o)
	}
	s, err := Start(o)
	if err != nil {
		t.Fatalf("start the Auth0 stand-in: %v", err)
		return nil
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close the Auth0 stand-in: %v", err)
		}
	})
	return s
}

// WithTLS makes New serve https.
func WithTLS(o *Options) { o.TLS = true }

// WithSettings makes New start with changed settings.
func WithSettings(change func(*state.Settings)) func(*Options) {
	return func(o *Options) {
		settings := state.DefaultSettings()
		if o.Settings != nil {
			settings = *o.Settings
		}
		change(&settings)
		o.Settings = &settings
	}
}

// WithSeed makes New start with content.
func WithSeed(seed dashboard.Seed) func(*Options) { return func(o *Options) { o.Seed = &seed } }
