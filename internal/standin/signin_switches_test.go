package standin

import (
	"net/url"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/seatwarden/seatwarden/internal/standin/person"
	"github.com/seatwarden/seatwarden/internal/standin/state"
)

func (w *world) rotate() {
	w.change(func(tenant *state.Tenant) { tenant.Clients.Get(portal).RefreshTokenRotation = true })
}

func (w *world) leave() {
	w.change(func(*state.Tenant) { w.acme.RemoveMember(oktaID, w.s.world.Clock.Now()) })
}

func TestMembershipOnRefresh(t *testing.T) {
	w := newWorld(t)
	_, session := w.joined()
	w.leave()
	_, err := session.Refresh(t.Context())
	w.Expect(err).NotTo(HaveOccurred(), "by default nobody asks again")
	w.configure(func(s *state.Settings) { s.MembershipOnRefresh = state.Checked })
	_, err = session.Refresh(t.Context())
	w.Expect(err).To(Satisfy(refusedWith("access_denied", "user "+oktaID+" is not part of the "+w.acme.ID+" organization")))
}

func TestSessionOnInvitationIgnored(t *testing.T) {
	w := newWorld(t)
	w.configure(func(s *state.Settings) { s.SessionOnInvitation = state.SessionIgnored })
	p, _ := w.joined()
	session, err := p.OpenLink(t.Context(), w.invite("jane@acme.com", ""), person.As{Connection: "acme-okta", Subject: "00u-jane"})
	w.Expect(err).NotTo(HaveOccurred())
	w.Expect(session.Claims).To(HaveKeyWithValue("sub", "okta|acme-okta|00u-jane"))
}

func TestEmailMissingKeepsTheInvitation(t *testing.T) {
	w := newWorld(t)
	w.configure(func(s *state.Settings) { s.EmailMissingAtAcceptance = state.Kept })
	_, err := w.browser().OpenLink(t.Context(), w.invite("it@acme.com", ""), person.As{Connection: "acme-azure", Subject: "no-mail"})
	w.Expect(err).To(Satisfy(refusedWith("access_denied", notAllowed)))
	w.Expect(w.invitations()).To(Equal(1))
}

func TestDeniedRefresh(t *testing.T) {
	for setting, want := range map[string]error{state.Kept: nil, state.Removed: &person.Refusal{
		Code: "invalid_grant", Description: "Unknown or invalid refresh token."}} {
		t.Run(setting, func(t *testing.T) {
			w := newWorld(t)
			w.rotate()
			w.configure(func(s *state.Settings) { s.DeniedRefresh = setting })
			_, session := w.joined()
			w.change(func(*state.Tenant) { w.acme.Metadata["seatwarden_access"] = "suspended,," })
			_, err := session.Refresh(t.Context())
			w.Expect(err).To(Satisfy(refusedWith("access_denied", "Access of your organization is suspended.")))
			w.change(func(*state.Tenant) { w.acme.Metadata["seatwarden_access"] = "open,," })
			_, err = session.Refresh(t.Context())
			if want == nil {
				w.Expect(err).NotTo(HaveOccurred())
			} else {
				w.Expect(err).To(MatchError(want))
			}
		})
	}
}

func TestOrganizationMetadataCache(t *testing.T) {
	w := newWorld(t)
	w.configure(func(s *state.Settings) { s.OrganizationMetadataCache = state.Duration(time.Minute) })
	p, _ := w.joined()
	w.change(func(*state.Tenant) { w.acme.Metadata["seatwarden_access"] = "suspended,," })
	_, err := w.signIn(p, okta)
	w.Expect(err).NotTo(HaveOccurred(), "Actions see what they saw")
	w.s.world.Clock.Forward(61 * time.Second)
	_, err = w.signIn(p, okta)
	w.Expect(err).To(Satisfy(refusedWith("access_denied", "Access of your organization is suspended.")))
}

// A login page that was opened with a live invitation is completed after the
// invitation has ended in one of three ways.
func TestLoginPageAcrossExpiry(t *testing.T) {
	for name, row := range map[string]struct {
		setting  string
		end      func(*world)
		accepted bool
	}{
		"expired":              {state.PageRefused, func(w *world) { w.s.world.Clock.Forward(25 * time.Minute) }, false},
		"deleted":              {state.PageRefused, deleteInvitations, false},
		"expired, completes":   {state.PageCompletes, func(w *world) { w.s.world.Clock.Forward(25 * time.Minute) }, true},
		"deleted, completes":   {state.PageCompletes, deleteInvitations, true},
		"used, never twice":    {state.PageCompletes, useInvitation, false},
		"page older than hour": {state.PageCompletes, func(w *world) { w.s.world.Clock.Forward(2 * time.Hour) }, false},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.configure(func(s *state.Settings) { s.LoginPageAcrossExpiry = row.setting })
			link, err := url.Parse(w.invite("it@acme.com", "con_okta"))
			w.Expect(err).NotTo(HaveOccurred())
			w.change(func(*state.Tenant) {
				w.acme.Invitations.All()[0].ExpiresAt = w.s.world.Clock.Now().Add(20 * time.Minute)
			})
			page := w.open(link.String())
			row.end(w)
			body := page.submit(url.Values{"email": {"it@acme.com"}})
			if row.accepted {
				w.Expect(body).To(ContainSubstring(`id="person"`))
				w.Expect(w.isMember(oktaID)).To(BeTrue())
				return
			}
			w.Expect(body).NotTo(ContainSubstring(`id="person"`))
			w.Expect(w.user(oktaID) != nil && w.isMember(oktaID)).To(Equal(name == "used, never twice"))
		})
	}
}

func deleteInvitations(w *world) {
	w.change(func(*state.Tenant) { w.acme.Invitations = state.Table[state.Invitation]{} })
}

func useInvitation(w *world) {
	var link string
	w.change(func(*state.Tenant) {
		link = w.s.URL() + "/app/" + portal + "/login?" + url.Values{
			"invitation": {w.acme.Invitations.All()[0].TicketID}, "organization": {w.acme.ID}}.Encode()
	})
	_, err := w.browser().OpenLink(w.t.Context(), link, okta)
	w.Expect(err).NotTo(HaveOccurred())
}
