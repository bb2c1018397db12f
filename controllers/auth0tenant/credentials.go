package auth0tenant

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/controllers/internal/pass"
	"github.com/seatwarden/seatwarden/internal/auth0"
)

// connections keeps a client per tenant for as long as its credentials stay.
type connections struct {
	mu     sync.Mutex
	byName map[string]connection
	// budgets are by domain: what Auth0 still takes does not depend on credentials.
	budgets map[string]*auth0.Budget
	// lacking are the tenants whose token lacks scopes, by name.
	lacking map[string]lack
}

// lack is since when a token lacks scopes, and when a new one was asked for last.
type lack struct{ since, asked time.Time }

// longestLack is how long a token that lacks scopes is kept at most: a person is at it,
// and Auth0 counts the tokens of a machine.
const longestLack = 10 * time.Minute

// asksAgain tells whether a tenant's token is to be replaced because it lacks scopes:
// at first often, then less and less.
func (c *connections) asksAgain(name string, lacks bool, now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	is, known := c.lacking[name]
	switch {
	case !lacks:
		delete(c.lacking, name)
		return false
	case !known:
		is.since = now
	case now.Sub(is.asked) < min(is.asked.Sub(is.since), longestLack):
		return false
	}
	is.asked = now
	if c.lacking == nil {
		c.lacking = map[string]lack{}
	}
	c.lacking[name] = is
	return true
}

// budget of a domain, made when first asked for.
func (c *connections) budget(domain string) *auth0.Budget {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.budgets == nil {
		c.budgets = map[string]*auth0.Budget{}
	}
	if c.budgets[domain] == nil {
		c.budgets[domain] = auth0.NewBudget()
	}
	return c.budgets[domain]
}

type connection struct {
	credentials [sha256.Size]byte
	api         auth0.API
	// application was read, and found in order, at an instant.
	application   string
	applicationAt time.Time
}

// inOrder: the application of a tenant was read lately, and was in order.
func (c *connections) inOrder(name, application string, since time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	known := c.byName[name]
	return known.application == application && known.applicationAt.After(since)
}

// noteInOrder notes that a tenant's application was read and is in order.
func (c *connections) noteInOrder(name, application string, at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if known, ok := c.byName[name]; ok {
		known.application, known.applicationAt = application, at
		c.byName[name] = known
	}
}

func (c *connections) get(name string, credentials [sha256.Size]byte) (auth0.API, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	known, ok := c.byName[name]
	return known.api, ok && known.credentials == credentials
}

func (c *connections) put(name string, credentials [sha256.Size]byte, api auth0.API) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.byName == nil {
		c.byName = map[string]connection{}
	}
	c.byName[name] = connection{credentials: credentials, api: api}
}

// last is the client for the credentials that were last there.
func (c *connections) last(name string) (auth0.API, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	known, ok := c.byName[name]
	return known.api, ok
}

func (c *connections) drop(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.byName, name)
}

// connect returns the client for the tenant's present credentials.
func (r *Reconciler) connect(ctx context.Context, tenant *v1alpha1.Auth0Tenant) (auth0.API, error) {
	value, err := r.secretValue(ctx, tenant.Spec.Credentials)
	if err != nil {
		// Deleted together with its Secret, it ends with the credentials it had.
		if api, ok := r.connections.last(tenant.Name); ok && !tenant.DeletionTimestamp.IsZero() && pass.ProblemOf(err).Reason == v1alpha1.ReasonSecretNotFound {
			return api, nil
		}
		return nil, err
	}
	budget := r.connections.budget(tenant.Spec.Domain)
	budget.Declare(declaredLimits(tenant.Spec))
	// What is pasted, or kept in a file, comes with blanks and newlines about it; no
	// credential of Auth0's has any.
	opts := auth0.Options{Domain: tenant.Spec.Domain, ClientID: strings.TrimSpace(tenant.Spec.Credentials.ClientID), Budget: budget}
	if tenant.Spec.Credentials.Method == v1alpha1.PrivateKeyJWT {
		opts.PrivateKeyPEM = value
	} else {
		opts.ClientSecret = string(value)
	}
	credentials := sha256.Sum256(fmt.Appendf(nil, "%s\x00%s\x00%s\x00%s", tenant.Spec.Domain, opts.ClientID, tenant.Spec.Credentials.Method, value))
	if api, ok := r.connections.get(tenant.Name, credentials); ok {
		return api, nil
	}
	name := tenant.Name
	api, err := r.Connect(opts, func() { go r.wake(context.Background(), name) })
	if err != nil {
		return nil, pass.Person(v1alpha1.ReasonPrivateKeyInvalid, fmt.Sprintf("credentials of Secret %s cannot be used: %v", tenant.Spec.Credentials.SecretRef.Name, err))
	}
	r.connections.put(tenant.Name, credentials, api)
	return api, nil
}

func (r *Reconciler) secretValue(ctx context.Context, credentials v1alpha1.Credentials) ([]byte, error) {
	ref := credentials.SecretRef
	key := ref.Key
	if key == "" {
		key = "clientSecret"
		if credentials.Method == v1alpha1.PrivateKeyJWT {
			key = "privateKey"
		}
	}
	secret := &corev1.Secret{}
	err := r.Live.Get(ctx, client.ObjectKey{Namespace: r.Namespace, Name: ref.Name}, secret)
	switch {
	case apierrors.IsNotFound(err):
		return nil, pass.Missing(v1alpha1.ReasonSecretNotFound, fmt.Sprintf("there is no Secret %s in namespace %s: create it with key %s", ref.Name, r.Namespace, key))
	case err != nil:
		return nil, fmt.Errorf("read Secret: %w", err)
	case len(bytes.TrimSpace(secret.Data[key])) == 0:
		return nil, pass.Person(v1alpha1.ReasonSecretKeyMissing, fmt.Sprintf("Secret %s in namespace %s has no key %s, or it is empty", ref.Name, r.Namespace, key))
	}
	return bytes.TrimSpace(secret.Data[key]), nil
}
