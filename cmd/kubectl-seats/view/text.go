package view

import (
	"fmt"
	"strings"
	"time"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
)

const (
	// shortMessage is how much of a message a row shows.
	shortMessage = 64
	// lastEvents is how many events are shown.
	lastEvents = 8
)

// page is a text under headings.
type page struct {
	strings.Builder
	colour bool
}

func (p *page) heading(text string) {
	if p.Len() > 0 {
		fmt.Fprint(p, "\n")
	}
	fmt.Fprint(p, Paint(p.colour, Heading, Clean(text))+"\n")
}

func (p *page) line(text string) { fmt.Fprint(p, "  "+Clean(text)+"\n") }

func (p *page) table(table *Table) { fmt.Fprint(p, table.String("  ", p.colour)) }

// Text is the page that a person reads; verbose adds conditions, whole messages and
// all events.
func (d *Details) Text(now time.Time, verbose, colour bool) string {
	p := &page{colour: colour}
	cut := func(text string) string {
		if verbose {
			return text
		}
		return Short(text, shortMessage)
	}
	d.summary(p, now)
	d.heldText(p)
	d.seats(p)
	d.connections(p)
	d.people(p, verbose, cut)
	d.removals(p, now)
	d.unmanaged(p)
	if verbose {
		p.heading("Conditions")
		table := &Table{Headers: []string{"TYPE", "STATUS", "REASON", "MESSAGE"}}
		for _, c := range d.Conditions {
			table.Add(c.Type, c.Status, c.Reason, c.Message)
		}
		p.table(table)
	}
	d.events(p, now, verbose, cut)
	return p.String()
}

func (d *Details) summary(p *page, now time.Time) {
	p.heading(fmt.Sprintf("%s (Customer %s in %s)", d.DisplayName, d.Name, d.Namespace))
	table := &Table{}
	ready := d.Ready
	if d.Message != "" {
		ready += ": " + d.Message
	}
	table.Rows = append(table.Rows, []Cell{{Text: "Status"}, {Text: d.Status}}, []Cell{{Text: "Ready"}, {Text: ready, Tone: toneOfReady(d.Ready)}})
	organization := d.Organization
	if d.OrganizationID == "" {
		organization += " (not there yet)"
	} else {
		organization += " (" + d.OrganizationID + ")"
	}
	table.Add("Organization", organization)
	table.Add("Auth0Tenant", d.Tenant)
	table.Add("Contract", d.contract(now))
	if d.Mode != string(v1alpha1.ModeManage) {
		table.Rows = append(table.Rows, []Cell{{Text: "Mode"}, {Text: d.Mode, Tone: Pending}})
	}
	if d.Deleting {
		table.Rows = append(table.Rows, []Cell{{Text: "Deletion"}, {Text: "under way", Tone: Pending}})
	}
	p.table(table)
}

// contract is when people may sign in.
func (d *Details) contract(now time.Time) string {
	text := "always"
	switch {
	case d.StartTime != nil && d.EndTime != nil:
		text = "from " + At(*d.StartTime) + " to " + At(*d.EndTime)
	case d.StartTime != nil:
		text = "from " + At(*d.StartTime)
	case d.EndTime != nil:
		text = "to " + At(*d.EndTime)
	}
	switch {
	case d.Access == string(v1alpha1.AccessSuspended):
		return text + "; suspended: nobody signs in"
	case d.StartTime != nil && now.Before(*d.StartTime):
		return text + "; has not started: nobody signs in"
	case d.EndTime != nil && !now.Before(*d.EndTime):
		return text + "; has ended: nobody signs in"
	}
	return text
}

func (d *Details) heldText(p *page) {
	if d.Held != nil {
		p.heading("Held")
		fmt.Fprint(p, "  "+Paint(p.colour, Bad, Clean(d.Held.Text()))+"\n")
		p.line("to let it happen: kubectl seats approve " + d.Name + " -n " + d.Namespace)
	}
}

// Text says what is held.
func (h *Held) Text() string {
	switch h.Of {
	case v1alpha1.HeldOrganization:
		return fmt.Sprintf("deleting the organization waits for approval: %s in it, and nothing is taken yet", counted(h.People))
	case v1alpha1.HeldUsers:
		return fmt.Sprintf("deleting the users of %s waits for approval: the organization is gone, and no user is deleted yet", counted(h.People))
	}
	return fmt.Sprintf("the removal of %s waits for approval: nothing is taken, and they sign in as before", counted(h.People))
}

