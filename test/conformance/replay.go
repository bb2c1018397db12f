package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/seatwarden/seatwarden/internal/standin"
)

// recordedHost is the tenant that was recorded.
const recordedHost = "go-auth0-dev.eu.auth0.com"

// result is one call and how the stand-in answered it.
type result struct {
	file        string
	call        call
	resource    string
	inScope     bool
	differences []difference
}

// player plays one cassette against a stand-in of its own.
type player struct {
	server      *standin.Server
	description *description
	file        string
	token       string
	ids         *idMap
	// known are the recorded ids that this cassette named before a list shows them.
	known map[string]bool
	// outside are recorded ids and names of things that are out of scope, with
	// the reason.
	outside map[string]string
}

// replay plays a cassette and compares each answer.
func replay(c cassette, d *description) ([]result, error) {
	server, err := standin.Start(standin.Options{Seed: world()})
	if err != nil {
		return nil, err
	}
	p := &player{
		server: server, description: d, file: c.name, ids: newIDMap(), known: map[string]bool{}, outside: map[string]string{},
	}
	results, err := p.play(c)
	return results, errors.Join(err, server.Close())
}

func (p *player) play(c cassette) ([]result, error) {
	if err := p.authenticate(); err != nil {
		return nil, err
	}
	if err := p.prime(c); err != nil {
		return nil, err
	}
	var out []result
	for _, recorded := range c.calls {
		r := result{file: c.name, call: recorded}
		r.resource, r.inScope = resourceOf(recorded)
		reason := p.outsideScope(recorded)
		if r.inScope && reason != "" {
			r.resource, r.inScope = reason, false
			if err := p.playOutside(recorded); err != nil {
				return nil, err
			}
		}
		if r.inScope {
			differences, err := p.call(recorded)
			if err != nil {
				return nil, fmt.Errorf("%s: %s %s: %w", c.name, recorded.method, recorded.path(), err)
			}
			r.differences = differences
		}
		if !r.inScope {
			p.taint(recorded, r.resource)
		}
		out = append(out, r)
	}
	return out, nil
}

// playOutside sends a call that is not compared, since later ones may build on it.
func (p *player) playOutside(c call) error {
	_, err := p.call(c)
	return err
}

// taint notes what an answer out of scope made: calls to it are out of scope too.
func (p *player) taint(c call, reason string) {
	if !strings.HasPrefix(c.path(), "/connections") && !strings.HasPrefix(c.path(), "/clients") && !strings.HasPrefix(c.path(), "/resource-servers") {
		return
	}
	var answer map[string]any
	if json.Unmarshal([]byte(c.answer), &answer) == nil {
		for _, key := range []string{"id", "client_id", "name"} {
			if text, ok := answer[key].(string); ok {
				p.outside[text] = reason
				delete(p.known, text)
			}
		}
	}
}

// authenticate fetches a token with every scope.
func (p *player) authenticate() error {
	client, err := p.server.AddManagementClient()
	if err != nil {
		return err
	}
	form := url.Values{
		"grant_type": {"client_credentials"}, "client_id": {client.ClientID}, "client_secret": {client.Secret},
		"audience": {p.server.URL() + "/api/v2/"},
	}
	var answer struct {
		AccessToken string `json:"access_token"`
	}
	status, body, err := p.send(http.MethodPost, "/oauth/token", form.Encode(), "application/x-www-form-urlencoded")
	if err != nil {
		return err
	}
	if err := json.Unmarshal(body, &answer); err != nil || status != http.StatusOK {
		return fmt.Errorf("no token: status %d", status)
	}
	p.token = answer.AccessToken
	return nil
}

