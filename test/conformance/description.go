package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// description is the official OpenAPI description of the Management API. It is
// no part of this repository: who has it names the file.
type description struct {
	document any
	compiler *jsonschema.Compiler
	paths    map[string]map[string]any
	compiled map[string]*jsonschema.Schema
	// recorded are the violations of recorded answers, by schema.
	recorded map[*jsonschema.Schema]map[string]bool

	valid, disagree, missing int
	invalid                  []string
}

const descriptionURL = "file:///description.json"

func readDescription(file string) (*description, error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		return nil, fmt.Errorf("read the description: %w", err)
	}
	d := &description{
		document: document, compiler: jsonschema.NewCompiler(),
		paths: map[string]map[string]any{}, compiled: map[string]*jsonschema.Schema{},
		recorded: map[*jsonschema.Schema]map[string]bool{},
	}
	d.compiler.UseRegexpEngine(lenientRegexp)
	if err := d.compiler.AddResource(descriptionURL, document); err != nil {
		return nil, fmt.Errorf("read the description: %w", err)
	}
	root, _ := document.(map[string]any)
	paths, _ := root["paths"].(map[string]any)
	for path, item := range paths {
		if methods, ok := item.(map[string]any); ok {
			d.paths[path] = methods
		}
	}
	if len(d.paths) == 0 {
		return nil, errors.New("read the description: it has no paths")
	}
	return d, nil
}

// anyText stands for patterns with a look-ahead, which Go does not know.
type anyText string

func (anyText) MatchString(string) bool { return true }
func (a anyText) String() string        { return string(a) }

func lenientRegexp(pattern string) (jsonschema.Regexp, error) {
	compiled, err := regexp.Compile(pattern)
	if err != nil {
		return anyText(pattern), nil //nolint:nilerr // see anyText
	}
	return compiled, nil
}

// learn notes where the recorded answers break the description.
func (d *description) learn(cassettes []cassette) error {
	if d == nil {
		return nil
	}
	for _, file := range cassettes {
		for _, c := range file.calls {
			if _, inScope := resourceOf(c); !inScope || !hasBody(c, []byte(c.answer)) {
				continue
			}
			schema, err := d.schemaFor(c)
			if err != nil {
				return err
			}
			if schema == nil {
				continue
			}
			found, err := violations(schema, []byte(c.answer))
			if err != nil {
				return fmt.Errorf("%s: %w", file.name, err)
			}
			if d.recorded[schema] == nil {
				d.recorded[schema] = map[string]bool{}
			}
			for violation := range found {
				d.recorded[schema][violation] = true
			}
		}
	}
	return nil
}

func hasBody(c call, answer []byte) bool {
	return !blackened(c) && c.status < http.StatusMultipleChoices && len(bytes.TrimSpace(answer)) > 0
}

// check validates the stand-in's answer to a call. A violation that recorded
// answers have too is no fault of the stand-in: there the description and the
// recordings disagree.
func (d *description) check(file string, c call, ours []byte) error {
	if d == nil || !hasBody(c, ours) {
		return nil
	}
	schema, err := d.schemaFor(c)
	if err != nil {
		return err
	}
	if schema == nil {
		d.missing++
		return nil
	}
	found, err := violations(schema, ours)
	if err != nil {
		return err
	}
	agreed := true
	for _, violation := range slices.Sorted(maps.Keys(found)) {
		if !d.recorded[schema][violation] {
			agreed = false
			d.invalid = append(d.invalid, fmt.Sprintf("%s: %s %s: %s", file, c.method, c.path(), violation))
		}
	}
	switch {
	case len(found) == 0:
		d.valid++
	case agreed:
		d.disagree++
	}
	return nil
}

// schemaFor returns the schema of a call's answer, nil if the description has none.
func (d *description) schemaFor(c call) (*jsonschema.Schema, error) {
	template := d.template(c.path())
	method := strings.ToLower(c.method)
	for _, status := range []int{c.status, http.StatusOK, http.StatusCreated, http.StatusAccepted} {
		pointer := strings.Join([]string{
			"", "paths", escapePointer(template), method, "responses", strconv.Itoa(status), "content", "application~1json", "schema",
		}, "/")
		if template == "" || !d.has(pointer) {
			continue
		}
		if d.compiled[pointer] == nil {
			compiled, err := d.compiler.Compile(descriptionURL + "#" + pointer)
			if err != nil {
				return nil, fmt.Errorf("read the description of %s %s: %w", c.method, template, err)
			}
			d.compiled[pointer] = compiled
		}
		return d.compiled[pointer], nil
	}
	return nil, nil
}

func escapePointer(segment string) string {
	return strings.ReplaceAll(strings.ReplaceAll(segment, "~", "~0"), "/", "~1")
}

// has tells whether a JSON pointer leads somewhere.
func (d *description) has(pointer string) bool {
	at := d.document
	for _, segment := range strings.Split(pointer, "/")[1:] {
		object, ok := at.(map[string]any)
		if !ok {
			return false
		}
		if at, ok = object[strings.ReplaceAll(strings.ReplaceAll(segment, "~1", "/"), "~0", "~")]; !ok {
			return false
		}
	}
	return true
}

// template returns the described path that a path is of, the most literal one.
func (d *description) template(path string) string {
	best, fewest := "", -1
	segments := strings.Split(path, "/")
	for candidate := range d.paths {
		names := strings.Split(candidate, "/")
		if len(names) != len(segments) {
			continue
		}
		placeholders, fits := 0, true
		for i, name := range names {
			if strings.HasPrefix(name, "{") {
				placeholders++
			} else if name != segments[i] {
				fits = false
				break
			}
		}
		if fits && (fewest < 0 || placeholders < fewest) {
			best, fewest = candidate, placeholders
		}
	}
	return best
}

// violations returns where and how a JSON text breaks a schema, without indexes.
func violations(schema *jsonschema.Schema, raw []byte) (map[string]bool, error) {
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		return nil, err
	}
	found := map[string]bool{}
	var invalid *jsonschema.ValidationError
	if err := schema.Validate(value); errors.As(err, &invalid) {
		collect(invalid, found)
	}
	return found, nil
}

func collect(e *jsonschema.ValidationError, found map[string]bool) {
	if len(e.Causes) > 0 {
		for _, cause := range e.Causes {
			collect(cause, found)
		}
		return
	}
	place := "$"
	for _, segment := range e.InstanceLocation {
		if _, err := strconv.Atoi(segment); err == nil {
			place += "[]"
		} else {
			place += "." + segment
		}
	}
	found[place+" breaks "+strings.Join(e.ErrorKind.KeywordPath(), "/")+" of "+strings.TrimPrefix(e.SchemaURL, descriptionURL)] = true
}

// print tells how the answers fare, and whether all is well.
func (d *description) print(w io.Writer) bool {
	if d == nil {
		_, _ = fmt.Fprintln(w, "official description: not at hand; name its file in SEATWARDEN_OPENAPI to check the answers against it")
		return true
	}
	for _, violation := range d.invalid {
		_, _ = fmt.Fprintln(w, "  invalid:", violation)
	}
	_, _ = fmt.Fprintf(w, "official description: %d answers valid, %d where it and the recordings disagree, %d without a schema, %d violations\n",
		d.valid, d.disagree, d.missing, len(d.invalid))
	return len(d.invalid) == 0
}
