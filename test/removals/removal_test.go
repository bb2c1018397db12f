package removals

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/internal/standin"
	"github.com/seatwarden/seatwarden/internal/standin/person"
	"github.com/seatwarden/seatwarden/test/world"
)

// interposer does something once, between an answer of Auth0's and the operator.
type interposer struct {
	mu    sync.Mutex
	match func(*http.Request) bool
	act   func()
}

func (i *interposer) once(match func(*http.Request) bool, act func()) (done func() bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	acted := make(chan struct{})
	i.match, i.act = match, func() { act(); close(acted) }
	return func() bool {
		select {
		case <-acted:
			return true
		default:
			return false
		}
	}
}

func (i *interposer) after(r *http.Request, _ *http.Response) {
	i.mu.Lock()
	act := i.act
	if i.match == nil || !i.match(r) {
		act = nil
	} else {
		i.match, i.act = nil, nil
	}
	i.mu.Unlock()
	if act != nil {
		act()
	}
}

// call matches requests by method and by how their path ends.
func call(method, suffix string) func(*http.Request) bool {
	return func(r *http.Request) bool { return r.Method == method && strings.HasSuffix(r.URL.Path, suffix) }
}

func TestRemovalRacingAcceptance(t *testing.T) {
	w := world.New(t)
	var between interposer
	w.StartOperator(func(o *world.OperatorOptions) { o.AfterAnswer = between.after })
	customer := w.CreateCustomer("acme", 20, func(c *v1alpha1.Customer) {
		// Each case is a person of its own, whom the brake does not count together.
		c.Spec.Removal = v1alpha1.RemovalPolicy{Grace: &metav1.Duration{}, Brake: v1alpha1.Brake{Percent: ptr.To[int32](100), People: ptr.To[int32](100)}}
	})
	w.Join(w.AdminMember(customer))
	w.UntilReason(customer, v1alpha1.ConditionGuardInEffect, "True/GuardInEffect")

	deleting := func(m *v1alpha1.Member) { w.Expect(w.Client.Delete(t.Context(), m)).To(Succeed()) }
	for name, tc := range map[string]struct {
		// joined: the person accepts long before, and signs in again at the moment.
		joined bool
		// before deletion or, with a request of the withdrawal, after its answer.
		before bool
		moment func(*http.Request) bool
		lag    time.Duration
	}{
		"right before the deletion":                      {before: true},
		"right before the deletion, with a lagging list": {before: true, lag: 10 * time.Second},
		"right after the deletion":                       {},
		"after the invitations were listed":              {moment: call("GET", "/invitations")},
		"after the members were listed":                  {moment: call("GET", "/members")},
		"after the members were listed, with lag":        {moment: call("GET", "/members"), lag: 10 * time.Second},
		"after the holders were searched":                {moment: call("GET", "/users")},
		"after the person was looked up":                 {moment: call("GET", "/users-by-email")},
		"after the invitation was deleted": {moment: func(r *http.Request) bool {
			return r.Method == http.MethodDelete && strings.Contains(r.URL.Path, "/invitations/")
		}},
		"a member, after the grant was cleared":           {joined: true, moment: call("PATCH", "|leaver@acme.com")},
		"a member, after the sessions ended":              {joined: true, moment: call("POST", "/revoke-access")},
		"a member, after the membership ended":            {joined: true, moment: call("DELETE", "/members")},
		"a member, after the grant was cleared, with lag": {joined: true, moment: call("PATCH", "|leaver@acme.com"), lag: 10 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			w.Expect(w.Auth0.Configure(func(s *standin.Settings) {
				s.MembersLag, s.SearchLag = standin.Duration(tc.lag), standin.Duration(tc.lag)
			})).To(Succeed())
			mails := len(w.Mails("leaver@acme.com"))
			member := w.CreateMember("acme", "leaver@acme.com")
			mail := w.UntilMail("leaver@acme.com", mails+1)
			w.UntilReason(member, v1alpha1.ConditionActive, "False/Invited")
			var held []*person.Session
			enter := func() {
				session, err := w.Accept(mail)
				if tc.joined {
					session, err = w.SignIn(w.OrganizationID("acme"), "leaver@acme.com")
				}
				if err == nil {
					held = append(held, session)
				}
			}
			if tc.joined {
				session, err := w.Accept(mail)
				w.Expect(err).NotTo(HaveOccurred())
				held = append(held, session)
				w.UntilForwarding("the person is known", func(g Gomega) {
					g.Expect(w.Reason(g, member, v1alpha1.ConditionActive)).To(Equal("True/Joined"))
				})
			}
			acted := func() bool { return true }
			switch {
			case tc.before:
				enter()
				deleting(member)
			case tc.moment == nil:
				deleting(member)
				enter()
			default:
				acted = between.once(tc.moment, enter)
				deleting(member)
			}
			w.Eventually(acted, world.Patience).Should(BeTrue(), "the moment comes")
			w.UntilRemoved(member)
			w.Auth0.Forward(time.Minute)
			w.AssertOut("acme", "leaver@acme.com", held...)
		})
	}
}

