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
	"sync"
	"time"
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
	Settings *Settings
	// Seed is what the first tenant holds at the start. May be nil.
	Seed *Seed
	// Sleep waits out what Settings.Latency asks for, or until the context ends.
	// Default: in real time.
	Sleep func(context.Context, time.Duration)
}

// Server is a running stand-in. Its methods are safe for concurrent use.
type Server struct {
	clock   *Clock
	outbox  *Outbox
	secrets *SecretRegister
	keys    *Keys
	audit   *auditLog
	counts  *callCounts
	faults  *faultList
	limits  *limiter

	latencies *latencies

	// mu guards settings and everything in the tenants.
	mu       sync.Mutex
	settings Settings
	// tenants are by domain; main answers for every Host that is not one of them.
	tenants map[string]*Tenant
	main    *Tenant

	router  *router
	signIn  *signIn
	scheme  string
	caPEM   []byte
	http    *http.Server
	control *http.Server
	ctlURL  string
}

// Start starts a stand-in. Call Close when done.
func Start(o Options) (*Server, error) {
	settings := DefaultSettings()
	if o.Settings != nil {
		settings = *o.Settings
	}
	if err := settings.Validate(); err != nil {
		return nil, err
	}
	keys, err := newKeys()
	if err != nil {
		return nil, err
	}
	clock := &Clock{}
	s := &Server{
		clock: clock, outbox: &Outbox{}, secrets: newSecretRegister(clock), keys: keys,
		audit: &auditLog{}, counts: newCallCounts(), faults: newFaultList(), limits: newLimiter(),
		latencies: newLatencies(o.Sleep),
		settings:  settings, tenants: map[string]*Tenant{}, scheme: "http",
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
	if err := s.serve(o, listener, controlListener); err != nil {
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

// serve sets the tenant up and starts both listeners.
func (s *Server) serve(o Options, listener, controlListener net.Listener) error {
	domain := domainOf(o.Listen, listener.Addr())
	s.main = newTenant(domain)
	s.tenants[domain] = s.main
	s.http = &http.Server{ReadHeaderTimeout: 30 * time.Second}
	if o.TLS {
		config, caPEM, err := newServerTLS(domain)
		if err != nil {
			return err
		}
		s.scheme, s.caPEM = "https", caPEM
		listener = tls.NewListener(listener, config)
		s.http.TLSConfig = config
	}
	if o.Seed != nil {
		if err := s.seedAtStart(o.Seed); err != nil {
			return err
		}
	}
	s.mu.Lock()
	s.keepVersions()
	s.mu.Unlock()
	s.signIn = newSignIn(s)
	s.router = s.routes()
	s.http.Handler = s
	s.control = &http.Server{Handler: s.controlHandler(), ReadHeaderTimeout: 30 * time.Second}
	s.ctlURL = "http://" + controlListener.Addr().String()
	go serveUntilClosed(s.http, listener)
	go serveUntilClosed(s.control, controlListener)
	return nil
}

// serveUntilClosed ends with Close; nobody could act on another error, and
// the next request shows it.
func serveUntilClosed(server *http.Server, listener net.Listener) {
	_ = server.Serve(listener)
}

// Close ends both listeners, open connections and held calls included.
func (s *Server) Close() error {
	s.faults.releaseAll()
	return errors.Join(s.http.Close(), s.control.Close())
}

// Wait blocks until ctx ends and then closes the stand-in, giving calls in
// flight a moment to finish.
func (s *Server) Wait(ctx context.Context) error {
	<-ctx.Done()
	s.faults.releaseAll()
	short, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	if err := s.http.Shutdown(short); err != nil {
		return s.Close()
	}
	return s.control.Close()
}

// URL returns the address that plays Auth0, without a slash at its end.
func (s *Server) URL() string { return s.scheme + "://" + s.main.Domain }

// Domain returns host:port of URL: what a client takes for the tenant's domain.
func (s *Server) Domain() string { return s.main.Domain }

// CAPEM returns the authority's certificate in PEM, or nil without TLS.
func (s *Server) CAPEM() []byte { return s.caPEM }

// ControlURL returns the address of the control API, without a slash at its end.
func (s *Server) ControlURL() string { return s.ctlURL }

// Clock returns the stand-in's clock.
func (s *Server) Clock() *Clock { return s.clock }

// Outbox returns the mails that were sent.
func (s *Server) Outbox() *Outbox { return s.outbox }

// Secrets returns the register of every secret that existed.
func (s *Server) Secrets() *SecretRegister { return s.secrets }

// Settings returns the settings in force.
func (s *Server) Settings() Settings {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.settings
}

// Configure changes settings while the stand-in runs. The outcome must be valid.
func (s *Server) Configure(change func(*Settings)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	changed := s.settings
	change(&changed)
	if err := changed.Validate(); err != nil {
		return err
	}
	s.settings = changed
	s.keepVersions()
	return nil
}

// keepVersions makes the tenants keep what the lagging reads still show. It
// needs Server.mu.
func (s *Server) keepVersions() {
	for _, t := range s.tenants {
		t.kept = time.Duration(max(s.settings.SearchLag, s.settings.MembersLag)) + versionsKept
	}
}

// tenantOf returns the tenant that a request is for. It needs no lock:
// the map of tenants does not change after the start.
func (s *Server) tenantOf(r *http.Request) *Tenant {
	if t := s.tenants[strings.ToLower(r.Host)]; t != nil {
		return t
	}
	return s.main
}

// issuer returns the tenant's URL with a slash at its end: the iss of its tokens.
func (s *Server) issuer(t *Tenant) string { return s.scheme + "://" + t.Domain + "/" }
