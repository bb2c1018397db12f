package auth0

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/auth0/go-auth0/v3/management/core"
)

const (
	eventsRoute = "GET /api/v2/events"
	// quietLongest is how long a stream may be silent: Auth0 sends heartbeats.
	quietLongest = 90 * time.Second
	// firstWord is how long a stream may take to say that it is connected: Auth0 says
	// so at once, and what stands between may hold everything back.
	firstWord = 20 * time.Second
	// longestEvent is the longest line that is read: an event holds a whole user.
	longestEvent = 4 << 20
)

// followed are the types of events that are asked for.
var followed = []string{
	"organization.created", "organization.updated", "organization.deleted",
	"organization.member.added", "organization.member.deleted", "organization.member.role.assigned", "organization.member.role.deleted",
	"organization.connection.added", "organization.connection.updated", "organization.connection.removed",
	"user.created", "user.updated", "user.deleted",
}

// NewEventStream is the feed of Auth0's event stream. A tenant may have few
// connections open, one on the Free plan, so follow one at a time. It is nil for
// an API that is not Auth0's own.
func NewEventStream(api API) Feed {
	client, ok := api.(*Client)
	if !ok {
		return nil
	}
	return &eventStream{client: client, first: firstWord, quiet: quietLongest}
}

type eventStream struct {
	client       *Client
	first, quiet time.Duration
}

func (s *eventStream) Name() string { return FeedEventStream }

func (s *eventStream) Follow(ctx context.Context, from string, tell func(News)) error {
	err := s.follow(ctx, from, tell)
	if from != "" && errors.Is(err, errPositionGone) {
		err = s.follow(ctx, "", tell)
	}
	return err
}

// ErrFeedSilent is the end of a connection that is there and on which nothing comes.
var ErrFeedSilent = errors.New("nothing comes")

// errPositionGone: Auth0 does not go on from the position.
var errPositionGone = errors.New("the event stream does not go on from where it was left")

func (s *eventStream) follow(ctx context.Context, from string, tell func(News)) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	response, err := s.open(ctx, from) //nolint:bodyclose // quietBody closes it
	if refused := (*Error)(nil); errors.As(err, &refused) && (refused.Status == http.StatusGone || from != "" && refused.Status == http.StatusBadRequest) {
		return fmt.Errorf("%w: %w", errPositionGone, err)
	}
	if err != nil {
		return err
	}
	body := newQuietBody(response.Body, s.first, s.quiet, cancel)
	defer func() { _ = body.Close() }()
	read := bufio.NewReader(body)
	if _, err := read.Peek(1); err == nil {
		tell(News{Gap: from == "", Position: from})
	}
	// Reconnecting is the caller's, with a fresh token each time.
	stream := core.NewStream[json.RawMessage](ctx, &http.Response{Body: io.NopCloser(read)},
		core.WithFormat(core.StreamFormatSSE), core.WithMaxBufSize(longestEvent))
	defer func() { _ = stream.Close() }()
	for {
		event, err := stream.RecvEventRaw()
		switch {
		case body.ended():
			return fmt.Errorf("%w: %w", ErrFeedSilent, &Error{Kind: KindUnknown, Route: eventsRoute, Detail: "the event stream has been silent for too long"})
		case ctx.Err() != nil || errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return &Error{Kind: KindUnknown, Route: eventsRoute, Detail: "the event stream broke off: " + scrub(err.Error())}
		case event.Event == "error":
			return endOfStream(event.Data)
		}
		news := News{Position: stream.LastEventID()}
		if change, is := changeOfEvent(event.Event, event.Data); is {
			news.Changes = []Change{change}
		}
		tell(news)
	}
}

// endOfStream is what the message means with which Auth0 ends a stream.
func endOfStream(data []byte) error {
	var message struct {
		Error struct{ Code string } `json:"error"`
	}
	_ = json.Unmarshal(data, &message) // without a code it is any error
	err := &Error{Kind: KindUnknown, Route: eventsRoute, Code: message.Error.Code, Detail: "the event stream ended with an error"}
	switch message.Error.Code {
	case "timeout", "connection_timeout":
		return nil
	case "invalid_cursor", "cursor_expired":
		return fmt.Errorf("%w: %w", errPositionGone, err)
	}
	return err
}

func (s *eventStream) open(ctx context.Context, from string) (response *http.Response, err error) {
	query := url.Values{"event_type": followed}
	if from != "" {
		query.Set("from", from)
	}
	err = s.client.call(ctx, eventsRoute, func(ctx context.Context) error {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.client.base+"/api/v2/events?"+query.Encode(), nil)
		if err != nil {
			return notSent(eventsRoute, "the request cannot be made")
		}
		req.Header.Set("Accept", "text/event-stream")
		response, err = s.client.http.RoundTrip(req) //nolint:bodyclose // the caller closes it
		return err
	})
	return response, err
}

// changeOfEvent is what an event of the stream tells; is is false for one that
// tells nothing that is followed.
func changeOfEvent(kind string, data []byte) (change Change, is bool) {
	var message struct {
		Event struct {
			Type string    `json:"type"`
			Time time.Time `json:"time"`
			Data struct {
				Object struct {
					ID           string              `json:"id"`
					UserID       string              `json:"user_id"`
					Organization struct{ ID string } `json:"organization"`
					User         struct {
						UserID string `json:"user_id"`
					} `json:"user"`
				} `json:"object"`
			} `json:"data"`
		} `json:"event"`
	}
	if json.Unmarshal(data, &message) != nil {
		return Change{}, false
	}
	object := message.Event.Data.Object
	if message.Event.Type != "" {
		kind = message.Event.Type
	}
	change = Change{Organization: object.Organization.ID, User: object.User.UserID, At: message.Event.Time, MayBeOurs: kind != "organization.deleted"}
	switch {
	case strings.HasPrefix(kind, "organization.member."):
		change.Kind = ChangeMembers
	case strings.HasPrefix(kind, "organization.connection."):
		change.Kind = ChangeConnections
	case strings.HasPrefix(kind, "organization."):
		change.Kind = ChangeOrganization
		if object.ID != "" {
			change.Organization = object.ID
		}
	case strings.HasPrefix(kind, "user."):
		change.Kind, change.User = ChangeUser, object.UserID
	default:
		return Change{}, false
	}
	return change, true
}

// quietBody ends a stream on which nothing comes for too long.
type quietBody struct {
	io.ReadCloser
	longest time.Duration
	timer   *time.Timer
	silent  chan struct{}
}

func newQuietBody(body io.ReadCloser, first, longest time.Duration, end func()) *quietBody {
	b := &quietBody{ReadCloser: body, longest: longest, silent: make(chan struct{})}
	b.timer = time.AfterFunc(first, func() { close(b.silent); end() })
	return b
}

func (b *quietBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if n > 0 && b.timer.Stop() {
		b.timer.Reset(b.longest)
	}
	return n, err
}

func (b *quietBody) Close() error {
	b.timer.Stop()
	return b.ReadCloser.Close()
}

func (b *quietBody) ended() bool {
	select {
	case <-b.silent:
		return true
	default:
		return false
	}
}
