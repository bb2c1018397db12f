package standin_test

import (
	"context"
	"testing"
	"time"

	"github.com/auth0/go-auth0/v3/management"
	auth0 "github.com/auth0/go-auth0/v3/management/client"
	"github.com/auth0/go-auth0/v3/management/option"
	. "github.com/onsi/gomega"

	"github.com/seatwarden/seatwarden/internal/standin"
)

// sdk returns the real client for a stand-in that serves plain http.
func sdk(t *testing.T, s *standin.Server) *auth0.Management {
	t.Helper()
	g := NewWithT(t)
	client, err := s.AddManagementClient()
	g.Expect(err).NotTo(HaveOccurred())
	m, err := auth0.New(s.Domain(), option.WithInsecure(),
		option.WithClientCredentials(context.Background(), client.ClientID, client.Secret))
	g.Expect(err).NotTo(HaveOccurred())
	return m
}

func TestTheSDKDrivesOrganizationsInvitationsMembersAndUsers(t *testing.T) {
	g := NewWithT(t)
	ctx := context.Background()
	s := standin.New(t)
	m := sdk(t, s)
	app, err := s.AddClient(standin.Client{Name: "app", OrganizationUsage: "require"})
	g.Expect(err).NotTo(HaveOccurred())
	okta, err := s.AddConnection(standin.Connection{Name: "acme-okta", Strategy: "okta"})
	g.Expect(err).NotTo(HaveOccurred())

	org, err := m.Organizations.Create(ctx, &management.CreateOrganizationRequestContent{
		Name:        "acme",
		DisplayName: management.String("Acme"),
		Metadata:    &management.OrganizationMetadata{"a": management.String("1"), "b": management.String("2")},
	})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(org.GetID()).To(MatchRegexp(`^org_[A-Za-z0-9]{16}$`))
	_, err = m.Organizations.Update(ctx, org.GetID(), &management.UpdateOrganizationRequestContent{
		Metadata: &management.OrganizationMetadata{"a": management.String("1")},
	})
	g.Expect(err).NotTo(HaveOccurred())
	read, err := m.Organizations.GetByName(ctx, "acme")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(read.GetMetadata()).To(Equal(management.OrganizationMetadata{"a": management.String("1")}), "metadata is replaced as a whole")

	_, err = m.Organizations.EnabledConnections.Add(ctx, org.GetID(), &management.AddOrganizationConnectionRequestContent{ConnectionID: okta.ID})
	g.Expect(err).NotTo(HaveOccurred())
	invitation, err := m.Organizations.Invitations.Create(ctx, org.GetID(), &management.CreateOrganizationInvitationRequestContent{
		ClientID: app.ClientID, ConnectionID: &okta.ID, TTLSec: management.Int(86400),
		Inviter:     &management.OrganizationInvitationInviter{Name: "Seatwarden"},
		Invitee:     &management.OrganizationInvitationInvitee{Email: "it@acme.com"},
		AppMetadata: &management.AppMetadata{"seatwarden_" + org.GetID(): "key.member.attempt"},
	})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(invitation.GetInvitationURL()).To(Equal(app.InitiateLoginURI + "?invitation=" + invitation.GetTicketID() +
		"&organization=" + org.GetID() + "&organization_name=acme"))
	mails := s.Outbox().MailsTo("IT@acme.com")
	g.Expect(mails).To(HaveLen(1))
	g.Expect(mails[0].Link).To(Equal(invitation.GetInvitationURL()))

	page, err := m.Organizations.Invitations.List(ctx, org.GetID(), &management.ListOrganizationInvitationsRequestParameters{PerPage: management.Int(100)})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(page.Results).To(HaveLen(1))
	g.Expect(page.Results[0].GetAppMetadata()).To(HaveKeyWithValue("seatwarden_"+org.GetID(), "key.member.attempt"))
	g.Expect(page.Results[0].GetExpiresAt().Sub(page.Results[0].GetCreatedAt())).To(Equal(24 * time.Hour))

	user, err := s.AddUser(standin.UserSeed{Connection: "acme-okta", Sub: "00u1", Email: "Jane@Acme.com"})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(m.Organizations.Members.Create(ctx, org.GetID(), &management.CreateOrganizationMemberRequestContent{Members: []string{user.UserID}})).To(Succeed())
	memberPage, err := m.Organizations.Members.List(ctx, org.GetID(), &management.ListOrganizationMembersRequestParameters{Take: management.Int(100)})
	g.Expect(err).NotTo(HaveOccurred())
	iterator := memberPage.Iterator()
	var members []string
	for iterator.Next(ctx) {
		members = append(members, iterator.Current().GetUserID())
	}
	g.Expect(iterator.Err()).NotTo(HaveOccurred())
	g.Expect(members).To(Equal([]string{"okta|acme-okta|00u1"}))

	_, err = m.Users.Update(ctx, user.UserID, &management.UpdateUserRequestContent{AppMetadata: &management.AppMetadata{"seatwarden_x": "k.m.1", "other": map[string]any{"n": 1}}})
	g.Expect(err).NotTo(HaveOccurred())
	updated, err := m.Users.Update(ctx, user.UserID, &management.UpdateUserRequestContent{AppMetadata: &management.AppMetadata{"seatwarden_x": nil}})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(updated.GetAppMetadata()).To(HaveLen(1), "null deletes one key and the others stay")

	byEmail, err := m.Users.ListUsersByEmail(ctx, &management.ListUsersByEmailRequestParameters{Email: "jane@acme.com"})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(byEmail).To(BeEmpty(), "the look-up by e-mail minds the case")
	found, err := m.Users.List(ctx, &management.ListUsersRequestParameters{Q: management.String(`email:"jane@acme.com" AND organization_id:"` + org.GetID() + `"`)})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(found.Results).To(HaveLen(1), "the search does not")

	g.Expect(m.Organizations.Members.Delete(ctx, org.GetID(), &management.DeleteOrganizationMembersRequestContent{Members: []string{user.UserID}})).To(Succeed())
	g.Expect(m.Users.Delete(ctx, user.UserID)).To(Succeed())
	g.Expect(m.Users.Delete(ctx, user.UserID)).To(Succeed(), "a user who is gone is deleted")
	g.Expect(m.Organizations.Delete(ctx, org.GetID())).To(Succeed())
	_, err = m.Organizations.Get(ctx, org.GetID())
	var notFound *management.NotFoundError
	g.Expect(err).To(BeAssignableToTypeOf(notFound))
}
