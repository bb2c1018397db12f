package view

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/seatwarden/seatwarden/internal/ownership"
)

// Redactor takes people out of objects: addresses, names of Members and ids of users. The
// same person has the same number everywhere.
type Redactor struct {
	persons, members, users map[string]string
}

// NewRedactor knows the objects whose names tell of people: Members are called after
// addresses.
func NewRedactor(objects []map[string]any) *Redactor {
	r := &Redactor{persons: map[string]string{}, members: map[string]string{}, users: map[string]string{}}
	for _, object := range objects {
		if kind := object["kind"]; kind == "Member" || kind == "Removal" {
			metadata, _ := object["metadata"].(map[string]any)
			name, _ := metadata["name"].(string)
			r.numbered(r.members, name, strings.ToLower(fmt.Sprint(kind)))
		}
		r.collect(object, "")
	}
	return r
}

// collect finds names of Members that are there no more.
func (r *Redactor) collect(value any, key string) {
	switch v := value.(type) {
	case map[string]any:
		// A Removal names the Member that it is of, and those that it carries.
		if name, ok := v["name"].(string); ok && (key == "member" || key == "carries") {
			r.numbered(r.members, name, "member")
		}
		for k, below := range v {
			r.collect(below, k)
		}
	case []any:
		for _, item := range v {
			r.collect(item, key)
		}
	case string:
		if key == "member" && v != "" {
			r.numbered(r.members, v, "member")
		}
	}
}

func (r *Redactor) numbered(known map[string]string, what, prefix string) string {
	if known[what] == "" {
		known[what] = fmt.Sprintf("%s-%d", prefix, len(known)+1)
	}
	return known[what]
}

// Redact is an object without what tells of people, nor what other programs noted on it.
func (r *Redactor) Redact(object map[string]any) map[string]any {
	metadata, _ := object["metadata"].(map[string]any)
	delete(metadata, "managedFields")
	delete(metadata, "labels")
	delete(metadata, "ownerReferences")
	if annotations, ok := metadata["annotations"].(map[string]any); ok {
		for key := range annotations {
			if !strings.HasPrefix(key, "seatwarden.dev/") {
				delete(annotations, key)
			}
		}
	}
	if object["kind"] == "Event" {
		metadata["name"] = "redacted"
	}
	redacted, _ := r.walk(object, "", "").(map[string]any)
	return redacted
}

// walk redacts a value; parent and key say where it stands.
func (r *Redactor) walk(value any, parent, key string) any {
	switch v := value.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, below := range v {
			out[r.text(k)] = r.walk(below, key, k)
		}
		return out
	case []any:
		out := make([]any, 0, len(v))
		for _, item := range v {
			// Items stand under the name of the list.
			out = append(out, r.walk(item, parent, key))
		}
		return out
	case string:
		return r.field(v, parent, key)
	}
	return value
}

func (r *Redactor) field(value, parent, key string) string {
	switch {
	case value == "":
		return value
	case key == "userID" || key == "usedUpBy" || parent == "sample" && key == "id":
		return r.numbered(r.users, value, "user")
	case key == "person" || key == "movedFrom":
		// A hash of an address can be guessed.
		return "redacted"
	case key == "name" && (parent == "customerRef" || parent == "tenantRef" || parent == "secretRef"):
		return value
	}
	return r.text(value)
}

var (
	emails = regexp.MustCompile(`[^\s"'<>|,;:()\[\]{}=]+@[A-Za-z0-9.-]+`)
	words  = regexp.MustCompile(`[a-z0-9]([a-z0-9.-]*[a-z0-9])?`)
)

// text is a text without addresses and names of Members.
func (r *Redactor) text(text string) string {
	text = emails.ReplaceAllStringFunc(text, func(email string) string {
		return r.numbered(r.persons, ownership.FoldEmail(strings.TrimRight(email, ".")), "person")
	})
	return words.ReplaceAllStringFunc(text, func(word string) string {
		if number := r.members[word]; number != "" {
			return number
		}
		return word
	})
}
