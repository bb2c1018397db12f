package view

import (
	"cmp"
	"fmt"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
)

// Plan is what mode Observe keeps from being done.
type Plan struct {
	Customer string `json:"customer"`
	// Mode in effect: Manage, Observe or Paused.
	Mode string `json:"mode"`
	// Count is how many calls there are in all; Calls may be fewer.
	Count int    `json:"count"`
	Calls []Call `json:"calls"`
}

// Call is one call to Auth0.
type Call struct {
	Route string `json:"route"`
	About string `json:"about,omitempty"`
}

// OfPlan gathers what is planned for a Customer and its Members.
func OfPlan(customer *v1alpha1.Customer, members []v1alpha1.Member) *Plan {
	plan := &Plan{Customer: customer.Name, Mode: cmp.Or(NothingTaken(customer), string(v1alpha1.ModeManage)), Count: int(customer.Status.PlannedCount), Calls: []Call{}}
	known := map[Call]bool{}
	add := func(planned []v1alpha1.PlannedCall) {
		for _, call := range planned {
			row := Call{Route: call.Route, About: call.About}
			if !known[row] {
				known[row] = true
				plan.Calls = append(plan.Calls, row)
			}
		}
	}
	add(customer.Status.Planned)
	for i := range members {
		add(members[i].Status.Planned)
	}
	plan.Count = max(plan.Count, len(plan.Calls))
	return plan
}

// Text is what a person reads.
func (p *Plan) Text(colour bool) string {
	switch p.Mode {
	case string(v1alpha1.ModeManage):
		return fmt.Sprintf("Customer %s is under mode Manage: what is to be done is done, and nothing is planned.\nTo see it first, set spec.mode to Observe.\n", p.Customer)
	case string(v1alpha1.ModePaused):
		return fmt.Sprintf("Customer %s is under mode Paused: the operator does not look, so nothing is planned.\n", p.Customer)
	}
	if p.Count == 0 {
		return fmt.Sprintf("Customer %s is under mode Observe: nothing is to be done.\n", p.Customer)
	}
	table := &Table{Headers: []string{"CALL", "ABOUT"}}
	for _, call := range p.Calls {
		table.Add(call.Route, dash(call.About))
	}
	text := table.String("", colour)
	if more := p.Count - len(p.Calls); more > 0 {
		text += fmt.Sprintf("… and %d more\n", more)
	}
	return text
}
