package standin

import (
	"slices"
	"strings"
	"time"
)

const (
	maxActionCode     = 100_000
	maxActionSecrets  = 30
	maxActionsBound   = 20
	defaultRuntime    = "node22"
	messageNoAction   = "That action does not exist."
	actionPageDefault = 20
)

var actionSecretsSchema = schema{kind: typeArray, max: maxActionSecrets, items: &schema{kind: typeObject, properties: map[string]schema{
	"name":  {kind: typeString, required: true, min: 1, max: 128},
	"value": {kind: typeString, max: 4096},
	// A client may send back what it read.
	"updated_at": {kind: typeString},
}}}

func actionProperties() map[string]schema {
	return map[string]schema{
		"name": {kind: typeString, min: 1},
		"supported_triggers": {kind: typeArray, min: 1, max: 1, items: &schema{kind: typeObject, any: true, properties: map[string]schema{
			"id": {kind: typeString, required: true}, "version": {kind: typeString},
		}}},
		"code":         {kind: typeString, max: maxActionCode},
		"dependencies": {kind: typeArray, max: 10},
		"runtime":      {kind: typeString, enum: []string{"node12", "node16", "node18", "node22"}},
		"secrets":      actionSecretsSchema,
	}
}

type actionBody struct {
	Name         *string         `json:"name"`
	Triggers     []ActionTrigger `json:"supported_triggers"`
	Code         *string         `json:"code"`
	Runtime      *string         `json:"runtime"`
	Dependencies *[]any          `json:"dependencies"`
	Secrets      *[]ActionSecret `json:"secrets"`
	Deploy       bool            `json:"deploy"`
}

func (s *Server) actionRoutes(rt *router) {
	rt.add("GET", "/actions/actions", 200, "", listActions, "read:actions")
	rt.add("POST", "/actions/actions", 201, "", createAction, "create:actions")
	rt.add("GET", "/actions/actions/{id}", 200, "", getAction, "read:actions")
	rt.add("PATCH", "/actions/actions/{id}", 200, "", updateAction, "update:actions")
	rt.add("DELETE", "/actions/actions/{id}", 204, "", deleteAction, "delete:actions")
	rt.add("POST", "/actions/actions/{id}/deploy", 200, "", deployAction, "create:actions")
	rt.add("GET", "/actions/triggers/{triggerId}/bindings", 200, "", listBindings, "read:actions")
	rt.add("PATCH", "/actions/triggers/{triggerId}/bindings", 200, "", updateBindings, "update:actions")
}

// secretItems never shows a value.
func secretItems(secrets []ActionSecret) []map[string]any {
	out := []map[string]any{}
	for _, secret := range secrets {
		out = append(out, map[string]any{"name": secret.Name, "updated_at": timestamp(secret.UpdatedAt)})
	}
	return out
}

func triggerItems(t ActionTrigger) []map[string]any {
	return []map[string]any{{"id": t.ID, "version": t.Version}}
}

func versionItem(a *Action, v *ActionVersion) map[string]any {
	return map[string]any{
		"id": v.ID, "number": v.Number, "code": v.Code, "runtime": v.Runtime, "status": "built", "deployed": true,
		"dependencies": append([]any{}, v.Dependencies...), "secrets": secretItems(v.Secrets),
		"supported_triggers": triggerItems(a.Trigger),
		"created_at":         timestamp(v.CreatedAt), "updated_at": timestamp(v.CreatedAt), "built_at": timestamp(v.CreatedAt),
	}
}

// actionReference is an Action as bindings and versions show it.
func actionReference(a *Action) map[string]any {
	item := map[string]any{
		"id": a.ID, "name": a.Name, "supported_triggers": triggerItems(a.Trigger),
		"created_at": timestamp(a.CreatedAt), "updated_at": timestamp(a.UpdatedAt), "all_changes_deployed": a.allDeployed(),
	}
	if v := a.Deployed; v != nil {
		item["deployed_version"] = versionItem(a, v)
		item["current_version"] = currentVersion(v)
	}
	return item
}

