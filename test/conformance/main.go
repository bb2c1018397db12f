package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	_ "github.com/auth0/go-auth0" // its module carries the recordings
)

const recordingsModule = "github.com/auth0/go-auth0"

func main() {
	verbose := flag.Bool("v", false, "print every call that differs")
	only := flag.String("run", "", "replay only the files whose name holds this text; excuses that explain nothing pass then")
	excuseFile := flag.String("excuses", "excuses.yaml", "the file of excuses")
	openAPI := flag.String("openapi", os.Getenv("SEATWARDEN_OPENAPI"), "the file of the official OpenAPI description, in JSON, if it is at hand")
	flag.Parse()
	ok, err := run(options{only: *only, excuses: *excuseFile, openAPI: *openAPI, verbose: *verbose})
	if err != nil {
		fmt.Fprintln(os.Stderr, "conformance:", err)
	}
	if err != nil || !ok {
		os.Exit(1)
	}
}

type options struct {
	only, excuses, openAPI string
	verbose                bool
}

// run replays all recordings and prints the report; ok is false if a
// difference is left unexplained or an excuse explains none.
func run(o options) (ok bool, err error) {
	excuses, err := readExcuses(o.excuses)
	if err != nil {
		return false, err
	}
	folder, err := recordings()
	if err != nil {
		return false, err
	}
	cassettes, err := readCassettes(folder)
	if err != nil {
		return false, err
	}
	for _, e := range excuses {
		if err := e.checkSeenIn(cassettes); err != nil {
			return false, err
		}
	}
	var d *description
	if o.openAPI != "" {
		if d, err = readDescription(o.openAPI); err != nil {
			return false, err
		}
	}
	if err := d.learn(cassettes); err != nil {
		return false, err
	}
	report := newReport(excuses)
	for _, c := range cassettes {
		if !strings.Contains(c.name, o.only) {
			continue
		}
		results, err := replay(c, d)
		if err != nil {
			return false, err
		}
		report.add(results)
	}
	ok = report.print(os.Stdout, o.verbose, o.only == "")
	return d.print(os.Stdout) && ok, nil
}

// recordings returns the folder of the recordings in the module cache.
func recordings() (string, error) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", recordingsModule).Output()
	if err != nil {
		return "", fmt.Errorf("find the module %s: %w", recordingsModule, err)
	}
	return filepath.Join(strings.TrimSpace(string(out)), "test", "data", "recordings"), nil
}
