package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
)

// APIError is an error answer of the Management API.
type APIError struct {
	StatusCode int    `json:"statusCode"`
	Title      string `json:"error"`
	Message    string `json:"message"`
	// ErrorCode is missing in many of Auth0's answers.
	ErrorCode string `json:"errorCode,omitempty"`
}

func (e *APIError) Error() string { return e.Message }

// NewError returns an answer of a status; its title is that of the status.
func NewError(status int, errorCode, format string, args ...any) *APIError {
	return &APIError{
		StatusCode: status, Title: http.StatusText(status),
		Message: fmt.Sprintf(format, args...), ErrorCode: errorCode,
	}
}

// InvalidBody refuses a body, with status 400.
func InvalidBody(format string, args ...any) *APIError {
	return NewError(http.StatusBadRequest, "invalid_body", format, args...)
}

// InvalidProperty refuses a property of a body, with status 400.
func InvalidProperty(property, description, format string, args ...any) *APIError {
	return InvalidBody("Payload validation error: '%s' on property %s%s.",
		fmt.Sprintf(format, args...), property, inParentheses(description))
}

// InvalidQuery refuses a parameter of a query, with status 400.
func InvalidQuery(property, description, format string, args ...any) *APIError {
	return NewError(http.StatusBadRequest, "invalid_query_string", "Query validation error: '%s' on property %s%s.",
		fmt.Sprintf(format, args...), property, inParentheses(description))
}

func inParentheses(description string) string {
	if description == "" {
		return ""
	}
	return " (" + description + ")"
}

// NotFound answers 404.
func NotFound(errorCode, message string) *APIError {
	return NewError(http.StatusNotFound, errorCode, "%s", message)
}

// IsAPIError tells whether an error is an answer of its own.
func IsAPIError(err error) bool {
	var answer *APIError
	return errors.As(err, &answer)
}

// WriteError answers with an error of the Management API, or with 500.
func WriteError(w http.ResponseWriter, err error) {
	var failed *APIError
	if !errors.As(err, &failed) {
		failed = NewError(http.StatusInternalServerError, "", "%s", err.Error())
	}
	WriteJSON(w, failed.StatusCode, failed)
}

// WriteJSON answers with a body.
func WriteJSON(w http.ResponseWriter, status int, body any) {
	raw, err := json.Marshal(body)
	if err != nil { // the bodies are made of JSON's own types
		http.Error(w, "encode the answer", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(raw) // a client that has gone needs no answer
}

// MaxBody is the largest request body that is read.
const MaxBody = 1 << 20

// DecodeStrict decodes JSON and refuses fields that the value does not have.
func DecodeStrict(raw []byte, into any) error {
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
