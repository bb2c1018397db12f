package auth0

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
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

// logPosition is the last entry that was told, and when the log was read last.
type logPosition struct {
	id   string
	read time.Time
}

func (p logPosition) String() string { return strconv.FormatInt(p.read.Unix(), 10) + " " + p.id }

func parseLogPosition(text string) (p logPosition, ok bool) {
	read, id, found := strings.Cut(text, " ")
	unix, err := strconv.ParseInt(read, 10, 64)
	if !found || err != nil || id == "" {
		return logPosition{}, false
	}
	return logPosition{id: id, read: time.Unix(unix, 0)}, true
}

func (l *tenantLog) Follow(ctx context.Context, from string, tell func(News)) error {
	position, ok := parseLogPosition(from)
	if !ok || l.client.Now().Sub(position.read) > logKept {
		position = logPosition{}
	}
	for ctx.Err() == nil {
		news, next, err := l.read(ctx, position)
		if err != nil {
			return err
		}
		position = next
		tell(news)
		if len(news.Changes) < logRows {
			l.client.wire.sleep(ctx, l.every())
		}
	}
	return nil
}

// read reads on from a position. Where there is none, or Auth0 knows it no more,
// the newest entry is where to go on from.
func (l *tenantLog) read(ctx context.Context, from logPosition) (News, logPosition, error) {
	now := l.client.Now()
	if from.id == "" {
		return l.begin(ctx, now)
	}
	rows, err := l.rows(ctx, url.Values{"from": {from.id}, "take": {strconv.Itoa(logRows)}})
	if kind := KindOf(err); kind == KindNotFound || kind == KindInvalid {
		return l.begin(ctx, now)
	}
	if err != nil {
		return News{}, from, err
	}
	next := logPosition{id: from.id, read: now}
	news := News{}
	for _, row := range rows {
		next.id = row.id()
		news.Changes = append(news.Changes, row.changes(l.client.tokens.clientID)...)
	}
	news.Position = next.String()
	return news, next, nil
}

func (l *tenantLog) begin(ctx context.Context, now time.Time) (News, logPosition, error) {
	rows, err := l.rows(ctx, url.Values{"sort": {"date:-1"}, "page": {"0"}, "per_page": {"1"}})
	if err != nil || len(rows) == 0 {
		return News{Gap: true}, logPosition{}, err
	}
	next := logPosition{id: rows[0].id(), read: now}
	return News{Gap: true, Position: next.String()}, next, nil
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

// logEntry is what is used of an entry of the tenant log. It holds addresses; they
// are not read.
type logEntry struct {
	ID           string    `json:"_id"`
	LogID        string    `json:"log_id"`
	Date         time.Time `json:"date"`
	Type         string    `json:"type"`
	ClientID     string    `json:"client_id"`
	Organization string    `json:"organization_id"`
	User         string    `json:"user_id"`
	Details      struct {
		Request struct {
			Method string `json:"method"`
			Path   string `json:"path"`
		} `json:"request"`
	} `json:"details"`
}

// UnmarshalJSON reads what it can: of the many types of entries some have other
// shapes, and one that cannot be read must not hide the others.
func (e *logEntry) UnmarshalJSON(data []byte) error {
	type plain logEntry
	var whole plain
	if json.Unmarshal(data, &whole) != nil {
		whole.Type = ""
	}
	*e = logEntry(whole)
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
		if e.ClientID == self || e.Details.Request.Method == "GET" {
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
