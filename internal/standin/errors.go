package standin

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
)

// apiError is an error answer of the Management API.
type apiError struct {
	StatusCode int    `json:"statusCode"`
	Title      string `json:"error"`
	Message    string `json:"message"`
	// ErrorCode is missing in many of Auth0's answers.
	ErrorCode string `json:"errorCode,omitempty"`
}

func (e *apiError) Error() string { return e.Message }

func newError(status int, errorCode, format string, args ...any) *apiError {
	return &apiError{
		StatusCode: status, Title: http.StatusText(status),
		Message: fmt.Sprintf(format, args...), ErrorCode: errorCode,
	}
}

func invalidBody(format string, args ...any) *apiError {
	return newError(http.StatusBadRequest, "invalid_body", format, args...)
}

func invalidProperty(property, description, format string, args ...any) *apiError {
	return invalidBody("Payload validation error: '%s' on property %s%s.",
		fmt.Sprintf(format, args...), property, inParentheses(description))
}

func invalidQuery(property, description, format string, args ...any) *apiError {
	return newError(http.StatusBadRequest, "invalid_query_string", "Query validation error: '%s' on property %s%s.",
		fmt.Sprintf(format, args...), property, inParentheses(description))
}

func inParentheses(description string) string {
	if description == "" {
		return ""
	}
	return " (" + description + ")"
}

func notFound(errorCode, message string) *apiError {
	return newError(http.StatusNotFound, errorCode, "%s", message)
}

// asAPIError tells whether an error is an answer of its own.
func asAPIError(err error) bool {
	var answer *apiError
	return errors.As(err, &answer)
}

// oauthError is an error answer of the token endpoint.
type oauthError struct {
	status      int
	Code        string `json:"error"`
	Description string `json:"error_description"`
}

// writeError answers with an error of the Management API, or with 500.
func writeError(w http.ResponseWriter, err error) {
	var failed *apiError
	if !errors.As(err, &failed) {
		failed = newError(http.StatusInternalServerError, "", "%s", err.Error())
	}
	writeJSON(w, failed.StatusCode, failed)
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	raw, err := json.Marshal(body)
	if err != nil { // the bodies are made of JSON's own types
		http.Error(w, "encode the answer", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(raw) // a client that has gone needs no answer
}

// maxBody is the largest request body that is read.
const maxBody = 1 << 20

// decodeStrict decodes JSON and refuses fields that the value does not have.
func decodeStrict(raw []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.New("more than one JSON value")
	}
	return nil
}
