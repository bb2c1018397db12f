package standin

import (
	"slices"
	"strings"
)

func (c *call) bindingItem(b Binding) map[string]any {
	return map[string]any{
		"id": b.ID, "trigger_id": c.param("triggerId"), "display_name": b.DisplayName,
		"action":     actionReference(c.t.actions.get(b.ActionID)),
		"created_at": preciseTime(b.CreatedAt), "updated_at": preciseTime(b.UpdatedAt),
	}
}

func listBindings(c *call) (any, error) {
	if err := c.query.allow(); err != nil {
		return nil, err
	}
	return actionPage(c, "bindings", c.t.bindings[c.param("triggerId")], c.bindingItem)
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
	bindings := []Binding{}
	items := []map[string]any{}
	for _, given := range body.Bindings {
		b, err := c.bind(given)
		if err != nil {
			return nil, err
		}
		bindings = append(bindings, b)
		items = append(items, c.bindingItem(b))
	}
	c.t.bindings[c.param("triggerId")] = bindings
	return map[string]any{"bindings": items}, nil
}

// bind resolves a reference; a binding that stands already is kept.
func (c *call) bind(given bindingBody) (Binding, error) {
	trigger := c.param("triggerId")
	old := c.t.bindings[trigger]
	if given.Ref.Type == "binding_id" {
		i := slices.IndexFunc(old, func(b Binding) bool { return b.ID == given.Ref.Value })
		if i < 0 {
			return Binding{}, notFound("", "That binding does not exist.")
		}
		return old[i].renamed(given.DisplayName, c.now), nil
	}
	a := c.t.actions.find(func(a *Action) bool {
		return given.Ref.Type == "action_id" && a.ID == given.Ref.Value || given.Ref.Type == "action_name" && a.Name == given.Ref.Value
	})
	switch {
	case a == nil:
		return Binding{}, notFound("", messageNoAction)
	case a.Trigger.ID != trigger:
		return Binding{}, newError(400, "", "The action does not support the trigger %s.", trigger)
	case a.Deployed == nil:
		return Binding{}, newError(400, "", "An action must be deployed before it can be bound to a trigger.")
	}
	if i := slices.IndexFunc(old, func(b Binding) bool { return b.ActionID == a.ID }); i >= 0 {
		return old[i].renamed(given.DisplayName, c.now), nil
	}
	name := strings.TrimSpace(given.DisplayName)
	if name == "" {
		name = a.Name
	}
	return Binding{ID: newUUID(), ActionID: a.ID, DisplayName: name, CreatedAt: c.now, UpdatedAt: c.now}, nil
}
