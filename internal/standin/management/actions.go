package management

import (
	"slices"
	"time"

	"github.com/seatwarden/seatwarden/internal/standin/state"
	"github.com/seatwarden/seatwarden/internal/standin/wire"
)

const (
	maxActionCode     = 100_000
	maxActionSecrets  = 30
	maxActionsBound   = 20
	messageNoAction   = "That action does not exist."
	actionPageDefault = 20
)

// actionRuntimes are those that clients were seen to send: node18-actions is
// Node 18 as Auth0 has had it since its beta, which was node18. Which of the
// older ones Auth0 still takes is not documented.
var actionRuntimes = []string{"node12", "node16", "node18", "node18-actions", "node22"}

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
		"runtime":      {kind: typeString, enum: actionRuntimes},
		"secrets":      actionSecretsSchema,
	}
}

type actionBody struct {
	Name         *string               `json:"name"`
	Triggers     []state.ActionTrigger `json:"supported_triggers"`
	Code         *string               `json:"code"`
	Runtime      *string               `json:"runtime"`
	Dependencies *[]any                `json:"dependencies"`
	Secrets      *[]state.ActionSecret `json:"secrets"`
	Deploy       bool                  `json:"deploy"`
}

func actionRoutes(rt *router) {
	rt.add("GET", "/actions/actions", 200, "", listActions, "read:actions")
	rt.add("POST", "/actions/actions", 201, "", createAction, "create:actions")
	rt.add("GET", "/actions/actions/{id}", 200, "", getAction, "read:actions")
	rt.add("PATCH", "/actions/actions/{id}", 200, "", updateAction, "update:actions")
	rt.add("DELETE", "/actions/actions/{id}", 204, "", deleteAction, "delete:actions")
	rt.add("POST", "/actions/actions/{id}/deploy", 200, "", deployAction, "create:actions")
	rt.add("POST", "/actions/actions/{id}/test", 200, "", testAction, "create:actions")
	rt.add("GET", "/actions/actions/{id}/versions", 200, "", listActionVersions, "read:actions")
	rt.add("GET", "/actions/actions/{id}/versions/{versionId}", 200, "", getActionVersion, "read:actions")
	rt.add("POST", "/actions/actions/{id}/versions/{versionId}/deploy", 200, "", deployActionVersion, "create:actions")
	rt.add("GET", "/actions/executions/{id}", 200, "", getActionExecution, "read:actions")
	rt.add("GET", "/actions/triggers", 200, "", listTriggers, "read:actions")
	rt.add("GET", "/actions/triggers/{triggerId}/bindings", 200, "", listBindings, "read:actions")
	rt.add("PATCH", "/actions/triggers/{triggerId}/bindings", 200, "", updateBindings, "update:actions")
}

// preciseTime formats a time as Auth0 does for Actions: with nanoseconds.
func preciseTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000000Z") }

// secretItems never shows a value.
func secretItems(secrets []state.ActionSecret) []map[string]any {
	out := []map[string]any{}
	for _, secret := range secrets {
		out = append(out, map[string]any{"name": secret.Name, "updated_at": preciseTime(secret.UpdatedAt)})
	}
	return out
}

func triggerItems(t state.ActionTrigger) []map[string]any {
	return []map[string]any{{"id": t.ID, "version": t.Version}}
}

// dependencyItems shows where a dependency comes from only until it is built in.
func dependencyItems(dependencies []any, built bool) []any {
	out := []any{}
	for _, given := range dependencies {
		dependency, ok := given.(map[string]any)
		if !ok || !built {
			out = append(out, given)
			continue
		}
		item := map[string]any{}
		for name, value := range dependency {
			if name != "registry_url" {
				item[name] = value
			}
		}
		out = append(out, item)
	}
	return out
}

func versionItem(a *state.Action, v *state.ActionVersion) map[string]any {
	return map[string]any{
		"id": v.ID, "number": v.Number, "code": v.Code, "runtime": v.Runtime, "status": "built",
		"deployed":     a.Deployed != nil && a.Deployed.ID == v.ID,
		"dependencies": dependencyItems(v.Dependencies, true), "secrets": secretItems(v.Secrets),
		"supported_triggers": triggerItems(a.Trigger),
		"created_at":         preciseTime(v.CreatedAt), "updated_at": preciseTime(v.CreatedAt), "built_at": preciseTime(v.CreatedAt),
	}
}

// actionReference is an Action as bindings and versions show it, where
// all_changes_deployed was always recorded as false.
func actionReference(a *state.Action) map[string]any {
	item := map[string]any{
		"id": a.ID, "name": a.Name, "supported_triggers": triggerItems(a.Trigger),
		"created_at": preciseTime(a.CreatedAt), "updated_at": preciseTime(a.CreatedAt), "all_changes_deployed": false,
	}
	if v := a.Deployed; v != nil {
		item["deployed_version"] = versionItem(a, v)
		item["current_version"] = currentVersion(v)
	}
	return item
}

func currentVersion(v *state.ActionVersion) map[string]any {
	return map[string]any{
		"id": v.ID, "number": v.Number, "code": v.Code, "runtime": v.Runtime, "status": "BUILT",
		"build_time": preciseTime(v.CreatedAt), "created_at": preciseTime(v.CreatedAt), "updated_at": preciseTime(v.CreatedAt),
	}
}