func currentVersion(v *ActionVersion) map[string]any {
	return map[string]any{
		"id": v.ID, "number": v.Number, "code": v.Code, "runtime": v.Runtime, "status": "BUILT",
		"build_time": timestamp(v.CreatedAt), "created_at": timestamp(v.CreatedAt), "updated_at": timestamp(v.CreatedAt),
	}
}

func actionItem(a *Action, now time.Time) map[string]any {
	status := "built"
	switch {
	case !now.After(a.UpdatedAt) && now.Before(a.BuiltAt):
		status = "pending"
	case now.Before(a.BuiltAt):
		status = "building"
	}
	item := map[string]any{
		"id": a.ID, "name": a.Name, "code": a.Code, "runtime": a.Runtime, "status": status,
		"dependencies": append([]any{}, a.Dependencies...), "secrets": secretItems(a.Secrets),
		"supported_triggers": triggerItems(a.Trigger),
		"created_at":         timestamp(a.CreatedAt), "updated_at": timestamp(a.UpdatedAt),
		"all_changes_deployed": a.allDeployed(),
	}
	if v := a.Deployed; v != nil {
		item["deployed_version"] = versionItem(a, v)
		item["current_version"] = currentVersion(v)
	}
	return item
}

// allDeployed tells whether the draft is what runs.
func (a *Action) allDeployed() bool {
	return a.Deployed != nil && a.Deployed.Code == a.Code && a.Deployed.Runtime == a.Runtime &&
		slices.Equal(a.Deployed.Secrets, a.Secrets)
}

func (c *call) action() (*Action, error) {
	a := c.t.actions.get(c.param("id"))
	if a == nil {
		return nil, notFound("", messageNoAction)
	}
	return a, nil
}

// listActions has an envelope of its own and 20 a page by default.
func listActions(c *call) (any, error) {
	if err := c.query.allow("triggerId", "actionName", "deployed", "installed"); err != nil {
		return nil, err
	}
	var rows []*Action
	for _, a := range c.t.actions.all() {
		if (!c.query.has("triggerId") || a.Trigger.ID == c.query.get("triggerId")) &&
			(!c.query.has("actionName") || a.Name == c.query.get("actionName")) &&
			(c.query.get("deployed") != "true" || a.Deployed != nil) {
			rows = append(rows, a)
		}
	}
	return actionPage(c, "actions", rows, func(a *Action) map[string]any { return actionItem(a, c.now) })
}

func actionPage[T any](c *call, key string, rows []T, item func(T) map[string]any) (any, error) {
	page, err := c.query.integer("page", "", 0, 0, 1<<30)
	if err != nil {
		return nil, err
	}
	size, err := c.query.integer("per_page", "", actionPageDefault, 1, maxPageSize)
	if err != nil {
		return nil, err
	}
	items := []map[string]any{}
	for _, row := range rows[min(page*size, len(rows)):min((page+1)*size, len(rows))] {
		items = append(items, item(row))
	}
	envelope := map[string]any{key: items, "total": len(rows), "per_page": size}
	if page > 0 {
		envelope["page"] = page
	}
	return envelope, nil
}

func getAction(c *call) (any, error) {
	a, err := c.action()
	if err != nil {
		return nil, err
	}
	return actionItem(a, c.now), nil
}

func createAction(c *call) (any, error) {
	properties := actionProperties()
	for _, name := range []string{"name", "supported_triggers"} {
		required := properties[name]
		required.required = true
		properties[name] = required
	}
	properties["deploy"] = schema{kind: typeBoolean}
	var body actionBody
	if err := c.decode(schema{kind: typeObject, properties: properties}, &body); err != nil {
		return nil, err
	}
	if err := c.checkActionName(*body.Name, nil); err != nil {
		return nil, err
	}
	a := &Action{ID: newUUID(), Runtime: defaultRuntime, CreatedAt: c.now}
	c.changeAction(a, body)
	if body.Deploy {
		a.deploy(c.now)
	}
	c.t.actions.put(a.ID, a)
	return actionItem(a, c.now), nil
}

func (c *call) checkActionName(name string, except *Action) error {
	other := c.t.actions.find(func(a *Action) bool { return a.Name == name })
	if other != nil && other != except {
		return newError(409, "", "An action with the same name already exists.")
	}
	return nil
}

