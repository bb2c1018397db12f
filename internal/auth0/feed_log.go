package auth0

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	logsRoute = "GET /api/v2/logs"
	// logRows is how many entries one call reads, the most that Auth0 gives.
	logRows = 100
	// logKept is after how long without a reading entries may be gone: the Free plan
	// keeps them for a day (auth0.com/docs/deploy-monitor/logs/log-data-retention).
	logKept = 20 * time.Hour
)

// NewTenantLog is the feed that reads a tenant's log from its last entry on, one
// call for everything that happened. every says how long to wait for the next
// reading. It is nil for an API that is not Auth0's own.
func NewTenantLog(api API, every func() time.Duration) Feed {
	client, ok := api.(*Client)
	if !ok {
		return nil
	}
	return &tenantLog{client: client, every: every}
}

type tenantLog struct {
	client *Client
	every  func() time.Duration
}

func (l *tenantLog) Name() string { return FeedTenantLog }

// logPosition is where a reading ended.
type logPosition struct {
	// id is the last entry's, empty while the log has none; written is its date.
	id      string
	written time.Time
	read    time.Time
}

func (p logPosition) String() string {
	return fmt.Sprintf("%d %d %s", p.read.Unix(), p.written.Unix(), p.id)
}

// parseLogPosition is the position that a text names, the zero one if it names none.
func parseLogPosition(text string) logPosition {
	read, rest, _ := strings.Cut(text, " ")
	written, id, _ := strings.Cut(rest, " ")
	readUnix, err := strconv.ParseInt(read, 10, 64)
	writtenUnix, writtenErr := strconv.ParseInt(written, 10, 64)
	if err != nil || writtenErr != nil {
		return logPosition{}
	}
	return logPosition{id: id, written: time.Unix(writtenUnix, 0), read: time.Unix(readUnix, 0)}
}

// behind moves the position behind the entries of a reading.
func (p logPosition) behind(rows []logEntry, now time.Time) logPosition {
	p.read = now
	for _, row := range rows {
		if id := row.id(); newerEntry(id, p.id) {
			p.id, p.written = id, row.Date
			if p.written.IsZero() {
				p.written = now
			}
		}
	}
	return p
}

// newerEntry tells whether an id comes later in the log than another: they are
// numbers of the same length.
func newerEntry(id, other string) bool {
	if len(id) != len(other) {
		return len(id) > len(other)
	}
	return id > other
}

func (l *tenantLog) Follow(ctx context.Context, from string, tell func(News)) error {
	position := parseLogPosition(from)
	for ctx.Err() == nil {
		rows, gap, err := l.read(ctx, position)
		if err != nil {
			return err
		}
		// By the time that this answer told: the former may have been long ago.
		now := l.client.Now()
		news := News{Gap: gap || now.Sub(position.read) > logKept}
		for _, row := range rows {
			news.Changes = append(news.Changes, row.changes(l.client.tokens.clientID)...)
		}
		before := position.id
		position = position.behind(rows, now)
		news.Position = position.String()
		tell(news)
		if len(rows) < logRows || position.id == before {
			l.client.wire.sleep(ctx, l.every())
		}
	}
	return nil
}

// read reads on from a position, or has a gap where it cannot tell all.
func (l *tenantLog) read(ctx context.Context, from logPosition) (rows []logEntry, gap bool, err error) {
	now := l.client.Now()
	switch {
	case now.Sub(from.read) > logKept:
		rows, err = l.newest(ctx, 1)
		return rows, true, err
	case from.id == "" || now.Sub(from.written) > logKept:
		// How Auth0 answers to an id that it keeps no more is not documented.
		return l.recent(ctx, from)
	}
	rows, err = l.rows(ctx, url.Values{"from": {from.id}, "take": {strconv.Itoa(logRows)}})
	if kind := KindOf(err); kind == KindNotFound || kind == KindInvalid {
		return l.recent(ctx, from)
	}
	return rows, false, err
}

// recent reads what is newer than a position without asking by its entry.
func (l *tenantLog) recent(ctx context.Context, from logPosition) (rows []logEntry, gap bool, err error) {
	rows, err = l.newest(ctx, logRows)
	gap = len(rows) >= logRows && newerEntry(rows[len(rows)-1].id(), from.id)
	rows = slices.DeleteFunc(rows, func(row logEntry) bool { return !newerEntry(row.id(), from.id) })
	slices.Reverse(rows)
	return rows, gap, err
}

