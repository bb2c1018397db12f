package state

import (
	"encoding/json"
	"fmt"
	"time"
)

// CloneJSON copies a value of JSON's types deeply.
func CloneJSON[T any](v T) T {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("clone: %v", err)) //nolint:forbidigo // only values that came from JSON are given
	}
	var out T
	if err := json.Unmarshal(raw, &out); err != nil {
		panic(fmt.Sprintf("clone: %v", err)) //nolint:forbidigo // what was encoded from this type decodes to it
	}
	return out
}

// Timestamp formats a time as Auth0 does.
func Timestamp(t time.Time) string { return t.UTC().Format(timestampFormat) }

// Put sets a property unless the value is empty: Auth0 leaves out what is unset.
func Put(m map[string]any, name string, value any) {
	switch v := value.(type) {
	case string:
		if v == "" {
			return
		}
	case bool:
		if !v {
			return
		}
	case time.Time:
		if v.IsZero() {
			return
		}
		value = Timestamp(v)
	case []string:
		if len(v) == 0 {
			return
		}
	case map[string]any:
		if len(v) == 0 {
			return
		}
	case map[string]string:
		if len(v) == 0 {
			return
		}
	}
	m[name] = value
}

// timestampFormat is how Auth0 writes times.
const timestampFormat = "2006-01-02T15:04:05.000Z"
