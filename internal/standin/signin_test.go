package standin

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/seatwarden/seatwarden/internal/standin/person"
	"github.com/seatwarden/seatwarden/internal/standin/state"
)

func TestAccessInvitationByEachKindOfConnection(t *testing.T) {
	for name, row := range map[string]struct {
		invited, pinned string
		as              person.As
		userID          string
	}{
		"okta":            {"it@acme.com", "", okta, oktaID},
		"okta pinned":     {"it@acme.com", "con_okta", okta, oktaID},
		"okta by subject": {"jane@acme.com", "", person.As{Connection: "acme-okta", Subject: "00u-jane"}, "okta|acme-okta|00u-jane"},
		"google":          {"it@acme.com", "", person.As{Connection: "acme-google", Email: "it@acme.com"}, "google-apps|it@acme.com"},
		"azure":           {"it@acme.com", "con_waad", person.As{Connection: "acme-azure", Email: "IT@acme.com"}, "waad|acme-azure|it@acme.com"},
		"hidden, pinned":  {"it@acme.com", "con_hidden", person.As{Connection: "hidden", Email: "it@acme.com"}, "oidc|hidden|it@acme.com"},
		"database":        {"it@acme.com", "con_db", person.As{Connection: "people", Email: "it@acme.com", Password: password, Register: true}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			p := w.browser()
			link := w.invite(row.invited, row.pinned)
			session, err := p.OpenLink(t.Context(), link, row.as)
			w.Expect(err).NotTo(HaveOccurred())
			id := session.Claims["sub"].(string)
			if row.userID != "" {
				w.Expect(id).To(Equal(row.userID))
			}
			w.Expect(session.Claims).To(And(HaveKeyWithValue("org_id", w.acme.ID), HaveKeyWithValue("org_name", "acme"),
				HaveKeyWithValue("email_verified", true), HaveKeyWithValue("aud", portal)))
			w.Expect(w.isMember(id)).To(BeTrue())
			w.Expect(w.acme.MemberRoles[id]).To(Equal([]string{"rol_1"}))
			w.Expect(w.user(id).AppMetadata).To(Equal(w.grant()))
			w.Expect(w.invitations()).To(BeZero())

			_, err = w.browser().OpenLink(t.Context(), link, row.as)
			w.Expect(err).To(Satisfy(refusedWith("invalid_request", notFoundText)))

			again := row.as
			again.Register = false
			if name == "hidden, pinned" {
				return
			}
			_, err = w.signIn(w.browser(), again)
			w.Expect(err).NotTo(HaveOccurred(), "a second sign-in")
			w.Expect(w.user(id).LoginsCount).To(Equal(2))
		})
	}
}

func TestInvitationRefusals(t *testing.T) {
	t.Run("another account consumes it", func(t *testing.T) {
		w := newWorld(t)
		link := w.invite("it@acme.com", "")
		_, err := w.browser().OpenLink(t.Context(), link, person.As{Connection: "acme-okta", Email: "eve@acme.com"})
		w.Expect(err).To(Satisfy(refusedWith("access_denied", notAllowed)))
		w.Expect(w.invitations()).To(BeZero())
		w.Expect(w.isMember("okta|acme-okta|eve@acme.com")).To(BeFalse())
		w.Expect(w.user("okta|acme-okta|eve@acme.com").AppMetadata).To(BeEmpty())
		_, err = w.browser().OpenLink(t.Context(), link, okta)
		w.Expect(err).To(Satisfy(refusedWith("invalid_request", notFoundText)))
	})
	t.Run("an account without e-mail consumes it", func(t *testing.T) {
		w := newWorld(t)
		_, err := w.browser().OpenLink(t.Context(), w.invite("it@acme.com", ""), person.As{Connection: "acme-azure", Subject: "no-mail"})
		w.Expect(err).To(Satisfy(refusedWith("access_denied", notAllowed)))
	})
	t.Run("the browser's session of somebody else consumes it", func(t *testing.T) {
		w := newWorld(t)
		p, _ := w.joined()
		_, err := p.OpenLink(t.Context(), w.invite("jane@acme.com", ""), person.As{Connection: "acme-okta", Subject: "00u-jane"})
		w.Expect(err).To(Satisfy(refusedWith("access_denied", notAllowed)))
		w.Expect(w.invitations()).To(BeZero())
	})
	t.Run("expired", func(t *testing.T) {
		w := newWorld(t)
		link := w.invite("it@acme.com", "")
		w.s.world.Clock.Forward(24 * time.Hour)
		_, err := w.browser().OpenLink(t.Context(), link, okta)
		w.Expect(err).To(Satisfy(refusedWith("invalid_request", notFoundText)))
		w.Expect(w.user(oktaID)).To(BeNil())
	})
	t.Run("the case of the e-mail, exact", func(t *testing.T) {
		w := newWorld(t)
		w.configure(func(s *state.Settings) { s.InvitationEmailCase = state.CaseExact })
		_, err := w.browser().OpenLink(t.Context(), w.invite("jane@acme.com", ""), person.As{Connection: "acme-okta", Subject: "00u-jane"})
		w.Expect(err).To(Satisfy(refusedWith("access_denied", notAllowed)))
	})
	t.Run("registration is closed", func(t *testing.T) {
		w := newWorld(t)
		w.change(func(tenant *state.Tenant) {
			tenant.Connections.Get("con_db").Options = map[string]any{"disable_signup": true}
		})
		_, err := w.browser().OpenLink(t.Context(), w.invite("it@acme.com", "con_db"),
			person.As{Connection: "people", Email: "it@acme.com", Password: password, Register: true})
		w.Expect(err).To(MatchError(ContainSubstring(`no button "register"`)))
	})
}