// newest reads the latest entries.
func (l *tenantLog) newest(ctx context.Context, n int) ([]logEntry, error) {
	return l.rows(ctx, url.Values{"sort": {"date:-1"}, "page": {"0"}, "per_page": {strconv.Itoa(n)}})
}

// rows makes one call. The SDK's list knows neither from nor take.
func (l *tenantLog) rows(ctx context.Context, query url.Values) (rows []logEntry, err error) {
	err = l.client.call(ctx, logsRoute, func(ctx context.Context) error {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, l.client.base+"/api/v2/logs?"+query.Encode(), nil)
		if err != nil {
			return notSent(logsRoute, "the request cannot be made")
		}
		response, err := l.client.http.RoundTrip(req)
		if err != nil {
			return err
		}
		defer func() { _ = response.Body.Close() }()
		return json.NewDecoder(response.Body).Decode(&rows)
	})
	return rows, err
}

// UsedUpBy looks in the newest entries of the log for the user that used up an
// invitation without being let in; empty where they do not tell.
func (c *Client) UsedUpBy(ctx context.Context, invitationID string) (userID string, err error) {
	rows, err := (&tenantLog{client: c}).newest(ctx, logRows)
	for _, row := range rows {
		if row.Type == "fi" && invitationID != "" && row.Details.Invitation.ID == invitationID && row.User != "" {
			return row.User, nil
		}
	}
	return "", err
}

// logEntry is what is used of an entry of the tenant log. It holds addresses; they
// are not read.
type logEntry struct {
	ID           string
	LogID        string
	Date         time.Time
	Type         string
	ClientID     string
	Organization string
	User         string
	Details      struct {
		Invitation struct {
			ID string `json:"id"`
		} `json:"invitation"`
		Request struct {
			Method string `json:"method"`
			Path   string `json:"path"`
		} `json:"request"`
	}
}

// UnmarshalJSON reads what it can: of the many types of entries some have other
// shapes, and one that cannot be read must not hide the others.
func (e *logEntry) UnmarshalJSON(data []byte) error {
	var fields map[string]json.RawMessage
	*e = logEntry{}
	_ = json.Unmarshal(data, &fields) // what is no object has no fields
	for name, into := range map[string]any{
		"_id": &e.ID, "log_id": &e.LogID, "date": &e.Date, "type": &e.Type, "client_id": &e.ClientID,
		"organization_id": &e.Organization, "user_id": &e.User, "details": &e.Details,
	} {
		_ = json.Unmarshal(fields[name], into) // what has another shape stays empty
	}
	return nil
}

func (e logEntry) id() string {
	if e.LogID != "" {
		return e.LogID
	}
	return e.ID
}

// changes are those that an entry tells of. What this client itself has written
// through the Management API is no news.
func (e logEntry) changes(self string) []Change {
	change := func(kind ChangeKind) Change {
		return Change{Kind: kind, Organization: e.Organization, User: e.User, At: e.Date}
	}
	switch e.Type {
	case "si", "fi": // an invitation was accepted, or used up
		return []Change{change(ChangeInvitations), change(ChangeMembers)}
	case "organization_member_added":
		return []Change{change(ChangeMembers)}
	case "sdu", "sce", "scu", "ss": // deleted, new address, new name, signed up
		return []Change{change(ChangeUser)}
	case "sapi":
		if e.ClientID == self || strings.EqualFold(e.Details.Request.Method, http.MethodGet) {
			return nil
		}
		return e.changesByAPI()
	}
	return nil
}

// changesByAPI are those of a write to the Management API, by its path.
func (e logEntry) changesByAPI() []Change {
	path, err := url.PathUnescape(strings.TrimPrefix(e.Details.Request.Path, "/api/v2"))
	if err != nil {
		return nil
	}
	kind, rest, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	id, below, _ := strings.Cut(rest, "/")
	below, _, _ = strings.Cut(below, "/")
	switch {
	case kind == "users" && id != "":
		return []Change{{Kind: ChangeUser, User: id, At: e.Date}}
	case kind == "connections":
		return []Change{{Kind: ChangeConnections, At: e.Date}}
	case kind == "organizations":
		what := ChangeOrganization
		switch below {
		case "members":
			what = ChangeMembers
		case "invitations":
			what = ChangeInvitations
		case "enabled_connections", "connections":
			what = ChangeConnections
		}
		return []Change{{Kind: what, Organization: id, At: e.Date}}
	}
	return nil
}
