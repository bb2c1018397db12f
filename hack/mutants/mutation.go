package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"
)

// promises are those of SECURITY.md.
var promises = []string{"Seats", "Removal", "Access", "OneMail", "Domains", "HandsOff", "Secrets"}

// Mutation is one place in the code that is broken on purpose.
type Mutation struct {
	// Name is unique.
	Name string `json:"name"`
	// Promise that the code no longer keeps.
	Promise string `json:"promise"`
	// File is the one that is broken, below the project's root.
	File string `json:"file"`
	// Find is a text that stands exactly once in the file.
	Find string `json:"find"`
	// Replace stands there instead; it may be empty.
	Replace string `json:"replace"`
	// Package is that of the test, as go test takes it.
	Package string `json:"package"`
	// Test is the name of the test that must fail.
	Test string `json:"test"`
	// Why the promise is broken, in one line.
	Why string `json:"why"`
}

// load reads the mutations and checks that each is complete.
func load(path string) ([]Mutation, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the mutations (run this in the project's root): %w", err)
	}
	var mutations []Mutation
	if err := yaml.UnmarshalStrict(text, &mutations); err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	names := map[string]bool{}
	for i, m := range mutations {
		if err := m.check(); err != nil {
			return nil, fmt.Errorf("mutation %d (%s) in %s: %w", i+1, m.Name, path, err)
		}
		if names[m.Name] {
			return nil, fmt.Errorf("two mutations in %s have the name %s", path, m.Name)
		}
		names[m.Name] = true
	}
	return mutations, nil
}

func (m Mutation) check() error {
	for field, value := range map[string]string{
		"name": m.Name, "file": m.File, "find": m.Find, "package": m.Package, "test": m.Test, "why": m.Why,
	} {
		if strings.TrimSpace(value) == "" {
			return fmt.Errorf("%s is missing", field)
		}
	}
	switch {
	case !slices.Contains(promises, m.Promise):
		return fmt.Errorf("%q is none of the promises", m.Promise)
	case !filepath.IsLocal(m.File) || strings.HasSuffix(m.File, "_test.go"):
		return errors.New("the file must be one of the project's, and no test")
	case m.Find == m.Replace:
		return errors.New("find and replace are the same")
	}
	return nil
}

// apply returns the file's content with the mutation in it.
func (m Mutation) apply() ([]byte, error) {
	content, err := os.ReadFile(m.File)
	if err != nil {
		return nil, fmt.Errorf("read the file to break: %w", err)
	}
	if found := strings.Count(string(content), m.Find); found != 1 {
		return nil, fmt.Errorf("its text is found %d times in %s, and must be found once", found, m.File)
	}
	return []byte(strings.Replace(string(content), m.Find, m.Replace, 1)), nil
}
