package standin

import (
	"encoding/json"
	"net/http"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/seatwarden/seatwarden/internal/standin/dashboard"
	"github.com/seatwarden/seatwarden/internal/standin/state"
	"github.com/seatwarden/seatwarden/internal/standin/wire"
)

// The table of the docs names each setting of the sign-in with its default
// first, and no value that there is not.
func TestSettingsOfTheSignInAreDocumented(t *testing.T) {
	g := NewWithT(t)
	raw, err := os.ReadFile("../../docs/standin-sign-in.md")
	g.Expect(err).NotTo(HaveOccurred())
	documented := map[string][]string{}
	for _, row := range regexp.MustCompile("(?m)^\\| `([a-z_.]+)` \\| ([^|]+) \\|").FindAllStringSubmatch(string(raw), -1) {
		for _, value := range strings.Split(row[2], ",") {
			documented[row[1]] = append(documented[row[1]], strings.Trim(strings.TrimSpace(value), "`"))
		}
	}
	defaults := state.DefaultSignInSettings()
	fields := reflect.TypeFor[state.SignInSettings]()
	for i := range fields.NumField() {
		name := fields.Field(i).Tag.Get("json")
		g.Expect(documented).To(HaveKey(name))
		text, isText := reflect.ValueOf(defaults).Field(i).Interface().(string)
		if !isText {
			continue
		}
		g.Expect(documented[name][0]).To(Equal(text), "the default of %s", name)
		for _, value := range documented[name] {
			changed, err := json.Marshal(map[string]string{name: value})
			g.Expect(err).NotTo(HaveOccurred())
			s := state.DefaultSettings()
			g.Expect(wire.DecodeStrict(changed, &s)).To(Succeed())
			g.Expect(s.Validate()).To(Succeed(), "%s: %s", name, value)
		}
	}
	wrong := state.DefaultSettings()
	wrong.DeniedRefresh = "Maybe"
	g.Expect(wrong.Validate()).To(MatchError(ContainSubstring("denied_refresh")))
	wrong = state.DefaultSettings()
	wrong.OrganizationMetadataCache = -1
	g.Expect(wrong.Validate()).To(MatchError(ContainSubstring("organization_metadata_cache")))
}

func TestRolesAfterMembershipEnds(t *testing.T) {
	for setting, want := range map[string]int{state.Kept: 1, state.Removed: 0} {
		g := NewWithT(t)
		s := New(t, WithSettings(func(s *state.Settings) { s.RolesAfterMembershipEnds = setting }))
		_, err := s.AddConnection(state.Connection{Name: "people", Strategy: state.StrategyDatabase})
		g.Expect(err).NotTo(HaveOccurred())
		user, err := s.AddUser(dashboard.UserSeed{Connection: "people", Email: "jane@acme.com"})
		g.Expect(err).NotTo(HaveOccurred())
		o, err := s.AddOrganization(dashboard.OrganizationSeed{Name: "acme", Members: []string{user.UserID}})
		g.Expect(err).NotTo(HaveOccurred())
		s.world.Lock()
		row := s.world.Main.Organizations.Get(o.ID)
		row.AddMemberRoles(user.UserID, []string{"rol_1"}, s.world.Clock.Now())
		s.world.Unlock()
		status, err := newCaller(t, s).send(t.Context(), http.MethodDelete, "/organizations/"+o.ID+"/members", `{"members":["`+user.UserID+`"]}`)
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(status).To(Equal(http.StatusNoContent))
		g.Expect(row.IsMember(user.UserID)).To(BeFalse())
		g.Expect(row.MemberRoles[user.UserID]).To(HaveLen(want), setting)
	}
}
