package standin

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/seatwarden/seatwarden/internal/standin/control"
	"github.com/seatwarden/seatwarden/internal/standin/dashboard"
	"github.com/seatwarden/seatwarden/internal/standin/management"
	"github.com/seatwarden/seatwarden/internal/standin/signin"
	"github.com/seatwarden/seatwarden/internal/standin/state"
	"github.com/seatwarden/seatwarden/internal/standin/traffic"
)

// Options say how to start a stand-in. The zero value listens on a free port
// of 127.0.0.1 over plain http, with no limits and no lag.
type Options struct {
	// Listen is the HOST:PORT that plays Auth0. Default 127.0.0.1:0. The host is
	// also the tenant's domain; for all addresses that is 127.0.0.1.
	Listen string
	// Control is the HOST:PORT of the control API. Default 127.0.0.1:0.
	Control string
	// TLS serves the Auth0 listener over https and HTTP/2, with a certificate
	// of the stand-in's own authority (see Server.CAPEM).
	TLS bool
	// Settings default to DefaultSettings.
	Settings *state.Settings
	// Seed is what the first tenant holds at the start. May be nil.
	Seed *dashboard.Seed
	// Sleep waits out what Settings.Latency asks for, or until the context ends.
	// Default: in real time.
	Sleep func(context.Context, time.Duration)
}

// Server is a running stand-in. Its methods, those of its Dashboard and of its
// Gate among them, are safe for concurrent use.
type Server struct {
	*dashboard.Dashboard
	*traffic.Gate

	world      *state.World
	management *management.API
	signIn     *signin.SignIn

	caPEM   []byte
	http    *http.Server
	control *http.Server
	ctlURL  string
}

// Start starts a stand-in. Call Close when done.
func Start(o Options) (*Server, error) {
	settings := state.DefaultSettings()
	if o.Settings != nil {
		settings = *o.Settings
	}
	scheme := "http"
	if o.TLS {
		scheme = "https"
	}
	world, err := state.New(settings, scheme)
	if err != nil {
		return nil, err
	}
	listener, err := listen(o.Listen)
	if err != nil {
		return nil, fmt.Errorf("listen as Auth0: %w", err)
	}
	controlListener, err := listen(o.Control)
	if err != nil {
		_ = listener.Close()
		return nil, fmt.Errorf("listen for control: %w", err)
	}
	s, err := start(o, world, listener, controlListener)
	if err != nil {
		_ = listener.Close()
		_ = controlListener.Close()
		return nil, err
	}
	return s, nil
}

// listen opens an address, or a free port of 127.0.0.1 if none is given.
func listen(address string) (net.Listener, error) {
	return (&net.ListenConfig{}).Listen(context.Background(), "tcp", cmp.Or(address, "127.0.0.1:0"))
}

// domainOf returns the host that was asked for with the port that was opened;
// 127.0.0.1 for all addresses of the machine.
func domainOf(asked string, opened net.Addr) string {
	host, _, err := net.SplitHostPort(asked)
	if ip := net.ParseIP(host); err != nil || host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	_, port, err := net.SplitHostPort(opened.String())
	if err != nil {
		return opened.String()
	}
	return strings.ToLower(net.JoinHostPort(host, port))
}

// start sets the tenants and the rooms up and starts both listeners.
func start(o Options, world *state.World, listener, controlListener net.Listener) (*Server, error) {
	domain := domainOf(o.Listen, listener.Addr())
	world.AddTenant(domain)
	gate := traffic.New(world, o.Sleep)
	s := &Server{
		Dashboard: dashboard.New(world), Gate: gate,
		world: world, management: management.New(world, gate), signIn: signin.New(world),
		ctlURL: "http://" + controlListener.Addr().String(),
	}
	s.http = &http.Server{Handler: s, ReadHeaderTimeout: 30 * time.Second}
	if o.TLS {
		config, caPEM, err := newServerTLS(domain)
		if err != nil {
			return nil, err
		}
		s.caPEM = caPEM
		listener = tls.NewListener(listener, config)
		s.http.TLSConfig = config
	}
	if o.Seed != nil {
		if err := s.SeedAtStart(o.Seed); err != nil {
			return nil, err
		}
	}
	s.control = &http.Server{ReadHeaderTimeout: 30 * time.Second, Handler: control.Handler(control.Controlled{
		Dashboard: s.Dashboard, Gate: gate, World: world, Export: s.Export, Restore: s.Restore,
		Info: control.Info{URL: s.URL(), Domain: s.Domain(), CA: string(s.caPEM)},
	})}
	go serveUntilClosed(s.http, listener)
	go serveUntilClosed(s.control, controlListener)
	return s, nil
}

// serveUntilClosed ends with Close; nobody could act on another error, and
// the next request shows it.
func serveUntilClosed(server *http.Server, listener net.Listener) {
	_ = server.Serve(listener)
}

// Close ends both listeners, open connections and held calls included.
func (s *Server) Close() error {
	s.ReleaseAll()
	return errors.Join(s.http.Close(), s.control.Close())
}

// Wait blocks until ctx ends and then closes the stand-in, giving calls in
// flight a moment to finish.
func (s *Server) Wait(ctx context.Context) error {
	<-ctx.Done()
	s.ReleaseAll()
	short, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	if err := s.http.Shutdown(short); err != nil {
		return s.Close()
	}
	return s.control.Close()
}

// URL returns the address that plays Auth0, without a slash at its end.
func (s *Server) URL() string { return s.world.TenantURL(s.world.Main) }

// Domain returns host:port of URL: what a client takes for the tenant's domain.
func (s *Server) Domain() string { return s.world.Main.Domain }

// CAPEM returns the authority's certificate in PEM, or nil without TLS.
func (s *Server) CAPEM() []byte { return s.caPEM }

// ControlURL returns the address of the control API, without a slash at its end.
func (s *Server) ControlURL() string { return s.ctlURL }

// Clock returns the stand-in's clock.
func (s *Server) Clock() *state.Clock { return s.world.Clock }

// Outbox returns the mails that were sent.
func (s *Server) Outbox() *state.Outbox { return s.world.Outbox }

// Secrets returns the register of every secret that existed.
func (s *Server) Secrets() *state.SecretRegister { return s.world.Secrets }

// Settings returns the settings in force.
func (s *Server) Settings() state.Settings { return s.world.Settings() }

// Configure changes settings while the stand-in runs. The outcome must be valid.
func (s *Server) Configure(change func(*state.Settings)) error { return s.world.Configure(change) }

// Snapshot returns a copy of what the first tenant holds now.
func (s *Server) Snapshot() state.Snapshot { return s.world.Snapshot() }
