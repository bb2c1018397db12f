package auth0

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
)

const membersPath = "/api/v2/organizations/org_1/members"

func memberRow(n int) map[string]any {
	return map[string]any{"user_id": fmt.Sprintf("okta|%d", n), "email": fmt.Sprintf("p%d@acme.com", n)}
}

// pagesOf answers a checkpoint list: the page for each `from`.
func (f *fakeAuth0) pagesOf(path string, pages map[string]any) {
	f.mux.HandleFunc("GET "+path, func(w http.ResponseWriter, r *http.Request) {
		page, ok := pages[r.URL.Query().Get("from")]
		if !ok {
			reply(w, http.StatusInternalServerError, refusal(http.StatusInternalServerError, "broken"))
			return
		}
		reply(w, http.StatusOK, page)
	})
}

func TestHandsOffHalfAListIsNoList(t *testing.T) {
	for name, pages := range map[string]map[string]any{
		"the second page fails":    {"": map[string]any{"members": []any{memberRow(1)}, "next": "a"}},
		"an answer without a list": {"": map[string]any{}},
		"the second has no list":   {"": map[string]any{"members": []any{memberRow(1)}, "next": "a"}, "a": map[string]any{}},
		"the answer is null":       {"": "null"},
		"a row without an id":      {"": map[string]any{"members": []any{memberRow(1), map[string]any{"email": "x@acme.com"}}}},
		"it goes round in a circle": {
			"":  map[string]any{"members": []any{memberRow(1)}, "next": "a"},
			"a": map[string]any{"members": []any{memberRow(2)}, "next": "a"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			auth0 := newFakeAuth0(t)
			auth0.grantTokens()
			auth0.pagesOf(membersPath, pages)
			members, err := auth0.client(t).Members(t.Context(), "org_1")
			g.Expect(KindOf(err)).To(Equal(KindUnknown), "%v", err)
			g.Expect(members).To(BeNil())
		})
	}
}

func TestHandsOffAnEmptyPageIsNotTheEnd(t *testing.T) {
	g := NewWithT(t)
	auth0 := newFakeAuth0(t)
	auth0.grantTokens()
	auth0.pagesOf(membersPath, map[string]any{
		"":  map[string]any{"members": []any{}, "next": "a"},
		"a": map[string]any{"members": []any{memberRow(1)}, "next": "b"},
		"b": map[string]any{"members": []any{}, "next": "c"},
		"c": map[string]any{"members": []any{memberRow(2)}},
	})
	members, err := auth0.client(t).Members(t.Context(), "org_1")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(members).To(Equal([]OrganizationMember{{"okta|1", "p1@acme.com"}, {"okta|2", "p2@acme.com"}}))
	g.Expect(auth0.requests()[0].Query).To(ContainSubstring("take=100"))
}

// offsetRows is a list as Auth0 pages it.
type offsetRows struct {
	// key of the list in the answer.
	key string
	// rows, the newest first.
	rows []map[string]any
	// before is called before each page is read.
	before func(number int)
}

func newInvitationList(stored int, apart time.Duration) *offsetRows {
	l := &offsetRows{key: "invitations"}
	now := time.Now()
	for n := range stored {
		created := now.Add(-time.Duration(n) * apart)
		l.rows = append(l.rows, map[string]any{
			"id": fmt.Sprintf("uinv_%d", n), "invitee": map[string]any{"email": "p@acme.com"}, "invitation_url": "https://app/?invitation=x",
			"created_at": created.Format(time.RFC3339Nano), "expires_at": created.Add(24 * time.Hour).Format(time.RFC3339Nano),
			"app_metadata": map[string]any{"seatwarden_org_1": "a.b.c", "other": 1},
		})
	}
	return l
}

func (l *offsetRows) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var page, size int
	_, _ = fmt.Sscan(r.URL.Query().Get("page"), &page)
	_, _ = fmt.Sscan(r.URL.Query().Get("per_page"), &size)
	if size > 100 || (page+1)*size > 1000 {
		reply(w, http.StatusBadRequest, refusal(http.StatusBadRequest, "Requesting page exceeds the allowed maximum of 1000 records"))
		return
	}
	if l.before != nil {
		l.before(page)
	}
	rows := slices.Clone(l.rows)
	if r.URL.Query().Get("sort") == "created_at:1" {
		slices.Reverse(rows)
	}
	start := min(page*size, len(rows))
	rows = rows[start:min(start+size, len(rows))]
	reply(w, http.StatusOK, map[string]any{"start": start, "limit": len(rows), l.key: append([]map[string]any{}, rows...)})
}

