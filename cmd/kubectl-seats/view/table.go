// Package view turns Seatwarden's objects into what a person reads: rows, texts
// and a form for JSON and YAML. It is pure: objects and the time come in, and
// nothing is read or written.
package view

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Tone is how a cell is meant, for terminals with colour.
type Tone int

const (
	// Plain says nothing.
	Plain Tone = iota
	// Good is as it should be.
	Good
	// Pending waits for something.
	Pending
	// Bad needs a person.
	Bad
	// Heading is a headline.
	Heading
)

// codes are the terminal's colours.
var codes = map[Tone]string{Good: "\x1b[32m", Pending: "\x1b[33m", Bad: "\x1b[31m", Heading: "\x1b[1m"}

// Cell is one field of a table.
type Cell struct {
	Text string
	Tone Tone
}

// Table is what is printed under headers.
type Table struct {
	Headers []string
	Rows    [][]Cell
}

// Add appends a row of plain cells.
func (t *Table) Add(texts ...string) {
	row := make([]Cell, 0, len(texts))
	for _, text := range texts {
		row = append(row, Cell{Text: text})
	}
	t.Rows = append(t.Rows, row)
}

// Paint colours a text if colours are wanted.
func Paint(colour bool, tone Tone, text string) string {
	if code := codes[tone]; colour && code != "" && text != "" {
		return code + text + "\x1b[0m"
	}
	return text
}

// Clean takes what would steer a terminal out of a text, and line breaks.
func Clean(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t' || r == '\r':
			return ' '
		case !unicode.IsPrint(r):
			return -1
		}
		return r
	}, text)
}

// String lays the table out as kubectl does, each line behind the indent.
func (t *Table) String(indent string, colour bool) string {
	rows := t.Rows
	if len(t.Headers) > 0 {
		headers := Table{}
		headers.Add(t.Headers...)
		rows = append(headers.Rows, rows...)
	}
	var widths []int
	for _, row := range rows {
		for i := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(Clean(row[i].Text)))
		}
	}
	var out strings.Builder
	for _, row := range rows {
		line := indent
		for i, cell := range row {
			text := Clean(cell.Text)
			gap := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(text)+3)
			line += Paint(colour, cell.Tone, text) + gap
		}
		out.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	return out.String()
}

// Short cuts a text to a number of characters.
func Short(text string, most int) string {
	runes := []rune(text)
	if len(runes) <= most {
		return text
	}
	return strings.TrimRight(string(runes[:most-1]), " ") + "…"
}