func TestRemovalWhileInvitationIsUnderWay(t *testing.T) {
	w := world.New(t)
	w.StartOperator()
	w.CreateCustomer("acme", 5)
	w.UntilMail("boss@acme.com", 1)
	fault, release := w.Fault(standin.Fault{Method: http.MethodPost, Route: world.InvitationsRoute, Kind: standin.FaultHang, Count: 1})
	jane := w.CreateMember("acme", "jane@acme.com")
	w.Until("the call is under way", func(g Gomega) { g.Expect(w.Hits(fault)).To(Equal(1)) })
	w.Expect(w.Client.Delete(t.Context(), jane)).To(Succeed())
	w.Until("the removal has begun", func(g Gomega) {
		g.Expect(w.Removal("acme", "jane@acme.com")).To(HaveField("Status.State", v1alpha1.RemovalRemoving))
	})
	w.Auth0.Forward(20 * time.Second) // beyond Auth0's window, not beyond the fence and its margin
	w.Throughout("the removal is not confirmed while the call may land", func(g Gomega) {
		g.Expect(w.Get(jane)).To(Succeed())
	})
	release()
	mail := w.UntilMail("jane@acme.com", 1)
	w.UntilRemoved(jane)
	_, err := w.Accept(mail)
	w.Expect(err).To(HaveOccurred(), "the invitation that landed late was taken")
	w.AssertOut("acme", "jane@acme.com")
}

// asSubject signs in as a person of the company's directory by its id there.
func asSubject(w *world.World, subject string) (*person.Session, error) {
	return w.Browser().SignIn(w.Context(), w.Auth0.URL(), w.Login.ClientID, w.OrganizationID("acme"),
		person.As{Connection: "acme-okta", Subject: subject})
}

func TestRemovalAddressRenamedAtIdP(t *testing.T) {
	for name, recorded := range map[string]bool{"after the operator recorded the person": true, "before": false} {
		t.Run(name, func(t *testing.T) {
			w := world.New(t)
			_, err := w.Auth0.AddConnection(standin.Connection{Name: "acme-okta", Strategy: "okta", ShowAsButton: true})
			w.Expect(err).NotTo(HaveOccurred())
			operator := w.StartOperator()
			w.CreateCustomer("acme", 5, func(c *v1alpha1.Customer) { c.Spec.Connections[0].Name = "acme-okta" })
			jane := w.CreateMember("acme", "jane@acme.com")
			rename := func(email string) {
				w.Expect(w.Auth0.AddPerson("acme-okta", standin.IdPPerson{Sub: "4711", Email: email, EmailVerified: true})).To(Succeed())
			}
			rename("jane@acme.com")
			mail := w.UntilMail("jane@acme.com", 1)
			w.UntilReason(jane, v1alpha1.ConditionActive, "False/Invited")
			if !recorded {
				operator.Stop()
			}
			_, err = w.Browser().OpenLink(t.Context(), mail.Link, person.As{Connection: "acme-okta", Subject: "4711"})
			w.Expect(err).NotTo(HaveOccurred())
			if recorded {
				w.UntilReason(jane, v1alpha1.ConditionActive, "True/Joined")
			}
			rename("jane.smith@acme.com")
			session, err := asSubject(w, "4711")
			w.Expect(err).NotTo(HaveOccurred())
			if !recorded {
				w.StartOperator()
			}
			w.UntilReason(jane, v1alpha1.ConditionActive, "True/Joined")
			w.Remove(jane)
			_, err = asSubject(w, "4711")
			w.Expect(err).To(HaveOccurred())
			_, err = session.Refresh(t.Context())
			w.Expect(err).To(HaveOccurred())
			w.AssertOut("acme", "jane@acme.com")
			w.AssertOut("acme", "jane.smith@acme.com")
		})
	}
}