// since are the rows that a search by creation time finds.
func (l *offsetRows) since(query string) *offsetRows {
	_, after, ok := strings.Cut(query, "created_at:[")
	from, _, _ := strings.Cut(after, " TO *]")
	found := &offsetRows{key: l.key}
	for _, row := range l.rows {
		if !ok || row["created_at"].(string) >= from {
			found.rows = append(found.rows, row)
		}
	}
	return found
}

func TestOneMailInvitationsBeyondTheWindow(t *testing.T) {
	for name, c := range map[string]struct {
		stored    int
		apart     time.Duration
		want      int
		truncated bool
	}{
		"none":                           {stored: 0, want: 0},
		"a short page":                   {stored: 3, want: 3},
		"one full page":                  {stored: 100, want: 100},
		"two and a bit":                  {stored: 205, want: 205},
		"the full window":                {stored: 1000, want: 1000},
		"beyond it":                      {stored: 1300, want: 1300},
		"as far as both ends reach":      {stored: 1999, want: 1999},
		"further":                        {stored: 2000, want: 2000, truncated: true},
		"much further":                   {stored: 2500, want: 2000, truncated: true},
		"further, but dead in the midst": {stored: 2500, apart: time.Hour, want: 2000},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			auth0 := newFakeAuth0(t)
			auth0.grantTokens()
			list := newInvitationList(c.stored, cmp.Or(c.apart, time.Minute))
			auth0.mux.Handle("GET "+invitationsPath, list)
			invitations, truncated, err := auth0.client(t).Invitations(t.Context(), "org_1")
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(invitations).To(HaveLen(c.want))
			g.Expect(truncated).To(Equal(c.truncated))
			g.Expect(slices.IsSortedFunc(invitations, func(a, b Invitation) int { return b.CreatedAt.Compare(a.CreatedAt) })).To(BeTrue(), "newest first")
			for _, invitation := range invitations {
				g.Expect(invitation.AppMetadata).To(Equal(map[string]string{"seatwarden_org_1": "a.b.c"}))
				g.Expect(invitation.ExpiresAt.Sub(invitation.CreatedAt)).To(Equal(24 * time.Hour))
			}
		})
	}
}

// TestOneMailInvitationMadeWhileALongListIsRead: the rows from the one end are one
// fewer then, and what is hidden behind them may be alive all the same.
func TestOneMailInvitationMadeWhileALongListIsRead(t *testing.T) {
	g := NewWithT(t)
	auth0 := newFakeAuth0(t)
	auth0.grantTokens()
	list := newInvitationList(2500, 30*time.Minute) // the oldest 1,000 are dead
	list.before = func(number int) {
		if number == 1 && len(list.rows) == 2500 {
			list.rows = slices.Concat(newInvitationList(2501, 30*time.Minute).rows[2500:], list.rows)
		}
	}
	auth0.mux.Handle("GET "+invitationsPath, list)
	_, truncated, err := auth0.client(t).Invitations(t.Context(), "org_1")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(truncated).To(BeTrue())
}