func TestInvitationMetadata(t *testing.T) {
	existing := func(w *world) {
		w.change(func(tenant *state.Tenant) {
			tenant.SaveUser(&state.User{UserID: oktaID, AppMetadata: map[string]any{"kept": true},
				Identities: []state.Identity{{UserID: "acme-okta|it@acme.com", Connection: "acme-okta", Provider: "okta"}}}, w.s.world.Clock.Now())
		})
	}
	for name, row := range map[string]struct {
		before   func(*world)
		settings func(*state.Settings)
		passes   bool
		keeps    bool
	}{
		"new, applied":       {nil, func(*state.Settings) {}, true, false},
		"new, ignored":       {nil, func(s *state.Settings) { s.InvitationMetadata.New = state.MetadataIgnored }, false, false},
		"existing, merged":   {existing, func(*state.Settings) {}, true, true},
		"existing, replaced": {existing, func(s *state.Settings) { s.InvitationMetadata.Existing = state.MetadataReplaced }, true, false},
		"existing, ignored":  {existing, func(s *state.Settings) { s.InvitationMetadata.Existing = state.MetadataIgnored }, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			if row.before != nil {
				row.before(w)
			}
			w.configure(row.settings)
			_, err := w.browser().OpenLink(t.Context(), w.invite("it@acme.com", ""), okta)
			if row.passes {
				w.Expect(err).NotTo(HaveOccurred())
			} else {
				w.Expect(err).To(Satisfy(refusedWith("access_denied", textNoSeat)))
			}
			w.Expect(w.isMember(oktaID)).To(BeTrue(), "membership comes before the Actions")
			_, kept := w.user(oktaID).AppMetadata["kept"]
			w.Expect(kept).To(Equal(row.keeps))
		})
	}
	t.Run("seen at the next sign-in only", func(t *testing.T) {
		w := newWorld(t)
		w.configure(func(s *state.Settings) { s.InvitationMetadata.Visible = state.VisibleNextSignIn })
		p := w.browser()
		_, err := p.OpenLink(t.Context(), w.invite("it@acme.com", ""), okta)
		w.Expect(err).To(Satisfy(refusedWith("access_denied", textNoSeat)))
		_, err = w.signIn(p, okta)
		w.Expect(err).NotTo(HaveOccurred())
	})
}

func TestSeatsRefusalsOfTheGuard(t *testing.T) {
	for name, row := range map[string]struct {
		change func(*world)
		want   string
	}{
		"grant taken": {func(w *world) { w.user(oktaID); w.s.world.Main.Users.Get(oktaID).AppMetadata = nil }, textNoSeat},
		"suspended": {func(w *world) { w.acme.Metadata["seatwarden_access"] = "suspended,," },
			"Access of your organization is suspended."},
		"ended": {func(w *world) { w.acme.Metadata["seatwarden_access"] = "open,,2020-01-01T00:00:00Z" },
			"Your organization's contract has ended."},
		"key rotated": {func(w *world) { w.acme.Metadata["seatwarden_key"] = "k2" }, textNoSeat},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			p, session := w.joined()
			row.change(w)
			_, err := w.signIn(w.browser(), okta)
			w.Expect(err).To(Satisfy(refusedWith("access_denied", row.want)), "a new sign-in")
			_, err = p.UseSession(t.Context(), w.s.URL(), portal, w.acme.ID)
			w.Expect(err).To(Satisfy(refusedWith("access_denied", row.want)), "the session")
			_, err = session.Refresh(t.Context())
			w.Expect(err).To(Satisfy(refusedWith("access_denied", row.want)), "the refresh token")
		})
	}
}

