package management

import (
	"slices"
	"strings"

	"github.com/seatwarden/seatwarden/internal/standin/state"
	"github.com/seatwarden/seatwarden/internal/standin/wire"
)

func (c *call) bindingItem(b state.Binding) map[string]any {
	return map[string]any{
		"id": b.ID, "trigger_id": c.param("triggerId"), "display_name": b.DisplayName,
		"action":     actionReference(c.t.Actions.Get(b.ActionID)),
		"created_at": preciseTime(b.CreatedAt), "updated_at": preciseTime(b.UpdatedAt),
	}
}

func listBindings(c *call) (any, error) {
	if err := c.query.allow(); err != nil {
		return nil, err
	}
	return actionPage(c, "bindings", c.t.Bindings[c.param("triggerId")], c.bindingItem)
}

var bindingsSchema = schema{kind: typeObject, properties: map[string]schema{
	"bindings": {kind: typeArray, required: true, max: maxActionsBound, items: &schema{kind: typeObject, any: true, properties: map[string]schema{
		"ref": {kind: typeObject, required: true, properties: map[string]schema{
			"type":  {kind: typeString, required: true, enum: []string{"binding_id", "action_id", "action_name"}},
			"value": {kind: typeString, required: true},
		}},
		"display_name": {kind: typeString, min: 1},
	}}},
}}

type bindingBody struct {
	Ref struct {
		Type  string `json:"type"`
		Value string `json:"value"`
	} `json:"ref"`
	DisplayName string `json:"display_name"`
}

// updateBindings replaces the whole ordered list of a trigger.
func updateBindings(c *call) (any, error) {
	var body struct {
		Bindings []bindingBody `json:"bindings"`
	}
	if err := c.decode(bindingsSchema, &body); err != nil {
		return nil, err
	}
	bindings := []state.Binding{}
	items := []map[string]any{}
	for _, given := range body.Bindings {
		b, err := c.bind(given)
		if err != nil {
			return nil, err
		}
		bindings = append(bindings, b)
		items = append(items, c.bindingItem(b))
	}
	c.t.Bindings[c.param("triggerId")] = bindings
	return map[string]any{"bindings": items}, nil
}

// bind resolves a reference; a binding that stands already is kept.
func (c *call) bind(given bindingBody) (state.Binding, error) {
	trigger := c.param("triggerId")
	old := c.t.Bindings[trigger]
	if given.Ref.Type == "binding_id" {
		i := slices.IndexFunc(old, func(b state.Binding) bool { return b.ID == given.Ref.Value })
		if i < 0 {
			return state.Binding{}, wire.NotFound("", "That binding does not exist.")
		}
		return old[i].Renamed(given.DisplayName, c.now), nil
	}
	a := c.t.Actions.Find(func(a *state.Action) bool {
		return given.Ref.Type == "action_id" && a.ID == given.Ref.Value || given.Ref.Type == "action_name" && a.Name == given.Ref.Value
	})
	switch {
	case a == nil:
		return state.Binding{}, wire.NotFound("", messageNoAction)
	case a.Trigger.ID != trigger:
		return state.Binding{}, wire.NewError(400, "", "The action does not support the trigger %s.", trigger)
	case a.Deployed == nil:
		return state.Binding{}, wire.NewError(400, "", "An action must be deployed before it can be bound to a trigger.")
	}
	if i := slices.IndexFunc(old, func(b state.Binding) bool { return b.ActionID == a.ID }); i >= 0 {
		return old[i].Renamed(given.DisplayName, c.now), nil
	}
	name := strings.TrimSpace(given.DisplayName)
	if name == "" {
		name = a.Name
	}
	return state.Binding{ID: state.NewUUID(), ActionID: a.ID, DisplayName: name, CreatedAt: c.now, UpdatedAt: c.now}, nil
}
