package people

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

const (
	// LargestFile is how many bytes a file of people may have.
	LargestFile = 4 << 20
	// MostRows is how many people a file may have.
	MostRows = 20000
)

// columns are the headers that are understood, in lower case and without blanks,
// hyphens and underscores.
var columns = map[string][]string{
	"email": {"email", "emailaddress", "mail", "mailaddress", "useremail", "workemail", "upn", "userprincipalname", "emailadresse"},
	"roles": {"roles", "role", "auth0roles", "rollen", "rolle"},
	"name":  {"member", "membername"},
}

// ReadCSV reads a file of people: a header, and a person a row. Commas or semicolons
// separate the fields; which, the header tells. A file that cannot be read as a whole
// is refused as a whole; a row that makes no sense is refused by itself.
func ReadCSV(text []byte) ([]Person, error) {
	if len(text) > LargestFile {
		return nil, fmt.Errorf("the file has more than %d MiB: split it", LargestFile>>20)
	}
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
	switch {
	case bytes.HasPrefix(text, []byte("PK\x03\x04")):
		return nil, errors.New("this is a spreadsheet and no CSV: save it as CSV in UTF-8")
	case !utf8.Valid(text) || bytes.ContainsRune(text, 0):
		return nil, errors.New("the file is not UTF-8: save it as CSV in UTF-8")
	}
	records, lines, err := records(text)
	if err != nil {
		return nil, err
	}
	if len(records) == 0 {
		return nil, errors.New("the file is empty: its first line names the columns, of which email is required")
	}
	at, err := readHeader(records[0])
	if err != nil {
		return nil, err
	}
	if len(records)-1 > MostRows {
		return nil, fmt.Errorf("the file has %d rows, more than %d: split it", len(records)-1, MostRows)
	}
	var persons []Person
	for i, record := range records[1:] {
		person := readRow(record, at, len(records[0]))
		person.Row = lines[i+1]
		persons = append(persons, person)
	}
	return persons, nil
}

// records are the rows of the file, and the line that each begins on.
func records(text []byte) (records [][]string, lines []int, err error) {
	reader := csv.NewReader(bytes.NewReader(text))
	reader.FieldsPerRecord = -1
	reader.TrimLeadingSpace = true
	header, _, _ := bytes.Cut(text, []byte("\n"))
	for _, separator := range []rune{',', ';', '\t'} {
		if bytes.ContainsRune(header, separator) {
			reader.Comma = separator
			break
		}
	}
	for {
		record, err := reader.Read()
		switch {
		case errors.Is(err, io.EOF):
			return records, lines, nil
		case err != nil:
			return nil, nil, fmt.Errorf("the file is no CSV: %w", err)
		}
		line, _ := reader.FieldPos(0)
		records, lines = append(records, record), append(lines, line)
	}
}

// readHeader finds the columns. One that is not understood is left out, for lists come
// with more than is needed.
func readHeader(header []string) (map[string]int, error) {
	at := map[string]int{}
	for i, head := range header {
		head = strings.NewReplacer(" ", "", "-", "", "_", "").Replace(strings.ToLower(strings.TrimSpace(head)))
		for column, aliases := range columns {
			if !slices.Contains(aliases, head) {
				continue
			}
			if _, twice := at[column]; twice {
				return nil, fmt.Errorf("the header has two columns for %s: take one away", column)
			}
			at[column] = i
		}
	}
	if _, ok := at["email"]; !ok {
		return nil, fmt.Errorf("the header names no column email (it has: %s)", strings.Join(header, ", "))
	}
	return at, nil
}

func readRow(record []string, at map[string]int, fields int) Person {
	field := func(column string) string {
		i, ok := at[column]
		if !ok || i >= len(record) {
			return ""
		}
		return strings.TrimSpace(record[i])
	}
	person := Person{Email: field("email"), Name: field("name"), Roles: splitRoles(field("roles"))}
	for _, text := range append([]string{person.Email, person.Name}, person.Roles...) {
		if isFormula(text) {
			person.Refused = "holds a formula: only values are taken"
			return person
		}
	}
	if len(record) != fields {
		person.Refused = fmt.Sprintf("has %d fields where the header has %d", len(record), fields)
	}
	return person
}

// isFormula tells whether a spreadsheet would compute the text.
func isFormula(text string) bool { return text != "" && strings.ContainsRune("=+-@", rune(text[0])) }

// splitRoles takes a cell with several roles apart.
func splitRoles(cell string) []string {
	var roles []string
	for _, role := range strings.FieldsFunc(cell, func(r rune) bool { return r == ',' || r == ';' || r == '|' }) {
		if role = strings.TrimSpace(role); role != "" && !slices.Contains(roles, role) {
			roles = append(roles, role)
		}
	}
	return roles
}