func (p *player) send(method, target, body, contentType string) (int, []byte, error) {
	request, err := http.NewRequestWithContext(context.Background(), method, p.server.URL()+target, strings.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	if contentType != "" {
		request.Header.Set("Content-Type", contentType)
	}
	if p.token != "" {
		request.Header.Set("Authorization", "Bearer "+p.token)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(response.Body)
	return response.StatusCode, answer, err
}

// call sends a recorded request, with the stand-in's ids, and compares.
func (p *player) call(c call) ([]difference, error) {
	p.settle(c)
	outward := replacer(p.ids.recorded, recordedHost, p.server.Domain())
	body := outward.Replace(c.body)
	if strings.TrimSpace(body) == "null" {
		body = "" // what the SDK writes for "no body"
	}
	status, raw, err := p.send(c.method, outward.Replace(c.url.RequestURI()), body, c.contentType)
	if err != nil {
		return nil, err
	}
	var out []difference
	if status != c.status {
		out = append(out, difference{"status", "status", fmt.Sprint(c.status, " ", c.answer), fmt.Sprint(status, " ", string(raw))})
		return out, nil
	}
	if err := p.description.check(p.file, c, raw); err != nil {
		return nil, err
	}
	return p.compareBodies(c, raw)
}

func (p *player) compareBodies(c call, raw []byte) ([]difference, error) {
	if blackened(c) {
		return nil, nil
	}
	if strings.TrimSpace(c.answer) == "" || len(bytes.TrimSpace(raw)) == 0 {
		if strings.TrimSpace(c.answer) != strings.TrimSpace(string(raw)) {
			return []difference{{"$", "type", c.answer, string(raw)}}, nil
		}
		return nil, nil
	}
	var recorded, ours any
	if err := json.Unmarshal([]byte(c.answer), &recorded); err != nil {
		return []difference{{"$", "error", "no JSON", string(raw)}}, nil //nolint:nilerr // what was recorded is judged, not trusted
	}
	if err := json.Unmarshal(raw, &ours); err != nil {
		return nil, err
	}
	if isList(c, recorded) {
		p.noteNamed(c)
		recorded = withoutForeignRows(recorded, p.known)
		ours = withoutForeignRows(ours, p.knownHere())
	} else {
		p.noteAnswer(recorded)
	}
	p.ids.learn("", recorded, ours)
	inward := replacer(p.ids.ours, p.server.URL(), "https://"+recordedHost, p.server.Domain(), recordedHost)
	return compare("$", "", recorded, rewrite(ours, inward)), nil
}

// blackened tells that whoever published the recording overwrote the whole
// answer along with its secrets: the status is all that is left of it.
func blackened(c call) bool {
	if c.status >= http.StatusBadRequest && strings.TrimSpace(c.answer) == "{}" {
		return true
	}
	if !strings.Contains(c.url.Path, "/clients") {
		return false
	}
	var answer map[string]any
	if json.Unmarshal([]byte(c.answer), &answer) != nil || answer["name"] != nil {
		return false
	}
	_, secret := answer["client_secret"]
	_, keys := answer["signing_keys"]
	return secret && keys
}

// isList tells a list from a single thing: a GET that answers an array, or an
// envelope without an identity of its own.
func isList(c call, recorded any) bool {
	if c.method != http.MethodGet {
		return false
	}
	if object, ok := recorded.(map[string]any); ok {
		if _, hasID := rowID(object); hasID {
			return false
		}
		arrays, others := 0, 0
		for key, value := range object {
			switch value.(type) {
			case []any:
				arrays++
			case float64:
			default:
				if key != "next" {
					others++
				}
			}
		}
		return arrays == 1 && others == 0
	}
	_, ok := recorded.([]any)
	return ok
}

// noteAnswer takes every id of an answer that is no list for known.
func (p *player) noteAnswer(value any) {
	switch v := value.(type) {
	case []any:
		for _, item := range v {
			p.noteAnswer(item)
		}
	case map[string]any:
		for key, item := range v {
			if id, ok := item.(string); ok && idKeys[key] {
				p.known[id] = true
			}
			p.noteAnswer(item)
		}
	}
}

// noteNamed takes the ids that the stand-in and the request share for known.
func (p *player) noteNamed(c call) {
	var body any
	if json.Unmarshal([]byte(c.body), &body) == nil {
		p.noteAnswer(body)
	}
}

// knownHere are the known ids as the stand-in calls them.
func (p *player) knownHere() map[string]bool {
	out := map[string]bool{}
	for id := range p.known {
		if ours, mapped := p.ids.recorded[id]; mapped {
			out[ours] = true
		} else {
			out[id] = true
		}
	}
	return out
}
