package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path"
	"slices"

	"sigs.k8s.io/yaml"
)

// excuse names differences that are accepted, and why.
type excuse struct {
	Name string `json:"name"`
	// Methods, Paths, Files and At are patterns of path.Match, of which one must
	// fit; none fits all. In Paths a star stands for an id, and the query is left out.
	Methods []string `json:"methods,omitempty"`
	Paths   []string `json:"paths"`
	Files   []string `json:"files,omitempty"`
	// At are the places of the differences, and Kind, if given, is their kind.
	At   []string `json:"at"`
	Kind string   `json:"kind,omitempty"`
	Why  string   `json:"why"`
	// SeenIn marks a property that Auth0 added later: it names a recording that
	// shows it in the same place. Without one the excuse is not valid.
	SeenIn string `json:"seenIn,omitempty"`

	used int
}

func readExcuses(file string) ([]*excuse, error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var out []*excuse
	if err := yaml.UnmarshalStrict(raw, &out); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	names := map[string]bool{}
	for _, e := range out {
		if e.Name == "" || e.Why == "" || len(e.Paths) == 0 || len(e.At) == 0 {
			return nil, fmt.Errorf("%s: excuse %q lacks a name, a path, a place or a reason", file, e.Name)
		}
		if names[e.Name] {
			return nil, fmt.Errorf("%s: two excuses are called %q", file, e.Name)
		}
		names[e.Name] = true
	}
	return out, nil
}

// checkSeenIn refuses an excuse whose recording does not show the property.
func (e *excuse) checkSeenIn(cassettes []cassette) error {
	if e.SeenIn == "" {
		return nil
	}
	for _, c := range cassettes {
		if c.name != e.SeenIn {
			continue
		}
		for _, recorded := range c.calls {
			var answer any
			if !matches(e.Methods, recorded.method) || !matches(e.Paths, recorded.path()) || json.Unmarshal([]byte(recorded.answer), &answer) != nil {
				continue
			}
			for _, place := range places("$", answer) {
				if matches(e.At, place) {
					return nil
				}
			}
		}
	}
	return fmt.Errorf("excuse %q: the recording %s does not show %s", e.Name, e.SeenIn, e.At)
}

// places lists every place in a decoded answer.
func places(at string, value any) []string {
	out := []string{at}
	switch v := value.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			out = append(out, places(at+"."+key, v[key])...)
		}
	case []any:
		for _, item := range v {
			out = append(out, places(at+"[]", item)...)
		}
	}
	return out
}

// covers tells whether the excuse explains a difference.
func (e *excuse) covers(r result, d difference) bool {
	return matches(e.Methods, r.call.method) && matches(e.Paths, r.call.path()) && matches(e.Files, r.file) &&
		matches(e.At, d.at) && (e.Kind == "" || e.Kind == d.kind)
}

// matches reports whether a value fits one of the patterns, or there are none.
// Brackets are no classes here: places hold them.
func matches(patterns []string, value string) bool {
	for _, pattern := range patterns {
		matched, err := path.Match(escapeBrackets(pattern), value)
		if pattern == value || err == nil && matched {
			return true
		}
	}
	return len(patterns) == 0
}

func escapeBrackets(pattern string) string {
	var out []rune
	for _, r := range pattern {
		if r == '[' {
			out = append(out, '\\')
		}
		out = append(out, r)
	}
	return string(out)
}

// excused splits the differences of a result.
func excused(excuses []*excuse, r result) (left []difference, by []*excuse) {
	for _, d := range r.differences {
		covered := false
		for _, e := range excuses {
			if e.covers(r, d) {
				e.used++
				by = append(by, e)
				covered = true
				break
			}
		}
		if !covered {
			left = append(left, d)
		}
	}
	return left, by
}
