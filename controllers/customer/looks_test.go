package customer

import (
	"context"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/controllers/internal/pass"
	"github.com/seatwarden/seatwarden/internal/auth0"
	"github.com/seatwarden/seatwarden/internal/directory"
	"github.com/seatwarden/seatwarden/internal/ownership"
)

// lists is an Auth0 whose lists are looked at.
type lists struct {
	nobody

	now     *time.Time
	looks   *int
	cut     *bool
	holders *[]auth0.User
}

func (l lists) Now() time.Time { return *l.now }

func (l lists) Invitations(context.Context, string) ([]auth0.Invitation, bool, error) {
	*l.looks++
	return nil, *l.cut, nil
}

func (l lists) UsersWithAppMetadata(context.Context, string) ([]auth0.User, bool, error) {
	return *l.holders, false, nil
}

// TestLooksWhoeverComesBackLooks: a pass that asks to be woken for a look looks when
// it is, at the operator's own intervals, and no pass in between puts that off.
func TestLooksWhoeverComesBackLooks(t *testing.T) {
	const live, settled, resync = 10 * time.Second, 10 * time.Minute, time.Hour
	began := nobody{}.Now()
	sent := &v1alpha1.MemberInvitation{ID: "uinv_1", State: v1alpha1.InvitationSent, ExpiresAt: metav1.NewTime(began.Add(24 * time.Hour))}
	died := &v1alpha1.MemberInvitation{ID: "uinv_1", State: v1alpha1.InvitationExpired, ExpiresAt: metav1.NewTime(began.Add(-time.Second))}
	left := auth0.User{ID: "left", AppMetadata: map[string]string{ownership.GrantKey("org_1"): ownership.Grant{Key: "key", Person: "left", Attempt: "a"}.String()}}
	for name, its := range map[string]struct {
		followed   bool
		invitation *v1alpha1.MemberInvitation
		waiting    int32
		holders    []auth0.User
		cut        bool
		within     time.Duration
	}{
		"settled":                             {within: settled},
		"settled, with a feed":                {followed: true, within: resync},
		"a link":                              {invitation: sent, within: live},
		"a link, with a feed":                 {invitation: sent, followed: true, within: resync},
		"a link that died":                    {invitation: died, within: live},
		"a link that died, with a feed":       {invitation: died, followed: true, within: live},
		"a seat that may be free":             {waiting: 1, holders: []auth0.User{left}, within: live},
		"a seat that may be free with a feed": {waiting: 1, holders: []auth0.User{left}, followed: true, within: live},
		"a list that is cut":                  {cut: true, within: settled},
		"a list that is cut, with a feed":     {cut: true, followed: true, within: settled},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			now, looks := began, 0
			jane := &v1alpha1.Member{ObjectMeta: metav1.ObjectMeta{Namespace: "n", Name: "jane"}, Spec: v1alpha1.MemberSpec{CustomerRef: v1alpha1.CustomerRef{Name: "acme"}}}
			jane.Status.Invitation = its.invitation
			cluster := clusterOf(t, jane)
			tenant := directory.New().Put("default", v1alpha1.Auth0TenantSpec{}, lists{now: &now, looks: &looks, cut: &its.cut, holders: &its.holders})
			if its.followed {
				tenant.SetFeed(directory.FeedState{Name: auth0.FeedEventStream})
			}
			tenant.Organization("org_1").SetKey("key")
			r := &Reconciler{
				Client: cluster, Live: cluster, Members: pass.NewWaker(), Now: func() time.Time { return now },
				LiveInterval: live, SettledInterval: settled, ResyncInterval: resync,
			}
			look := func() (again time.Duration) {
				p := newPass(r, &v1alpha1.Customer{ObjectMeta: metav1.ObjectMeta{Namespace: "n", Name: "acme", UID: types.UID("u")}})
				p.customer.Status.Seats = &v1alpha1.SeatCounts{Waiting: its.waiting}
				p.tenant, p.org, p.again = tenant, tenant.Organization("org_1"), 0
				g.Expect(p.observe(t.Context())).To(Succeed())
				return p.again
			}
			look()
			first := looks
			g.Expect(first).To(Equal(1))
			now = now.Add(its.within / 2)
			again := look() // whatever woke it
			g.Expect(looks).To(Equal(first), "it was just looked at")
			g.Expect(again).To(BeNumerically("<=", its.within/2+its.within/10), "no pass puts a look off")
			now = now.Add(again)
			look()
			g.Expect(looks).To(Equal(first + 1))
		})
	}
}
