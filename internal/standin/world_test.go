package standin_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/seatwarden/seatwarden/internal/standin"
)

// api calls the Management API of a stand-in by hand, so that a test sees the
// very status and body.
type api struct {
	t     *testing.T
	s     *standin.Server
	token string
}

func newAPI(t *testing.T, s *standin.Server, scopes ...string) *api {
	t.Helper()
	client, err := s.AddManagementClient(scopes...)
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	return &api{t: t, s: s, token: fetchToken(t, s, client.ClientID, client.Secret)}
}

func fetchToken(t *testing.T, s *standin.Server, id, secret string) string {
	t.Helper()
	g := NewWithT(t)
	response, err := http.PostForm(s.URL()+"/oauth/token", url.Values{
		"grant_type": {"client_credentials"}, "client_id": {id}, "client_secret": {secret}, "audience": {s.URL() + "/api/v2/"},
	})
	g.Expect(err).NotTo(HaveOccurred())
	defer func() { _ = response.Body.Close() }()
	var answer struct {
		AccessToken string `json:"access_token"`
	}
	g.Expect(json.NewDecoder(response.Body).Decode(&answer)).To(Succeed())
	g.Expect(response.StatusCode).To(Equal(http.StatusOK))
	return answer.AccessToken
}

// reply is an answer: the object that it holds, or the list.
type reply struct {
	status int
	header http.Header
	object map[string]any
	list   []any
}

func (r reply) message() string   { text, _ := r.object["message"].(string); return text }
func (r reply) errorCode() string { text, _ := r.object["errorCode"].(string); return text }
func (r reply) id() string        { text, _ := r.object["id"].(string); return text }

// items returns a list within an object.
func (r reply) items(key string) []any { list, _ := r.object[key].([]any); return list }

func (a *api) request(method, path, body string) *http.Request {
	a.t.Helper()
	var reader io.Reader
	if body != "" {
		reader = bytes.NewBufferString(body)
	}
	request, err := http.NewRequestWithContext(a.t.Context(), method, a.s.URL()+"/api/v2"+path, reader)
	NewWithT(a.t).Expect(err).NotTo(HaveOccurred())
	request.Header.Set("Authorization", "Bearer "+a.token)
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	return request
}

func (a *api) do(method, path, body string) reply {
	a.t.Helper()
	return send(a.t, a.request(method, path, body))
}

func send(t *testing.T, request *http.Request) reply {
	t.Helper()
	g := NewWithT(t)
	response, err := http.DefaultClient.Do(request)
	g.Expect(err).NotTo(HaveOccurred())
	defer func() { _ = response.Body.Close() }()
	raw, err := io.ReadAll(response.Body)
	g.Expect(err).NotTo(HaveOccurred())
	out := reply{status: response.StatusCode, header: response.Header}
	switch {
	case len(raw) == 0:
	case raw[0] == '[':
		g.Expect(json.Unmarshal(raw, &out.list)).To(Succeed())
	default:
		g.Expect(json.Unmarshal(raw, &out.object)).To(Succeed(), string(raw))
	}
	return out
}

// must calls and fails the test unless the answer has the status.
func (a *api) must(status int, method, path, body string) reply {
	a.t.Helper()
	got := a.do(method, path, body)
	NewWithT(a.t).Expect(got.status).To(Equal(status), "%s %s: %v", method, path, got.object)
	return got
}