func TestSeatsMembershipOnLogin(t *testing.T) {
	w := newWorld(t)
	w.change(func(*state.Tenant) { w.acme.Connections[0].AssignMembershipOnLogin = true })
	_, err := w.signIn(w.browser(), okta)
	w.Expect(err).To(Satisfy(refusedWith("access_denied", textNoSeat)))
	w.Expect(w.isMember(oktaID)).To(BeTrue(), "refused by the guard, and a member all the same")
}

func TestRemovalWithoutMembership(t *testing.T) {
	w := newWorld(t)
	p, _ := w.joined()
	w.change(func(*state.Tenant) { w.acme.RemoveMember(oktaID, w.s.world.Clock.Now()) })
	want := refusedWith("access_denied", "user "+oktaID+" is not part of the "+w.acme.ID+" organization")
	_, err := p.UseSession(t.Context(), w.s.URL(), portal, w.acme.ID)
	w.Expect(err).To(Satisfy(want))
	_, err = w.signIn(w.browser(), okta)
	w.Expect(err).To(Satisfy(want))
}

func TestRemovalDeletedUserComesBackByTheIdentityProvider(t *testing.T) {
	w := newWorld(t)
	p, session := w.joined()
	w.change(func(tenant *state.Tenant) { tenant.DeleteUser(oktaID, w.s.world.Clock.Now()) })
	_, err := p.UseSession(t.Context(), w.s.URL(), portal, w.acme.ID)
	w.Expect(err).To(Satisfy(refusedWith("login_required", "Login required")))
	_, err = session.Refresh(t.Context())
	w.Expect(err).To(Satisfy(refusedWith("invalid_grant", "Unknown or invalid refresh token.")))
	_, err = w.signIn(w.browser(), okta)
	w.Expect(err).To(Satisfy(refusedWith("access_denied", "user "+oktaID+" is not part of the "+w.acme.ID+" organization")))
	w.Expect(w.user(oktaID).AppMetadata).To(BeEmpty())
	w.Expect(w.user(oktaID).CreatedAt).NotTo(BeZero())
}

func TestRemovalBlocked(t *testing.T) {
	w := newWorld(t)
	p, session := w.joined()
	w.change(func(tenant *state.Tenant) { tenant.Users.Get(oktaID).Blocked = true })
	blocked := refusedWith("unauthorized", "user is blocked")
	_, err := p.UseSession(t.Context(), w.s.URL(), portal, w.acme.ID)
	w.Expect(err).To(Satisfy(blocked))
	_, err = w.signIn(w.browser(), okta)
	w.Expect(err).To(Satisfy(blocked))
	_, err = session.Refresh(t.Context())
	w.Expect(err).To(Satisfy(blocked))
}

func TestRefresh(t *testing.T) {
	t.Run("keeps the token", func(t *testing.T) {
		w := newWorld(t)
		_, session := w.joined()
		again, err := session.Refresh(t.Context())
		w.Expect(err).NotTo(HaveOccurred())
		w.Expect(again.RefreshToken).To(Equal(session.RefreshToken))
		w.Expect(again.Claims).To(HaveKeyWithValue("org_id", w.acme.ID))
	})
	t.Run("rotates it", func(t *testing.T) {
		w := newWorld(t)
		w.change(func(tenant *state.Tenant) { tenant.Clients.Get(portal).RefreshTokenRotation = true })
		_, session := w.joined()
		again, err := session.Refresh(t.Context())
		w.Expect(err).NotTo(HaveOccurred())
		w.Expect(again.RefreshToken).NotTo(Equal(session.RefreshToken))
		again, err = again.Refresh(t.Context())
		w.Expect(err).NotTo(HaveOccurred())
		unknown := refusedWith("invalid_grant", "Unknown or invalid refresh token.")
		_, err = session.Refresh(t.Context())
		w.Expect(err).To(Satisfy(unknown))
		_, err = again.Refresh(t.Context())
		w.Expect(err).To(Satisfy(unknown), "who shows a used token ends the whole family")
		w.Expect(w.s.Snapshot().Logs).To(ContainElement(HaveField("Type", state.LogRefreshReused)))
	})
	t.Run("without the organization, the note decides", func(t *testing.T) {
		w := newWorld(t)
		w.configure(func(s *state.Settings) { s.OrganizationOnRefresh = state.Absent })
		_, session := w.joined()
		_, err := session.Refresh(t.Context())
		w.Expect(err).NotTo(HaveOccurred())
		w.change(func(tenant *state.Tenant) { tenant.Users.Get(oktaID).AppMetadata = nil })
		_, err = session.Refresh(t.Context())
		w.Expect(err).To(Satisfy(refusedWith("access_denied", textNoSeat)))
	})
	t.Run("without the organization and a note, it passes and is reported", func(t *testing.T) {
		w := newWorld(t)
		w.configure(func(s *state.Settings) { s.OrganizationOnRefresh, s.Profile = state.Absent, state.ProfileProfessional })
		_, session := w.joined()
		w.change(func(tenant *state.Tenant) { tenant.Users.Get(oktaID).AppMetadata = nil })
		_, err := session.Refresh(t.Context())
		w.Expect(err).NotTo(HaveOccurred())
		w.Expect(w.s.world.Main.Logs).To(ContainElement(HaveField("Details",
			HaveKeyWithValue("console", ContainElement("seatwarden: seatwarden: passed a refresh without organization and note")))))
	})
}