func TestRemovalSecondProfile(t *testing.T) {
	w := world.New(t)
	_, err := w.Auth0.AddConnection(standin.Connection{Name: "acme-okta", Strategy: "okta", ShowAsButton: true,
		Directory: []standin.IdPPerson{{Email: "Jane@acme.com", EmailVerified: true}}})
	w.Expect(err).NotTo(HaveOccurred())
	w.StartOperator()
	w.CreateCustomer("acme", 5, func(c *v1alpha1.Customer) {
		c.Spec.Connections = append(c.Spec.Connections, v1alpha1.Connection{Name: "acme-okta", Type: v1alpha1.ConnectionExisting})
	})
	jane := w.CreateMember("acme", "jane@acme.com")
	session := w.Join(jane)
	second, err := w.Auth0.AddUser(standin.UserSeed{Connection: "acme-okta", Email: "Jane@acme.com", EmailVerified: true})
	w.Expect(err).NotTo(HaveOccurred())
	w.Expect(w.Auth0.AddMember(w.OrganizationID("acme"), second.UserID)).To(Succeed())
	atOkta := func() (*person.Session, error) {
		return w.Browser().SignIn(t.Context(), w.Auth0.URL(), w.Login.ClientID, w.OrganizationID("acme"), person.As{Connection: "acme-okta", Email: "Jane@acme.com"})
	}
	var other *person.Session
	w.Until("the second profile is granted too: it is the same person", func(g Gomega) {
		var err error
		other, err = atOkta()
		g.Expect(err).NotTo(HaveOccurred())
	})
	w.Remove(jane)
	_, err = atOkta()
	w.Expect(err).To(HaveOccurred())
	w.AssertOut("acme", "jane@acme.com", session, other)
}

func TestRemovalCaseDiffers(t *testing.T) {
	for name, recorded := range map[string]bool{"after the operator recorded the person": true, "before": false} {
		t.Run(name, func(t *testing.T) {
			w := world.New(t)
			operator := w.StartOperator()
			w.CreateCustomer("acme", 5)
			jane := w.CreateMember("acme", "jane.doe@acme.com")
			w.Employ("Jane.Doe@Acme.com")
			mail := w.UntilMail("jane.doe@acme.com", 1)
			w.UntilReason(jane, v1alpha1.ConditionActive, "False/Invited")
			if !recorded {
				operator.Stop()
			}
			session, err := w.Accept(mail)
			w.Expect(err).NotTo(HaveOccurred())
			if recorded {
				w.UntilReason(jane, v1alpha1.ConditionActive, "True/Joined")
				w.Remove(jane)
			} else {
				w.Expect(w.Client.Delete(t.Context(), jane)).To(Succeed())
				w.StartOperator()
				w.UntilRemoved(jane)
			}
			w.AssertOut("acme", "jane.doe@acme.com", session)
		})
	}
}

func TestRemovalRolesGo(t *testing.T) {
	w := world.New(t)
	editor, err := w.Auth0.AddRole(standin.Role{Name: "editor"})
	w.Expect(err).NotTo(HaveOccurred())
	w.StartOperator()
	w.CreateCustomer("acme", 5, longGrace, func(c *v1alpha1.Customer) {
		c.Spec.Roles = &v1alpha1.CustomerRoles{Allowed: []v1alpha1.RoleName{"editor"}}
	})
	jane := w.CreateMember("acme", "jane@acme.com", func(m *v1alpha1.Member) { m.Spec.Roles = []v1alpha1.RoleName{"editor"} })
	session := w.Join(jane)
	roles := func() []string {
		organization, _ := w.Organization("acme")
		var all []string
		for _, held := range organization.MemberRoles {
			all = append(all, held...)
		}
		return all
	}
	w.Expect(roles()).To(ConsistOf(editor.ID))
	w.Remove(jane)
	w.AssertOut("acme", "jane@acme.com", session)
	again := w.CreateMember("acme", "jane@acme.com")
	w.UntilReason(again, v1alpha1.ConditionActive, "True/Joined")
	w.Expect(roles()).To(BeEmpty(), "who comes back does not have the old roles")
}