func actionItem(a *state.Action, now time.Time) map[string]any {
	built := !now.Before(a.BuiltAt)
	status := "built"
	if !built {
		status = "building"
	}
	item := map[string]any{
		"id": a.ID, "name": a.Name, "code": a.Code, "runtime": a.Runtime, "status": status,
		"dependencies": dependencyItems(a.Dependencies, built), "secrets": secretItems(a.Secrets),
		"supported_triggers": triggerItems(a.Trigger),
		"created_at":         preciseTime(a.CreatedAt), "updated_at": preciseTime(a.UpdatedAt),
		"all_changes_deployed": a.AllDeployed(),
	}
	if v := a.Deployed; v != nil {
		item["deployed_version"] = versionItem(a, v)
		item["current_version"] = currentVersion(v)
	}
	return item
}

// changedActionItem is what POST and PATCH answer: nothing of it is built yet.
func changedActionItem(a *state.Action, now time.Time, deployed bool) map[string]any {
	item := actionItem(a, now)
	item["status"], item["dependencies"] = "pending", dependencyItems(a.Dependencies, false)
	if deployed {
		version, current := versionItem(a, a.Deployed), currentVersion(a.Deployed)
		version["status"], current["status"] = "pending", "PENDING"
		delete(version, "built_at")
		delete(current, "build_time")
		item["deployed_version"], item["current_version"] = version, current
	}
	return item
}

func (c *call) action() (*state.Action, error) {
	a := c.t.Actions.Get(c.param("id"))
	if a == nil {
		return nil, wire.NotFound("", messageNoAction)
	}
	return a, nil
}

// listActions has an envelope of its own and 20 a page by default.
func listActions(c *call) (any, error) {
	if err := c.query.allow("triggerId", "actionName", "deployed", "installed"); err != nil {
		return nil, err
	}
	var rows []*state.Action
	for _, a := range c.t.Actions.All() {
		if (!c.query.has("triggerId") || a.Trigger.ID == c.query.get("triggerId")) &&
			(!c.query.has("actionName") || a.Name == c.query.get("actionName")) &&
			(c.query.get("deployed") != "true" || a.Deployed != nil) {
			rows = append(rows, a)
		}
	}
	return actionPage(c, "actions", rows, func(a *state.Action) map[string]any { return actionItem(a, c.now) })
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
	a := &state.Action{ID: state.NewUUID(), Runtime: runtimeFor(body.Triggers[0]), CreatedAt: c.now}
	c.changeAction(a, body)
	if body.Deploy {
		a.Deploy(c.now)
	}
	c.t.Actions.Put(a.ID, a)
	return changedActionItem(a, c.now, body.Deploy), nil
}

func (c *call) checkActionName(name string, except *state.Action) error {
	other := c.t.Actions.Find(func(a *state.Action) bool { return a.Name == name })
	if other != nil && other != except {
		return wire.NewError(409, "", "An action with the same name already exists.")
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
	return changedActionItem(a, c.now, false), nil
}

func (c *call) changeAction(a *state.Action, body actionBody) {
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
	a.BuiltAt = c.now.Add(time.Duration(c.world.InForce.ActionBuildTime))
}

// actionSecrets replaces the list; a secret that comes without a value keeps
// the one that it had.
func (c *call) actionSecrets(old, given []state.ActionSecret) []state.ActionSecret {
	out := []state.ActionSecret{}
	for _, secret := range given {
		if secret.Value == "" {
			if i := slices.IndexFunc(old, func(o state.ActionSecret) bool { return o.Name == secret.Name }); i >= 0 {
				out = append(out, old[i])
				continue
			}
		}
		secret.UpdatedAt = c.now
		c.world.Secrets.Add(state.SecretAction, secret.Value)
		out = append(out, secret)
	}
	return out
}

// deployAction answers with the version not yet deployed, as recorded; a GET
// shows it deployed.
func deployAction(c *call) (any, error) {
	a, err := c.action()
	if err != nil {
		return nil, err
	}
	if c.now.Before(a.BuiltAt) {
		return nil, wire.NewError(400, "", "A draft must be in the 'built' state to be deployed.")
	}
	a.Deploy(c.now)
	return deployedItem(a), nil
}

func deployedItem(a *state.Action) map[string]any {
	item := versionWithAction(a, a.Deployed)
	item["deployed"] = false
	delete(item, "built_at")
	return item
}

// versionWithAction is a version with the Action that it is of.
func versionWithAction(a *state.Action, v *state.ActionVersion) map[string]any {
	item := versionItem(a, v)
	reference := actionReference(a)
	delete(reference, "deployed_version")
	delete(reference, "current_version")
	item["action"] = reference
	return item
}

// deleteAction refuses an Action that is bound, unless force=true detaches it.
func deleteAction(c *call) (any, error) {
	a, err := c.action()
	if err != nil {
		return nil, err
	}
	if c.t.Bound(a.ID) && c.query.get("force") != "true" {
		return nil, wire.NewError(409, "", "Cannot delete an action that is bound to a trigger.")
	}
	for trigger, bindings := range c.t.Bindings {
		c.t.Bindings[trigger] = slices.DeleteFunc(bindings, func(b state.Binding) bool { return b.ActionID == a.ID })
	}
	c.t.Actions.Remove(a.ID)
	return nil, nil
}
