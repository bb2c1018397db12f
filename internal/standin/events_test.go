package standin_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/auth0/go-auth0/v3/management"
	"github.com/auth0/go-auth0/v3/management/core"
	. "github.com/onsi/gomega"

	"github.com/seatwarden/seatwarden/internal/standin"
)

type eventStream = core.Stream[management.EventStreamSubscribeEventsResponseContent]

// kinds receives n events and returns their types and the last cursor.
func kinds(t *testing.T, stream *eventStream, n int) (types []string, cursor string) {
	t.Helper()
	for range n {
		received, err := stream.Recv()
		NewWithT(t).Expect(err).NotTo(HaveOccurred())
		types = append(types, received.Type)
	}
	return types, stream.LastEventID()
}

func TestEventsStreamAndResume(t *testing.T) {
	g := NewWithT(t)
	s := standin.New(t)
	a, m := newAPI(t, s), sdk(t, s)
	a.must(201, "POST", "/connections", `{"name":"staff","strategy":"auth0"}`)
	start := s.Clock().Now().Add(-time.Minute).Format(time.RFC3339)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()

	org := a.must(201, "POST", "/organizations", `{"name":"acme"}`).id()
	user, _ := a.must(201, "POST", "/users", `{"connection":"staff","email":"jane@acme.com","password":"x"}`).object["user_id"].(string)
	a.must(204, "POST", "/organizations/"+org+"/members", `{"members":["`+user+`"]}`)

	stream, err := m.Events.Subscribe(ctx, &management.SubscribeEventsRequestParameters{FromTimestamp: &start})
	g.Expect(err).NotTo(HaveOccurred())
	types, cursor := kinds(t, stream, 3)
	g.Expect(types).To(Equal([]string{"organization.created", "user.created", "organization.member.added"}))

	a.must(200, "PATCH", "/organizations/"+org, `{"display_name":"Acme"}`)
	types, _ = kinds(t, stream, 1)
	g.Expect(types).To(Equal([]string{"organization.updated"}), "an open stream is told at once")
	g.Expect(stream.Close()).To(Succeed())

	a.must(204, "DELETE", "/organizations/"+org+"/members", `{"members":["`+user+`"]}`)
	a.must(204, "DELETE", "/users/auth0%7C"+user[len("auth0|"):], "")
	resumed, err := m.Events.Subscribe(ctx, &management.SubscribeEventsRequestParameters{From: &cursor})
	g.Expect(err).NotTo(HaveOccurred())
	types, _ = kinds(t, resumed, 3)
	g.Expect(types).To(Equal([]string{"organization.updated", "organization.member.deleted", "user.deleted"}), "nothing is lost or told twice")
	g.Expect(resumed.Close()).To(Succeed())

	g.Expect(s.Forward(25 * time.Hour)).NotTo(BeZero())
	fresh := newAPI(t, s)
	fresh.must(410, "GET", "/events?from="+cursor, "")
}

func TestEventsRefuseWhatCannotBeResumed(t *testing.T) {
	g := NewWithT(t)
	s := standin.New(t)
	a := newAPI(t, s)
	for query, message := range map[string]string{
		"from=%00":               "Invalid cursor format.",
		"event_type=user.danced": "Unsupported event type.",
		"from_timestamp=monday":  "Query validation error: 'Object didn't pass validation for format date-time: monday' on property from_timestamp.",
		"colour=red":             "Query validation error: 'Additional properties not allowed: colour'.",
	} {
		g.Expect(a.must(400, "GET", "/events?"+query, "").message()).To(Equal(message))
	}
	header := a.request(http.MethodGet, "/events", "")
	header.Header.Set("Last-Event-ID", "nonsense")
	g.Expect(send(t, header).status).To(Equal(400))
	g.Expect(newAPI(t, s, "read:users").do("GET", "/events", "").errorCode()).To(Equal("insufficient_scope"))
}

