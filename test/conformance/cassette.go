package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"sigs.k8s.io/yaml"
)

// cassette is one recording: calls in the order in which they were made.
type cassette struct {
	// name is the file's path below the folder of recordings, without suffix.
	name  string
	calls []call
}

// call is one recorded request and its response.
type call struct {
	method string
	url    *url.URL
	body   string
	// contentType of the request; may be empty.
	contentType string
	status      int
	// answer is the response's body.
	answer string
}

// path is the escaped path below the Management API's prefix.
func (c call) path() string { return strings.TrimPrefix(c.url.EscapedPath(), "/api/v2") }

// cassetteFile is what go-vcr v2 writes, as far as it is read here.
type cassetteFile struct {
	Interactions []struct {
		Request struct {
			Method  string              `json:"method"`
			URL     string              `json:"url"`
			Body    string              `json:"body"`
			Headers map[string][]string `json:"headers"`
		} `json:"request"`
		Response struct {
			Code int    `json:"code"`
			Body string `json:"body"`
		} `json:"response"`
	} `json:"interactions"`
}

// readCassettes reads all recordings of Management API calls below a folder,
// sorted by name.
func readCassettes(folder string) ([]cassette, error) {
	var out []cassette
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(path) != ".yaml" {
			return err
		}
		relative, err := filepath.Rel(folder, path)
		if err != nil {
			return err
		}
		read, err := readCassette(path)
		if err != nil {
			return fmt.Errorf("%s: %w", relative, err)
		}
		read.name = strings.TrimSuffix(filepath.ToSlash(relative), ".yaml")
		if len(read.calls) > 0 {
			out = append(out, read)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the recordings: %w", err)
	}
	if len(out) == 0 {
		return nil, errors.New("there are no recordings in " + folder)
	}
	return out, nil
}

func readCassette(path string) (cassette, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return cassette{}, err
	}
	var file cassetteFile
	if err := yaml.Unmarshal(raw, &file); err != nil {
		return cassette{}, err
	}
	var out cassette
	for _, i := range file.Interactions {
		address, err := url.Parse(i.Request.URL)
		if err != nil {
			return cassette{}, err
		}
		if !strings.HasPrefix(address.Path, "/api/v2/") {
			continue
		}
		recorded := call{
			method: i.Request.Method, url: address, body: i.Request.Body,
			status: i.Response.Code, answer: i.Response.Body,
		}
		if types := i.Request.Headers["Content-Type"]; len(types) > 0 {
			recorded.contentType = types[0]
		}
		out.calls = append(out.calls, recorded)
	}
	return out, nil
}