func updateAction(c *call) (any, error) {
	a, err := c.action()
	if err != nil {
		return nil, err
	}
	var body actionBody
	if err := c.decode(schema{kind: typeObject, properties: actionProperties()}, &body); err != nil {
		return nil, err
	}
	if body.Name != nil {
		if err := c.checkActionName(*body.Name, a); err != nil {
			return nil, err
		}
	}
	c.changeAction(a, body)
	return actionItem(a, c.now), nil
}

func (c *call) changeAction(a *Action, body actionBody) {
	if body.Name != nil {
		a.Name = *body.Name
	}
	if len(body.Triggers) > 0 {
		a.Trigger = body.Triggers[0]
	}
	if body.Code != nil {
		a.Code = *body.Code
	}
	if body.Runtime != nil {
		a.Runtime = *body.Runtime
	}
	if body.Dependencies != nil {
		a.Dependencies = *body.Dependencies
	}
	if body.Secrets != nil {
		a.Secrets = c.actionSecrets(a.Secrets, *body.Secrets)
	}
	a.UpdatedAt = c.now
	a.BuiltAt = c.now.Add(time.Duration(c.s.settings.ActionBuildTime))
}

// actionSecrets replaces the list; a secret that comes without a value keeps
// the one that it had.
func (c *call) actionSecrets(old, given []ActionSecret) []ActionSecret {
	out := []ActionSecret{}
	for _, secret := range given {
		if secret.Value == "" {
			if i := slices.IndexFunc(old, func(o ActionSecret) bool { return o.Name == secret.Name }); i >= 0 {
				out = append(out, old[i])
				continue
			}
		}
		secret.UpdatedAt = c.now
		c.s.secrets.Add(SecretAction, secret.Value)
		out = append(out, secret)
	}
	return out
}

// deploy makes the draft what runs.
func (a *Action) deploy(now time.Time) {
	number := 1
	if a.Deployed != nil {
		number = a.Deployed.Number + 1
	}
	a.Deployed = &ActionVersion{
		ID: newUUID(), Number: number, Code: a.Code, Runtime: a.Runtime,
		Secrets: slices.Clone(a.Secrets), Dependencies: slices.Clone(a.Dependencies), CreatedAt: now,
	}
}

// deployAction answers with the version not yet deployed, as recorded; a GET
// shows it deployed.
func deployAction(c *call) (any, error) {
	a, err := c.action()
	if err != nil {
		return nil, err
	}
	if c.now.Before(a.BuiltAt) {
		return nil, newError(400, "", "A draft must be in the 'built' state to be deployed.")
	}
	a.deploy(c.now)
	item := versionItem(a, a.Deployed)
	item["deployed"] = false
	delete(item, "built_at")
	reference := actionReference(a)
	delete(reference, "deployed_version")
	delete(reference, "current_version")
	item["action"] = reference
	return item, nil
}

// deleteAction refuses an Action that is bound, unless force=true detaches it.
func deleteAction(c *call) (any, error) {
	a, err := c.action()
	if err != nil {
		return nil, err
	}
	if c.t.bound(a.ID) && c.query.get("force") != "true" {
		return nil, newError(409, "", "Cannot delete an action that is bound to a trigger.")
	}
	for trigger, bindings := range c.t.bindings {
		c.t.bindings[trigger] = slices.DeleteFunc(bindings, func(b Binding) bool { return b.ActionID == a.ID })
	}
	c.t.actions.remove(a.ID)
	return nil, nil
}

func (t *Tenant) bound(actionID string) bool {
	for _, bindings := range t.bindings {
		if slices.ContainsFunc(bindings, func(b Binding) bool { return b.ActionID == actionID }) {
			return true
		}
	}
	return false
}

func (c *call) bindingItem(b Binding) map[string]any {
	return map[string]any{
		"id": b.ID, "trigger_id": c.param("triggerId"), "display_name": b.DisplayName,
		"action":     actionReference(c.t.actions.get(b.ActionID)),
		"created_at": timestamp(b.CreatedAt), "updated_at": timestamp(b.UpdatedAt),
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

func (b Binding) renamed(name string, now time.Time) Binding {
	if name != "" && name != b.DisplayName {
		b.DisplayName, b.UpdatedAt = name, now
	}
	return b
}
