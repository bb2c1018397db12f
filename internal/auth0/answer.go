package auth0

import (
	"encoding/json"
	"net/http"
	"regexp"
	"unicode/utf8"
)

// answerError turns an answer that is not 2xx into an error; nil for a 2xx.
func answerError(route string, status int, body []byte) *Error {
	if status >= 200 && status < 300 {
		return nil
	}
	said := readEnvelope(body)
	failed := &Error{Kind: statusKind(status), Route: route, Status: status, Code: scrub(said.code), Detail: scrub(said.message)}
	if status == http.StatusNotFound && said.status != http.StatusNotFound {
		// A 404 counts as "done" for a removal, so it must be Auth0's own and not
		// that of a proxy or of another server.
		failed.Kind, failed.Detail = KindUnknown, "a 404 that is not in Auth0's form"
	}
	return failed
}

func statusKind(status int) Kind {
	switch {
	case status == http.StatusUnauthorized:
		return KindUnauthorized
	case status == http.StatusPaymentRequired, status == http.StatusForbidden:
		return KindForbidden
	case status == http.StatusNotFound:
		return KindNotFound
	case status == http.StatusConflict:
		return KindConflict
	case status == http.StatusTooManyRequests:
		return KindRateLimited
	case status == http.StatusRequestTimeout, status == http.StatusTooEarly:
		return KindUnknown
	case status >= 400 && status < 500:
		return KindInvalid
	}
	return KindUnknown
}

// envelope is Auth0's error body: {statusCode, error, message, errorCode} from
// the Management API, {error, error_description} from the token endpoint.
type envelope struct {
	status        int
	code, message string
}

func readEnvelope(body []byte) envelope {
	var fields map[string]any
	if json.Unmarshal(body, &fields) != nil {
		return envelope{}
	}
	text := func(name string) string { value, _ := fields[name].(string); return value }
	status, _ := fields["statusCode"].(float64)
	said := envelope{status: int(status), code: text("errorCode"), message: text("message")}
	if _, oauth := fields["error_description"]; oauth {
		said.code, said.message = text("error"), text("error_description")
	}
	return said
}

const (
	redacted      = "…"
	longestDetail = 300
)

// private matches what must not be seen in an error: URLs (their queries hold
// addresses, invitations and tickets), anything with an @ (addresses, and user
// ids made of them), and runs long enough to be a ticket, a token or a secret.
var private = regexp.MustCompile(`(?i)[a-z][a-z0-9+.-]*://\S+|\S*(?:@|%40)\S*|[?&][a-z_]+=\S+|[a-z0-9_\-.~+/=]{32,}`)

// scrub takes private data out of a text and bounds its length.
func scrub(text string) string {
	text = private.ReplaceAllString(text, redacted)
	if len(text) <= longestDetail {
		return text
	}
	cut := longestDetail
	for cut > 0 && !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut] + redacted
}
