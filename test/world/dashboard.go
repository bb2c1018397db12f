package world

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	. "github.com/onsi/gomega"
)

// InDashboard changes what a path of the Management API names, as an engineer
// would in Auth0's dashboard. body is JSON, empty for none.
func (w *World) InDashboard(method, path, body string) {
	w.Helper()
	engineer, err := w.Auth0.AddManagementClient()
	w.Expect(err).NotTo(HaveOccurred())
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(w.Auth0.CAPEM())
	caller := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}}
	ask, err := http.NewRequestWithContext(w.Context(), http.MethodPost, w.Auth0.URL()+"/oauth/token", strings.NewReader(url.Values{
		"grant_type": {"client_credentials"}, "client_id": {engineer.ClientID}, "client_secret": {engineer.Secret}, "audience": {w.Auth0.URL() + "/api/v2/"},
	}.Encode()))
	w.Expect(err).NotTo(HaveOccurred())
	ask.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer, err := caller.Do(ask)
	w.Expect(err).NotTo(HaveOccurred())
	defer func() { _ = answer.Body.Close() }()
	var token struct {
		Value string `json:"access_token"`
	}
	w.Expect(json.NewDecoder(answer.Body).Decode(&token)).To(Succeed())
	request, err := http.NewRequestWithContext(w.Context(), method, w.Auth0.URL()+"/api/v2"+path, strings.NewReader(body))
	w.Expect(err).NotTo(HaveOccurred())
	request.Header.Set("Authorization", "Bearer "+token.Value)
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	changed, err := caller.Do(request)
	w.Expect(err).NotTo(HaveOccurred())
	defer func() { _ = changed.Body.Close() }()
	w.Expect(changed.StatusCode).To(BeNumerically("<", 300))
}
