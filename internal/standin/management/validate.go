package management

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/mail"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/seatwarden/seatwarden/internal/standin/wire"
)

// The names that Auth0's validation messages give to JSON's types.
const (
	typeString  = "string"
	typeBoolean = "boolean"
	typeInteger = "integer"
	typeObject  = "object"
	typeArray   = "array"
)

// schema says what a JSON value of a request may be, as far as the Management
// API checks it.
type schema struct {
	kind        string
	description string
	nullable    bool
	required    bool
	// min and max bound a string's characters, an integer, an array's items
	// or an object's properties; max 0 is no bound.
	min, max int
	pattern  *regexp.Regexp
	// patternText is how Auth0 writes the pattern, if not as Go does.
	patternText string
	email       bool
	enum        []string
	items       *schema
	// properties of an object; no others are allowed, unless any is set.
	properties map[string]schema
	any        bool
	// values of an object's further properties; implies any.
	values *schema
}

// decode validates the request's body and stores it in into.
func (c *call) decode(s schema, into any) error {
	var value any
	if len(c.body) > 0 {
		decoder := json.NewDecoder(bytes.NewReader(c.body))
		decoder.UseNumber()
		if err := decoder.Decode(&value); err != nil {
			return wire.InvalidBody("Invalid request payload JSON format")
		}
	}
	if err := s.check("", value); err != nil {
		return err
	}
	if err := json.Unmarshal(c.body, into); err != nil {
		return fmt.Errorf("decode a valid body: %w", err)
	}
	return nil
}

// check returns the first violation in the words that Auth0 uses.
func (s schema) check(path string, value any) error {
	if value == nil && (s.nullable || s.kind == "") {
		return nil
	}
	found := typeOf(value)
	if s.kind != "" && found != s.kind {
		return s.violation(path, "Expected type %s but found type %s", s.kind, found)
	}
	switch v := value.(type) {
	case string:
		return s.checkString(path, v)
	case json.Number:
		n, _ := v.Int64() // typeOf found an integer, or the kind is free
		return s.checkInteger(path, int(n))
	case []any:
		return s.checkArray(path, v)
	case map[string]any:
		return s.checkObject(path, v)
	}
	return nil
}

func (s schema) violation(path, format string, args ...any) error {
	message := fmt.Sprintf(format, args...)
	if path == "" {
		return wire.InvalidBody("Payload validation error: '%s'.", message)
	}
	return wire.InvalidProperty(path, s.description, "%s", message)
}

func typeOf(value any) string {
	switch v := value.(type) {
	case nil:
		return "null"
	case string:
		return typeString
	case bool:
		return typeBoolean
	case json.Number:
		if _, err := v.Int64(); err != nil {
			return "number"
		}
		return typeInteger
	case []any:
		return typeArray
	default:
		return typeObject
	}
}

func (s schema) checkString(path, v string) error {
	length := utf8.RuneCountInString(v)
	switch {
	case length < s.min:
		return s.violation(path, "String is too short (%d chars), minimum %d", length, s.min)
	case s.max > 0 && length > s.max:
		return s.violation(path, "String is too long (%d chars), maximum %d", length, s.max)
	case s.pattern != nil && !s.pattern.MatchString(v):
		return s.violation(path, "String does not match pattern %s: %s", cmp.Or(s.patternText, s.pattern.String()), v)
	case len(s.enum) > 0 && !slices.Contains(s.enum, v):
		return s.violation(path, "No enum match for: %s", v)
	case s.email && !isEmail(v):
		return s.violation(path, "Object didn't pass validation for format email: %s", v)
	}
	return nil
}

func isEmail(v string) bool {
	address, err := mail.ParseAddress(v)
	return err == nil && address.Address == v
}

func (s schema) checkInteger(path string, v int) error {
	switch {
	case v < s.min:
		return s.violation(path, "Value %d is less than minimum %d", v, s.min)
	case s.max > 0 && v > s.max:
		return s.violation(path, "Value %d is greater than maximum %d", v, s.max)
	}
	return nil
}

func (s schema) checkArray(path string, v []any) error {
	switch {
	case len(v) < s.min:
		return s.violation(path, "Array is too short (%d), minimum %d", len(v), s.min)
	case s.max > 0 && len(v) > s.max:
		return s.violation(path, "Array is too long (%d), maximum %d", len(v), s.max)
	case s.items == nil:
		return nil
	}
	for i, item := range v {
		if err := s.items.check(fmt.Sprintf("%s[%d]", path, i), item); err != nil {
			return err
		}
	}
	return nil
}

func (s schema) checkObject(path string, v map[string]any) error {
	for _, name := range slices.Sorted(maps.Keys(s.properties)) {
		if _, given := v[name]; !given && s.properties[name].required {
			return s.violation(path, "Missing required property: %s", name)
		}
	}
	if s.max > 0 && len(v) > s.max {
		return s.violation(path, "Too many properties defined (%d), maximum %d", len(v), s.max)
	}
	for _, name := range slices.Sorted(maps.Keys(v)) {
		property, known := s.properties[name]
		switch {
		case known:
		case s.values != nil:
			property = *s.values
			if len(name) > 255 {
				return s.violation(path, "Property name is too long (%d chars), maximum 255", len(name))
			}
		case s.any:
			continue
		default:
			return s.violation(path, "Additional properties not allowed: %s", name)
		}
		if err := property.check(strings.TrimPrefix(path+"."+name, "."), v[name]); err != nil {
			return err
		}
	}
	return nil
}
