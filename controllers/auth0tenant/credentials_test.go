package auth0tenant

import (
	"bytes"
	"context"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/events"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/controllers/internal/pass"
	"github.com/seatwarden/seatwarden/internal/auth0"
	"github.com/seatwarden/seatwarden/internal/directory"
)

// reconcilerOf looks at one tenant, by a Secret and what Auth0 answers.
func reconcilerOf(t *testing.T, secret string, connect Connect) (look func(context.Context) (reason, message string)) {
	t.Helper()
	tenant := &v1alpha1.Auth0Tenant{ObjectMeta: metav1.ObjectMeta{Name: "default"}}
	tenant.Spec.Domain = "login.acme.com"
	tenant.Spec.Credentials = v1alpha1.Credentials{ClientID: "operator ", SecretRef: v1alpha1.SecretKeyRef{Name: "auth0"}}
	cluster := clientOf(t, tenant, &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "auth0"}, Data: map[string][]byte{"clientSecret": []byte(secret)}})
	r := &Reconciler{
		Client: cluster, Live: cluster, Directory: directory.New(), Recorder: events.NewFakeRecorder(100), Now: time.Now,
		Customers: pass.NewWaker(), Members: pass.NewWaker(), Connect: connect,
	}
	return func(ctx context.Context) (reason, message string) {
		_, err := r.Reconcile(ctx, ctrl.Request{NamespacedName: client.ObjectKeyFromObject(tenant)})
		NewWithT(t).Expect(err).NotTo(HaveOccurred())
		NewWithT(t).Expect(cluster.Get(ctx, client.ObjectKeyFromObject(tenant), tenant)).To(Succeed())
		ready := meta.FindStatusCondition(tenant.Status.Conditions, v1alpha1.ConditionReady)
		return ready.Reason, ready.Message
	}
}

// TestCredentialsFromAFile: what kubectl create secret --from-file adds is not sent.
func TestCredentialsFromAFile(t *testing.T) {
	for name, tc := range map[string]struct{ secret, want, reason string }{
		"as it is":       {"s3cret", "s3cret", "Reconciled"},
		"with a newline": {"s3cret\n", "s3cret", "Reconciled"},
		"from Windows":   {"\ts3cret \r\n", "s3cret", "Reconciled"},
		"only a newline": {"\n", "", "SecretKeyMissing"},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			var sent auth0.Options
			look := reconcilerOf(t, tc.secret, func(opts auth0.Options, _ func()) (auth0.API, error) {
				sent = opts
				return &meanwhile{happens: func() {}}, nil
			})
			reason, _ := look(t.Context())
			g.Expect(reason).To(Equal(tc.reason))
			g.Expect(sent.ClientSecret).To(Equal(tc.want))
			if tc.want != "" {
				g.Expect(sent.ClientID).To(Equal("operator"))
			}
		})
	}
}

// refusing is an Auth0 that gives no token.
type refusing struct {
	auth0.API

	err error
}

func (r *refusing) Scopes(context.Context) ([]string, error) { return nil, r.err }

// TestTenantRefusalIsToldForWhatItIs: in the condition, and once in the log, with
// route, status and kind.
func TestTenantRefusalIsToldForWhatItIs(t *testing.T) {
	const route = "POST /oauth/token"
	for name, tc := range map[string]struct {
		err           *auth0.Error
		reason, says  string
		kindAndStatus string
	}{
		"a wrong secret": {&auth0.Error{Kind: auth0.KindUnauthorized, Route: route, Status: 401, Detail: "Unauthorized"},
			v1alpha1.ReasonCredentialsRejected, `Auth0 refuses client "operator "`, "Unauthorized (401"},
		"a custom domain": {&auth0.Error{Kind: auth0.KindForbidden, Route: route, Status: 403, Code: "access_denied", Detail: "Service not found: https://login.acme.com/api/v2/"},
			v1alpha1.ReasonDomainNotCanonical, "login.acme.com, and has no Management API of that name", "Forbidden (403"},
		"no grant": {&auth0.Error{Kind: auth0.KindForbidden, Route: route, Status: 403, Code: "access_denied", Detail: "Client is not authorized"},
			v1alpha1.ReasonScopeMissing, "Client is not authorized", "Forbidden (403"},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			look := reconcilerOf(t, "s3cret", func(auth0.Options, func()) (auth0.API, error) { return &refusing{err: tc.err}, nil })
			var logged bytes.Buffer
			ctx := log.IntoContext(t.Context(), zap.New(zap.WriteTo(&logged)))
			for range 3 {
				reason, message := look(ctx)
				g.Expect(reason).To(Equal(tc.reason))
				g.Expect(message).To(ContainSubstring(tc.says))
			}
			g.Expect(bytes.Count(logged.Bytes(), []byte("\n"))).To(Equal(1), logged.String())
			g.Expect(logged.String()).To(And(ContainSubstring(route), ContainSubstring(tc.kindAndStatus), Not(ContainSubstring("s3cret"))))
		})
	}
}

// TestScopesThatAreMissingAreAskedForLessAndLess: each new token counts.
func TestScopesThatAreMissingAreAskedForLessAndLess(t *testing.T) {
	g := NewWithT(t)
	c, now, asked := &connections{}, time.Now(), []time.Duration{}
	for minute := range 24 * 60 {
		if c.asksAgain("default", true, now.Add(time.Duration(minute)*time.Minute)) {
			asked = append(asked, time.Duration(minute)*time.Minute)
		}
	}
	g.Expect(asked[:5]).To(Equal([]time.Duration{0, time.Minute, 2 * time.Minute, 4 * time.Minute, 8 * time.Minute}))
	g.Expect(len(asked)).To(BeNumerically("~", 145, 5))
	g.Expect(c.asksAgain("other", true, now)).To(BeTrue())
	g.Expect(c.asksAgain("default", false, now)).To(BeFalse())
	g.Expect(c.asksAgain("default", true, now)).To(BeTrue(), "they were granted, and taken away")
}