func TestEventsTellOfMemberRoles(t *testing.T) {
	g := NewWithT(t)
	s := standin.New(t)
	a, m := newAPI(t, s), sdk(t, s)
	a.must(201, "POST", "/connections", `{"name":"staff","strategy":"auth0"}`)
	org := a.must(201, "POST", "/organizations", `{"name":"acme"}`).id()
	user, _ := a.must(201, "POST", "/users", `{"connection":"staff","email":"jane@acme.com","password":"x"}`).object["user_id"].(string)
	editor := a.must(200, "POST", "/roles", `{"name":"editor"}`).id()
	viewer := a.must(200, "POST", "/roles", `{"name":"viewer"}`).id()
	start := s.Clock().Now().Format(time.RFC3339)
	roles := "/organizations/" + org + "/members/auth0%7C" + user[len("auth0|"):] + "/roles"
	a.must(204, "POST", roles, `{"roles":["`+editor+`"]}`)
	a.must(204, "POST", roles, `{"roles":["`+editor+`","`+viewer+`"]}`)
	a.must(204, "DELETE", roles, `{"roles":["`+editor+`"]}`)
	a.must(204, "DELETE", roles, `{"roles":["`+editor+`"]}`)

	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	stream, err := m.Events.Subscribe(ctx, &management.SubscribeEventsRequestParameters{
		FromTimestamp: &start,
		EventType: []*management.EventStreamSubscribeEventsEventTypeEnum{
			management.EventStreamSubscribeEventsEventTypeEnumOrganizationMemberRoleAssigned.Ptr(),
			management.EventStreamSubscribeEventsEventTypeEnumOrganizationMemberRoleDeleted.Ptr(),
		},
	})
	g.Expect(err).NotTo(HaveOccurred())
	var told []string
	for range 3 {
		received, err := stream.Recv()
		g.Expect(err).NotTo(HaveOccurred())
		if assigned := received.OrganizationMemberRoleAssigned; assigned != nil {
			object := assigned.Event.Data.Object
			g.Expect(object.Organization.ID).To(Equal(org))
			g.Expect(object.User.UserID).To(Equal(user))
			told = append(told, "+"+object.Role.Name)
		} else {
			told = append(told, "-"+received.OrganizationMemberRoleDeleted.Event.Data.Object.Role.Name)
		}
	}
	g.Expect(told).To(Equal([]string{"+editor", "+viewer", "-editor"}), "what changed nothing is not told")
	g.Expect(stream.Close()).To(Succeed())
}

func TestAFaultEndsARunningStreamAndNothingIsLost(t *testing.T) {
	g := NewWithT(t)
	s := standin.New(t)
	a, m := newAPI(t, s), sdk(t, s)
	start := s.Clock().Now().Add(-time.Minute).Format(time.RFC3339)
	id, err := s.AddFault(standin.Fault{Kind: standin.FaultEndStream, Messages: 2})
	g.Expect(err).NotTo(HaveOccurred())
	for _, name := range []string{"acme", "beta", "gamma"} {
		a.must(201, "POST", "/organizations", `{"name":"`+name+`"}`)
	}
	g.Expect(s.Faults()).To(ConsistOf(HaveField("Seen", 0)), "other calls are passed over")

	response, err := http.DefaultClient.Do(a.request(http.MethodGet, "/events?from_timestamp="+start, ""))
	g.Expect(err).NotTo(HaveOccurred())
	defer func() { _ = response.Body.Close() }()
	raw, err := io.ReadAll(response.Body)
	g.Expect(err).NotTo(HaveOccurred(), "the stream ends in order")
	g.Expect(strings.Count(string(raw), "event: organization.created\n")).To(Equal(2))

	g.Expect(s.RemoveFault(id)).To(BeTrue())
	_, err = s.AddFault(standin.Fault{Kind: standin.FaultEndStream, Messages: 2, Count: 1})
	g.Expect(err).NotTo(HaveOccurred())
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	stream, err := m.Events.Subscribe(ctx, &management.SubscribeEventsRequestParameters{FromTimestamp: &start})
	g.Expect(err).NotTo(HaveOccurred())
	types, _ := kinds(t, stream, 3)
	g.Expect(types).To(HaveEach("organization.created"), "the SDK comes back by itself and goes on behind the second")
	g.Expect(s.Faults()).To(ConsistOf(And(HaveField("Hit", 1), HaveField("Seen", 2))))
	g.Expect(stream.Close()).To(Succeed())
}