func TestSession(t *testing.T) {
	w := newWorld(t)
	p, _ := w.joined()
	_, err := p.UseSession(t.Context(), w.s.URL(), portal, w.acme.ID)
	w.Expect(err).NotTo(HaveOccurred())
	_, err = w.browser().UseSession(t.Context(), w.s.URL(), portal, w.acme.ID)
	w.Expect(err).To(Satisfy(refusedWith("login_required", "Login required")), "another browser")
	w.s.world.Clock.Forward(4 * 24 * time.Hour)
	_, err = p.UseSession(t.Context(), w.s.URL(), portal, w.acme.ID)
	w.Expect(err).To(Satisfy(refusedWith("login_required", "Login required")), "after its time")
}

func TestOrganizationPrompts(t *testing.T) {
	const none = "client requires organization membership, but user does not belong to any organization"
	w := newWorld(t)
	behave := func(usage, behavior string) {
		w.change(func(tenant *state.Tenant) {
			c := tenant.Clients.Get(portal)
			c.OrganizationUsage, c.OrganizationRequireBehavior = usage, behavior
			tenant.Connections.Get("con_okta").EnabledClients = []string{portal}
		})
	}
	in := func(organizationID, name string) (*person.Session, error) {
		as := okta
		as.Organization = name
		return w.browser().SignIn(t.Context(), w.s.URL(), portal, organizationID, as)
	}
	_, err := in("", "")
	w.Expect(err).To(Satisfy(refusedWith("invalid_request", "parameter organization is required for this client")))
	_, err = in("acme", "")
	w.Expect(err).To(Satisfy(refusedWith("invalid_request", "authorization request parameter organization must be an organization id")))

	behave("deny", "")
	_, err = in(w.acme.ID, "")
	w.Expect(err).To(Satisfy(refusedWith("invalid_request", "parameter organization is not allowed for this client")))

	behave("allow", "")
	_, err = in("", "")
	w.Expect(err).To(Satisfy(refusedWith("access_denied", "Sign in through your organization.")), "the guard's word")

	behave("require", "post_login_prompt")
	_, err = in("", "")
	w.Expect(err).To(Satisfy(refusedWith("invalid_request", none)))
	w.joined()
	session, err := in("", "")
	w.Expect(err).NotTo(HaveOccurred())
	w.Expect(session.Claims).To(HaveKeyWithValue("org_id", w.acme.ID))
	w.change(func(*state.Tenant) { w.beta.AddMember(oktaID, w.s.world.Clock.Now()) })
	session, err = in("", "beta")
	w.Expect(err).NotTo(HaveOccurred())
	w.Expect(session.Claims).To(HaveKeyWithValue("org_id", w.beta.ID))

	behave("require", "pre_login_prompt")
	session, err = in("", "acme")
	w.Expect(err).NotTo(HaveOccurred())
	w.Expect(session.Claims).To(HaveKeyWithValue("org_id", w.acme.ID))
	_, err = in("", "gamma")
	w.Expect(err).To(Satisfy(refusedWith("login_failed", "There is no organization of that name.")))
}

func TestLoginPage(t *testing.T) {
	w := newWorld(t)
	w.joined()
	for name, row := range map[string]struct {
		as   person.As
		want string
	}{
		"connection of nobody":      {person.As{Connection: "other"}, `does not offer connection "other"`},
		"connection without button": {person.As{Connection: "hidden"}, `does not offer connection "hidden"`},
		"nobody of the directory":   {person.As{Connection: "acme-okta", Email: "who@acme.com"}, "Nobody of that name is in this directory."},
		"wrong password":            {person.As{Connection: "people", Email: "it@acme.com", Password: "x"}, "Wrong email or password."},
	} {
		_, err := w.signIn(w.browser(), row.as)
		w.Expect(err).To(MatchError(ContainSubstring(row.want)), name)
	}
	w.change(func(*state.Tenant) { w.acme.Connections = w.acme.Connections[4:] })
	_, err := w.signIn(w.browser(), okta)
	w.Expect(err).To(Satisfy(refusedWith("invalid_request", "no connections enabled for the organization are visible")))
}