// TestOneMailRowThatMovesBetweenPages: rows move while a list is read, and each that
// is there all the time is listed.
func TestOneMailRowThatMovesBetweenPages(t *testing.T) {
	for name, c := range map[string]struct {
		change func(l *offsetRows, number int)
		wrong  bool
	}{
		"a deletion before the second page": {change: func(l *offsetRows, number int) {
			if number == 1 && len(l.rows) == 350 {
				l.rows = slices.Delete(l.rows, 5, 6)
			}
		}},
		"the last one of a page is deleted": {change: func(l *offsetRows, number int) {
			if number == 2 && len(l.rows) == 350 {
				l.rows = slices.Delete(l.rows, 197, 198)
			}
		}},
		"an invitation is made before the second page": {change: func(l *offsetRows, number int) {
			if number == 1 && len(l.rows) == 350 {
				l.rows = slices.Concat(newInvitationList(351, time.Minute).rows[350:], l.rows)
			}
		}},
		"deletions that do not end": {wrong: true, change: func(l *offsetRows, number int) {
			if number == 1 {
				l.rows = l.rows[1:]
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			auth0 := newFakeAuth0(t)
			auth0.grantTokens()
			list := newInvitationList(350, time.Minute)
			list.before = func(number int) { c.change(list, number) }
			auth0.mux.Handle("GET "+invitationsPath, list)
			invitations, _, err := auth0.client(t).Invitations(t.Context(), "org_1")
			if c.wrong {
				g.Expect(KindOf(err)).To(Equal(KindUnknown), "%v", err)
				g.Expect(invitations).To(BeNil())
				return
			}
			g.Expect(err).NotTo(HaveOccurred())
			seen := map[string]int{}
			for _, invitation := range invitations {
				seen[invitation.ID]++
			}
			for _, row := range list.rows {
				if row["id"] != "uinv_350" { // made while the list was read
					g.Expect(seen).To(HaveKeyWithValue(row["id"], 1))
				}
			}
		})
	}
}

// TestRemovalUsersBeyondTheWindow: whoever holds a grant is found at either end of
// the search.
func TestRemovalUsersBeyondTheWindow(t *testing.T) {
	for name, c := range map[string]struct {
		stored, want int
		times        time.Duration
		truncated    bool
	}{
		"within it":                 {stored: 150, want: 150},
		"as far as both ends reach": {stored: 1500, want: 1500},
		"further":                   {stored: 4200, want: 4200, times: time.Second},
		"further, many at one time": {stored: 4200, want: 2000, times: time.Nanosecond, truncated: true},
		"further, at unknown times": {stored: 2500, want: 2000, truncated: true},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			auth0 := newFakeAuth0(t)
			auth0.grantTokens()
			list := &offsetRows{key: "users"}
			for n := range c.stored {
				list.rows = append(list.rows, map[string]any{"user_id": fmt.Sprintf("okta|%d", n), "app_metadata": map[string]any{"seatwarden_org_1": "a.b.c"}})
				if c.times > 0 {
					list.rows[n]["created_at"] = time.Unix(1e9, 0).Add(-time.Duration(n) * c.times).UTC().Format("2006-01-02T15:04:05.000Z")
				}
			}
			auth0.mux.HandleFunc("GET /api/v2/users", func(w http.ResponseWriter, r *http.Request) { list.since(r.URL.Query().Get("q")).ServeHTTP(w, r) })
			users, truncated, err := auth0.client(t).UsersWithAppMetadata(t.Context(), "seatwarden_org_1")
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(users).To(HaveLen(c.want))
			g.Expect(truncated).To(Equal(c.truncated))
		})
	}
}

func TestHandsOffMetadataIsNeverEmptied(t *testing.T) {
	g := NewWithT(t)
	auth0 := newFakeAuth0(t)
	auth0.grantTokens()
	auth0.on("PATCH /api/v2/users/{id}", http.StatusOK, map[string]any{"user_id": "okta|1"})
	client := auth0.client(t)
	ctx := t.Context()

	g.Expect(KindOf(client.SetAppMetadata(ctx, "okta|1", "seatwarden_org_1", ""))).To(Equal(KindInvalid))
	g.Expect(KindOf(client.SetAppMetadata(ctx, "okta|1", "", "x"))).To(Equal(KindInvalid))
	g.Expect(KindOf(client.ClearAppMetadata(ctx, "okta|1", ""))).To(Equal(KindInvalid))
	_, err := client.UpdateOrganization(ctx, "org_1", OrganizationUpdate{Metadata: map[string]string{}})
	g.Expect(KindOf(err)).To(Equal(KindInvalid))
	g.Expect(auth0.requests()).To(BeEmpty())

	g.Expect(client.ClearAppMetadata(ctx, "okta|1", "seatwarden_org_1")).To(Succeed())
	g.Expect(client.SetAppMetadata(ctx, "okta|1", "seatwarden_org_1", "k.m.a")).To(Succeed())
	sent := auth0.requests()
	g.Expect(sent[0].Body).To(MatchJSON(`{"app_metadata":{"seatwarden_org_1":null}}`))
	g.Expect(sent[1].Body).To(MatchJSON(`{"app_metadata":{"seatwarden_org_1":"k.m.a"}}`))
}

func TestHandsOffEmptyIDsNameNothing(t *testing.T) {
	g := NewWithT(t)
	auth0 := newFakeAuth0(t)
	auth0.grantTokens()
	client := auth0.client(t)
	ctx := t.Context()
	for _, err := range []error{
		client.DeleteOrganization(ctx, ""),
		client.DeleteInvitation(ctx, "org_1", ""),
		client.DisableConnection(ctx, "org_1", ".."),
		client.RemoveMembers(ctx, "org_1", ""),
		client.RemoveMemberRoles(ctx, "org_1", "", "rol_1"),
	} {
		g.Expect(KindOf(err)).To(Equal(KindInvalid), "%v", err)
	}
	g.Expect(auth0.requests()).To(BeEmpty())
}