func counted(n int) string {
	if n == 1 {
		return "1 person"
	}
	return fmt.Sprintf("%d people", n)
}

func (d *Details) seats(p *page) {
	p.heading("Seats")
	table := &Table{Headers: []string{"SEATS", "USED", "ACTIVE", "INVITED", "WAITING", "REMOVING", "UNMANAGED"}}
	s := d.Seats
	table.Rows = append(table.Rows, []Cell{number(s.Total), number(s.Used), number(s.Active), number(s.Invited), number(s.Waiting), number(s.Removing), number(s.Unmanaged)})
	p.table(table)
}

func (d *Details) connections(p *page) {
	p.heading("Connections")
	if len(d.Connections) == 0 {
		p.line("none is declared: people sign in with what the organization has")
		return
	}
	table := &Table{Headers: []string{"NAME", "STRATEGY", "ENABLED"}}
	for _, c := range d.Connections {
		enabled := Cell{Text: "no", Tone: Bad}
		if c.Enabled {
			enabled = Cell{Text: "yes", Tone: Good}
		}
		table.Rows = append(table.Rows, []Cell{{Text: c.Name}, {Text: dash(c.Strategy)}, enabled})
	}
	p.table(table)
}

func (d *Details) people(p *page, verbose bool, cut func(string) string) {
	p.heading("People")
	if len(d.People) == 0 {
		p.line("nobody is declared")
		return
	}
	table := &Table{Headers: []string{"MEMBER", "EMAIL", "SEAT", "STATE", "EXPIRES", "WAITS FOR"}}
	if verbose {
		table.Headers = []string{"MEMBER", "EMAIL", "SEAT", "STATE", "EXPIRES", "ROLES", "WAITS FOR"}
	}
	for _, person := range d.People {
		expires := ""
		if person.Expires != nil {
			expires = At(*person.Expires)
		}
		row := []Cell{{Text: person.Member}, {Text: person.Email}, {Text: dash(person.Seat)}, {Text: dash(person.State), Tone: toneOf(person.State)}, {Text: dash(expires)}}
		if verbose {
			row = append(row, Cell{Text: dash(strings.Join(person.Roles, ","))})
		}
		table.Rows = append(table.Rows, append(row, Cell{Text: dash(cut(person.WaitsFor))}))
	}
	p.table(table)
}

func (d *Details) removals(p *page, now time.Time) {
	p.heading("Removals")
	if len(d.Removals) == 0 {
		p.line("none")
		return
	}
	p.table(RemovalTable(d.Removals, now))
}

// RemovalTable shows people on the way out.
func RemovalTable(removals []Removal, now time.Time) *Table {
	table := &Table{Headers: []string{"EMAIL", "MEMBER", "STATE", "SINCE", ""}}
	for i := range removals {
		r := &removals[i]
		table.Rows = append(table.Rows, []Cell{{Text: r.Email}, {Text: r.Member}, {Text: r.State, Tone: r.tone()}, {Text: Ago(r.Since, now)}, {Text: r.Meaning()}})
	}
	return table
}

func (d *Details) unmanaged(p *page) {
	p.heading("People whom nobody declares")
	if len(d.Unmanaged) == 0 {
		p.line("none")
		return
	}
	table := &Table{Headers: []string{"KIND", "EMAIL", "ID"}}
	for _, person := range d.Unmanaged {
		table.Add(person.Kind, dash(person.Email), person.ID)
	}
	p.table(table)
}

func (d *Details) events(p *page, now time.Time, verbose bool, cut func(string) string) {
	p.heading("Last events")
	events := d.Events
	if !verbose && len(events) > lastEvents {
		events = events[:lastEvents]
	}
	switch {
	case d.EventsUnread != "":
		p.line(d.EventsUnread)
	case len(events) == 0:
		p.line("none")
	default:
		table := &Table{Headers: []string{"WHEN", "OBJECT", "REASON", "MESSAGE"}}
		for _, e := range events {
			reason := Cell{Text: e.Reason}
			if e.Type == "Warning" {
				reason.Tone = Bad
			}
			table.Rows = append(table.Rows, []Cell{{Text: Ago(e.At, now)}, {Text: e.Object}, reason, {Text: cut(e.Message)}})
		}
		p.table(table)
	}
}

// At is a point in time.
func At(t time.Time) string { return t.UTC().Format("2006-01-02 15:04Z") }

// Ago is how long ago something was.
func Ago(t, now time.Time) string {
	if t.IsZero() || t.After(now) {
		return "now"
	}
	return Ahead(now.Sub(t)) + " ago"
}

func dash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}
