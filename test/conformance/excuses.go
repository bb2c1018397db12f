package main

import (
	"fmt"
	"os"
	"path"

	"sigs.k8s.io/yaml"
)

// excuse names differences that are accepted, and why.
type excuse struct {
	Name string `json:"name"`
	// Method, if given, Path, File and At are patterns of path.Match; in Path
	// the stars stand for ids, and the query is left out.
	Method string `json:"method,omitempty"`
	Path   string `json:"path"`
	File   string `json:"file,omitempty"`
	// At is the place of the difference, and Kind, if given, its kind.
	At   string `json:"at"`
	Kind string `json:"kind,omitempty"`
	Why  string `json:"why"`

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
		if e.Name == "" || e.Why == "" || e.Path == "" || e.At == "" {
			return nil, fmt.Errorf("%s: excuse %q lacks a name, a path, a place or a reason", file, e.Name)
		}
		if names[e.Name] {
			return nil, fmt.Errorf("%s: two excuses are called %q", file, e.Name)
		}
		names[e.Name] = true
	}
	return out, nil
}

// covers tells whether the excuse explains a difference.
func (e *excuse) covers(r result, d difference) bool {
	return matches(e.Method, r.call.method) && matches(e.Path, r.call.path()) && matches(e.File, r.file) &&
		matches(e.At, d.at) && (e.Kind == "" || e.Kind == d.kind)
}

// matches reports whether a value fits a pattern; the empty one fits all.
// Brackets are no classes here: places hold them.
func matches(pattern, value string) bool {
	if pattern == "" || pattern == value {
		return true
	}
	matched, err := path.Match(escapeBrackets(pattern), value)
	return err == nil && matched
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
