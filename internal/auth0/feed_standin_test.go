package auth0_test

import (
	"context"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/seatwarden/seatwarden/internal/auth0"
)

func TestEventStreamOfTheStandIn(t *testing.T) {
	g := NewWithT(t)
	w := newWorld(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var organization auth0.Organization
	var heard []auth0.Change
	var position string
	err := auth0.NewEventStream(w.api).Follow(ctx, "", func(news auth0.News) {
		if news.Gap {
			var err error
			organization, err = w.api.CreateOrganization(ctx, auth0.OrganizationCreate{Name: "acme"})
			g.Expect(err).NotTo(HaveOccurred())
			return
		}
		if heard, position = append(heard, news.Changes...), news.Position; len(heard) > 0 {
			cancel()
		}
	})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(heard).To(HaveLen(1))
	g.Expect(heard[0].Kind).To(Equal(auth0.ChangeOrganization))
	g.Expect(heard[0].Organization).To(Equal(organization.ID))
	g.Expect(heard[0].At).To(BeTemporally("~", w.api.Now(), 5*time.Second))
	g.Expect(position).NotTo(BeEmpty())
}
