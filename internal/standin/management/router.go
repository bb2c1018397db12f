package management

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/seatwarden/seatwarden/internal/standin/traffic"
)

// route is one endpoint of the Management API.
type route struct {
	traffic.Endpoint
	segments []string
	// scopes: the token must hold any one of them.
	scopes []string
	// status of a success; 204 answers without a body.
	status int
	handle func(*call) (any, error)
	// stream, if set, answers in place of handle, without the lock.
	stream func(*call, http.ResponseWriter)
}

// router finds routes by escaped path segments, so that an id may contain an
// escaped slash, and knows no trailing slash, as Auth0 does.
type router struct{ routes []*route }

func (rt *router) add(method, template string, status int, limit string, handle func(*call) (any, error), scopes ...string) {
	template = traffic.ManagementPrefix + template
	rt.routes = append(rt.routes, &route{
		Endpoint: traffic.Endpoint{Method: method, Template: template, Limit: limit}, segments: strings.Split(template, "/"),
		scopes: scopes, status: status, handle: handle,
	})
}

// find returns the route for a request and the unescaped values of its
// placeholders, or nil. HEAD finds the routes of GET.
func (rt *router) find(r *http.Request) (*route, map[string]string) {
	method := r.Method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	segments := strings.Split(r.URL.EscapedPath(), "/")
	for _, candidate := range rt.routes {
		if candidate.Method != method {
			continue
		}
		if params, ok := candidate.match(segments); ok {
			return candidate, params
		}
	}
	return nil, nil
}

func (ro *route) match(segments []string) (map[string]string, bool) {
	if len(segments) != len(ro.segments) {
		return nil, false
	}
	params := map[string]string{}
	for i, want := range ro.segments {
		if !strings.HasPrefix(want, "{") {
			if segments[i] != want {
				return nil, false
			}
			continue
		}
		value, err := url.PathUnescape(segments[i])
		if err != nil || value == "" {
			return nil, false
		}
		params[strings.Trim(want, "{}")] = value
	}
	return params, true
}
