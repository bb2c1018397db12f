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
		metadata, _ := object["metadata"].(map[string]any)
		r.named(object["kind"], metadata["name"])
		r.collect(object, "")
	}
	return r
}

// named numbers the name of a Member or a Removal.
func (r *Redactor) named(kind, name any) {
	text, _ := name.(string)
	if text != "" && (kind == "Member" || kind == "Removal") {
		r.numbered(r.members, text, strings.ToLower(fmt.Sprint(kind)))
	}
}

// collect finds names of Members and Removals that are there no more, and the ids of users.
func (r *Redactor) collect(value any, key string) {
	switch v := value.(type) {
	case map[string]any:
		// A Removal names the Member that it is of, and those that it carries.
		if name, ok := v["name"].(string); ok && (key == "member" || key == "carries") {
			r.numbered(r.members, name, "member")
		}
		r.named(v["kind"], v["name"]) // whom an Event is about
		for k, below := range v {
			if id, ok := below.(string); ok && id != "" && (isUser(k) || key == "sample" && k == "id") {
				r.numbered(r.users, id, "user")
			}
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
		for _, found := range objectNames.FindAllStringSubmatch(v, -1) {
			r.named(found[1], strings.TrimRight(found[2], "."))
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
	case key == "email":
		return r.numbered(r.persons, ownership.FoldEmail(value), "person")
	case isUser(key) || parent == "sample" && key == "id":
		return r.numbered(r.users, value, "user")
	case key == "person" || key == "movedFrom":
		// A hash of an address can be guessed.
		return "redacted"
	case key == "name" && (parent == "customerRef" || parent == "tenantRef" || parent == "secretRef"):
		return value
	}
	return r.text(value)
}

// isUser tells whether the id of a user stands under a key.
func isUser(key string) bool { return key == "userID" || key == "usedUpBy" }

var (
	objectNames = regexp.MustCompile(`\b(Member|Removal) ([a-z0-9.-]+)`)
	// userIDs are those of Auth0: the strategy, a bar and what follows.
	userIDs = regexp.MustCompile(`\b[a-z0-9-]+\|[^\s,;"]+`)
	emails  = regexp.MustCompile(`[^\s"<>|,;:()\[\]]+@[A-Za-z0-9.-]+`)
	words   = regexp.MustCompile(`[a-z0-9]([a-z0-9.-]*[a-z0-9])?`)
)

// text is a text without addresses and names of Members.
func (r *Redactor) text(text string) string {
	text = userIDs.ReplaceAllStringFunc(text, func(id string) string { return r.numbered(r.users, strings.TrimRight(id, ".:"), "user") })
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
