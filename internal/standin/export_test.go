package standin

import (
	"crypto/rand"
	"crypto/rsa"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	. "github.com/onsi/gomega"

	"github.com/seatwarden/seatwarden/internal/standin/state"
)

// exported is an export that must succeed.
func (w *world) exported() string {
	w.t.Helper()
	raw, err := w.s.Export()
	w.Expect(err).NotTo(HaveOccurred())
	return string(raw)
}

func TestRestoreBringsBackWhatWasExported(t *testing.T) {
	w := newWorld(t)
	w.change(func(tenant *state.Tenant) { tenant.Clients.Get(portal).RefreshTokenRotation = true })
	w.invite("jane@acme.com", "")
	_, session := w.joined()
	w.s.Forward(time.Hour)
	before, held, mails := w.exported(), w.s.Snapshot(), w.s.Outbox().Mails()
	w.Expect(session.Refresh(t.Context())).NotTo(BeNil())
	_, err := session.Refresh(t.Context())
	w.Expect(err).To(HaveOccurred(), "a rotated refresh token is good for once")
	offset := w.s.Clock().Offset()

	a := newCaller(t, w.s)
	w.Expect(a.post("/organizations", `{"name":"gamma","branding":{}}`)).To(Equal(http.StatusCreated))
	w.change(func(tenant *state.Tenant) {
		tenant.DeleteUser(oktaID, w.s.world.Clock.Now())
		tenant.Clients.Remove(portal)
		tenant.Bindings["post-login"] = nil
	})
	w.configure(func(settings *state.Settings) {
		settings.Profile, settings.MembersLag = state.ProfileFree, state.Duration(time.Minute)
	})
	w.s.Forward(48 * time.Hour)
	w.s.Outbox().Send(state.Mail{To: "late@acme.com"})
	w.s.Secrets().Add(state.SecretPassword, "made since")
	w.Expect(w.s.Restore([]byte(before))).To(Succeed())
	w.Expect(w.s.Snapshot()).To(Equal(held))
	w.Expect(w.s.Outbox().Mails()).To(Equal(mails))
	w.Expect(w.s.Settings()).To(Equal(state.DefaultSettings()))
	w.Expect(w.s.Clock().Offset()).To(Equal(offset))
	w.Expect(w.s.Secrets().FoundIn("made since")).To(HaveLen(1), "what existed has existed")
	w.Expect(session.Refresh(t.Context())).NotTo(BeNil(), "the refresh token works as before")
	w.Expect(w.signIn(w.browser(), okta)).NotTo(BeNil(), "and so does a sign-in, with the Actions")
}

func TestRestoreIsExact(t *testing.T) {
	w := newWorld(t)
	w.joined()
	before := w.exported()
	w.Expect(w.s.Restore([]byte(before))).To(Succeed())
	w.Expect(w.exported()).To(Equal(before))
	w.change(func(tenant *state.Tenant) {
		tenant.Organizations.Put("org_new", &state.Organization{ID: "org_new", Tenant: tenant})
	})
	w.Expect(w.s.Restore([]byte(w.exported()))).To(Succeed())
	w.change(func(tenant *state.Tenant) {
		w.Expect(tenant.Organizations.Get("org_new").Tenant).To(BeIdenticalTo(tenant), "events go to the tenant of now")
	})
}

func TestRestoreReplaysUsedInvitationsAndTokens(t *testing.T) {
	w := newWorld(t)
	link := w.invite("it@acme.com", "")
	before := w.exported()
	_, err := w.browser().OpenLink(t.Context(), link, okta)
	w.Expect(err).NotTo(HaveOccurred())
	_, err = w.browser().OpenLink(t.Context(), link, okta)
	w.Expect(err).To(HaveOccurred(), "an invitation is good for once")

	w.Expect(w.s.Restore([]byte(before))).To(Succeed())
	_, err = w.browser().OpenLink(t.Context(), link, okta)
	w.Expect(err).NotTo(HaveOccurred(), "and for once again after it was brought back")
}