func TestRemovalDoesNotQueueBehindInvitations(t *testing.T) {
	w := world.New(t)
	w.StartOperator()
	w.CreateCustomer("acme", 40)
	w.UntilMail("boss@acme.com", 1)
	jane := w.CreateMember("acme", "jane@acme.com")
	session := w.Join(jane)
	fault, end := w.Fault(standin.Fault{
		Method: http.MethodPost, Route: world.InvitationsRoute, Kind: standin.FaultStatus, Status: http.StatusTooManyRequests, Delay: standin.Duration(10 * time.Minute),
	})
	for _, name := range []string{"a", "b", "c", "d", "e", "f", "g", "h"} {
		w.CreateMember("acme", name+"@acme.com")
	}
	w.Until("invitations are held back", func(g Gomega) { g.Expect(w.Hits(fault)).To(BeNumerically(">", 0)) })
	mails := len(w.Auth0.Outbox().Mails())
	w.Expect(w.Client.Delete(t.Context(), jane)).To(Succeed())
	w.Eventually(func() error {
		_, err := w.SignIn(w.OrganizationID("acme"), "jane@acme.com")
		return err
	}, world.Patience, "50ms").Should(HaveOccurred(), "the removal goes on at once")
	w.UntilRemoved(jane)
	w.AssertOut("acme", "jane@acme.com", session)
	w.Expect(w.Auth0.Outbox().Mails()).To(HaveLen(mails), "and no invitation has gone before it")
	end()
}

func TestRemovalOfWhoHoldsNothing(t *testing.T) {
	w := world.New(t)
	w.StartOperator()
	w.CreateCustomer("acme", 1)
	w.UntilMail("boss@acme.com", 1)
	waiting := w.CreateMember("acme", "jane@acme.com")
	w.UntilReason(waiting, v1alpha1.ConditionSeatAssigned, "False/SeatLimitReached")
	foreign := w.CreateMember("acme", "eve@evil.com")
	w.UntilReason(foreign, v1alpha1.ConditionSeatAssigned, "False/DomainNotAllowed")
	w.Remove(waiting)
	w.Remove(foreign)
	w.Expect(w.Auth0.Outbox().Mails()).To(HaveLen(1))
}

// Plans below Enterprise have no endpoint that ends sessions.
func TestRemovalWithoutSessionEndpoints(t *testing.T) {
	w := world.New(t)
	w.Expect(w.Auth0.Configure(func(s *standin.Settings) { s.Profile = standin.ProfileProfessional })).To(Succeed())
	w.StartOperator(func(o *world.OperatorOptions) { o.LiveInterval, o.SettledInterval = 2*time.Second, 5*time.Second })
	customer := w.CreateCustomer("acme", 2)
	w.UntilReason(customer, v1alpha1.ConditionGuardInEffect, "True/GuardInEffect")
	jane := w.CreateMember("acme", "jane@acme.com")
	browser := w.Browser()
	mail := w.UntilMail("jane@acme.com", 1)
	session, err := browser.OpenLink(t.Context(), mail.Link, person.As{Connection: world.ConnectionName, Email: "jane@acme.com"})
	w.Expect(err).NotTo(HaveOccurred())
	w.UntilReason(jane, v1alpha1.ConditionActive, "True/Joined")
	again := func() error {
		_, err := browser.UseSession(t.Context(), w.Auth0.URL(), w.Login.ClientID, w.OrganizationID("acme"))
		return err
	}
	w.Expect(again()).To(Succeed(), "the browser's session serves")
	w.Remove(jane)
	w.Expect(again()).NotTo(Succeed(), "the browser's session serves no more")
	w.AssertOut("acme", "jane@acme.com", session)
}

func TestRemovalLaggingMemberList(t *testing.T) {
	w := world.New(t)
	w.Expect(w.Auth0.Configure(func(s *standin.Settings) {
		s.MembersLag, s.SearchLag = standin.Duration(10*time.Second), standin.Duration(10*time.Second)
	})).To(Succeed())
	w.StartOperator()
	w.CreateCustomer("acme", 2)
	jane := w.CreateMember("acme", "jane@acme.com")
	mail := w.UntilMail("jane@acme.com", 1)
	bob := w.CreateMember("acme", "bob@acme.com")
	w.UntilReason(bob, v1alpha1.ConditionSeatAssigned, "False/SeatLimitReached")
	endWatch := w.WatchSeats("acme", 2)
	session, err := w.Accept(mail)
	w.Expect(err).NotTo(HaveOccurred())
	w.Expect(w.Client.Delete(t.Context(), jane)).To(Succeed())
	w.UntilRemoved(jane)
	endWatch()
	w.Auth0.Forward(time.Minute)
	w.AssertOut("acme", "jane@acme.com", session)
	w.UntilMail("bob@acme.com", 1)
}