func TestRestoreKeepsLimitsInStep(t *testing.T) {
	w := newWorld(t)
	w.configure(func(settings *state.Settings) { settings.Profile = state.ProfileFree })
	a := newCaller(t, w.s)
	before := w.exported()
	w.s.Forward(24 * time.Hour)
	w.Expect(a.post("/organizations", `{"name":"gamma"}`)).To(Equal(http.StatusUnauthorized), "the token has expired")
	w.Expect(w.s.Restore([]byte(before))).To(Succeed())
	w.Expect(a.post("/organizations", `{"name":"gamma"}`)).To(Equal(http.StatusCreated), "a bucket of tomorrow would be empty today")
}

func TestRestoreRefusesAndChangesNothing(t *testing.T) {
	w := newWorld(t)
	good := w.exported()
	for name, exported := range map[string]string{
		"nothing":         ``,
		"no export":       `{}`,
		"another tenant":  strings.ReplaceAll(good, w.s.Domain(), "elsewhere:1"),
		"another version": strings.ReplaceAll(good, `"DeletedConnections"`, `"FormerConnections"`),
		"no such setting": strings.ReplaceAll(good, `"Profile":"unlimited"`, `"Profile":"gold"`),
		"no signing key":  strings.ReplaceAll(good, `"jwk":"{`, `"jwk":"[`),
		"a public key":    strings.ReplaceAll(good, `\"d\":`, `\"e0\":`),
		"cut off":         good[:len(good)/2],
	} {
		w.Expect(w.s.Restore([]byte(exported))).NotTo(Succeed(), name)
		w.Expect(w.exported()).To(Equal(good), name)
	}
}

func TestRestoreIntoAnotherStandIn(t *testing.T) {
	g := NewWithT(t)
	first, second := New(t), New(t)
	client, err := first.AddManagementClient()
	g.Expect(err).NotTo(HaveOccurred())
	exported, err := first.Export()
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(second.Restore(exported)).To(MatchError(ContainSubstring("this stand-in plays")))

	// As if it were another process on the same address: with a key of its own.
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	g.Expect(err).NotTo(HaveOccurred())
	second.world.Keys.Replace(jose.JSONWebKey{Key: private, KeyID: "another"}, "")
	moved := strings.ReplaceAll(string(exported), first.Domain(), second.Domain())
	g.Expect(second.Restore([]byte(moved))).To(Succeed())
	now := time.Now()
	token, err := first.world.Keys.Sign(map[string]any{"iss": "i", "aud": "a", "exp": now.Add(time.Hour).Unix()})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(second.world.Keys.Verify(token, "i", "a", now)).NotTo(BeNil(), "tokens of then verify")
	g.Expect(second.Snapshot().Clients).To(ContainElement(HaveField("ClientID", client.ClientID)))
	g.Expect(second.Secrets().FoundIn(client.Secret)).To(HaveLen(1))
}

func TestRestoreTakesRunningStreamsBack(t *testing.T) {
	w := newWorld(t)
	before := w.exported()
	w.change(func(tenant *state.Tenant) { tenant.Emit(state.EventUserUpdated, nil, w.s.world.Clock.Now()) })
	world, main := w.s.world, w.s.world.Main
	position, events, wake := world.EventsAfter(main, 0)
	w.Expect(events).To(HaveLen(1))
	w.Expect(w.s.Restore([]byte(before))).To(Succeed())
	w.Expect(wake).To(BeClosed(), "a stream is told")
	position, events, _ = world.EventsAfter(main, position+1)
	w.Expect(events).To(BeEmpty())
	w.change(func(tenant *state.Tenant) { tenant.Emit(state.EventUserDeleted, nil, w.s.world.Clock.Now()) })
	_, events, _ = world.EventsAfter(main, position)
	w.Expect(events).To(HaveLen(1), "and misses nothing of what comes")
}

func TestRestoreWhileCallsComeIn(t *testing.T) {
	w := newWorld(t)
	a := newCaller(t, w.s)
	var calls sync.WaitGroup
	for range 4 {
		calls.Go(func() {
			for i := range 10 {
				_, err := a.send(t.Context(), http.MethodPost, "/organizations", `{"name":"org-`+strconv.Itoa(i)+`"}`)
				w.Expect(err).NotTo(HaveOccurred())
			}
		})
	}
	for range 10 {
		w.Expect(w.s.Restore([]byte(w.exported()))).To(Succeed())
	}
	calls.Wait()
}
