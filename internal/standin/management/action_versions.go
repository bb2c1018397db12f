package management

import (
	"context"
	"time"

	"github.com/seatwarden/seatwarden/internal/standin/actions"
	"github.com/seatwarden/seatwarden/internal/standin/state"
	"github.com/seatwarden/seatwarden/internal/standin/wire"
)

func listActionVersions(c *call) (any, error) {
	a, err := c.action()
	if err != nil {
		return nil, err
	}
	if err := c.query.allow(); err != nil {
		return nil, err
	}
	return actionPage(c, "versions", a.Versions, func(v *state.ActionVersion) map[string]any { return versionWithAction(a, v) })
}

func (c *call) actionVersion() (*state.Action, *state.ActionVersion, error) {
	a, err := c.action()
	if err != nil {
		return nil, nil, err
	}
	for _, v := range a.Versions {
		if v.ID == c.param("versionId") {
			return a, v, nil
		}
	}
	return nil, nil, wire.NotFound("", "That action version does not exist.")
}

func getActionVersion(c *call) (any, error) {
	a, v, err := c.actionVersion()
	if err != nil {
		return nil, err
	}
	return versionWithAction(a, v), nil
}

// deployActionVersion makes a copy of an earlier version what runs; the draft stays.
func deployActionVersion(c *call) (any, error) {
	a, v, err := c.actionVersion()
	if err != nil {
		return nil, err
	}
	a.DeployVersion(*v, c.now)
	return deployedItem(a), nil
}

// getActionExecution knows none: executions are not kept.
func getActionExecution(*call) (any, error) {
	return nil, wire.NotFound("", "That execution does not exist.")
}

var testActionSchema = schema{kind: typeObject, properties: map[string]schema{
	"payload": {kind: typeObject, required: true, any: true},
}}

// testTimeLimit is for one run of a draft: no other call is served meanwhile.
const testTimeLimit = time.Second

// testAction runs the draft of a post-login Action with the event of the
// payload, and changes nothing.
func testAction(c *call) (any, error) {
	a, err := c.action()
	if err != nil {
		return nil, err
	}
	var body struct {
		Payload struct {
			Event map[string]any `json:"event"`
		} `json:"payload"`
	}
	if err := c.decode(testActionSchema, &body); err != nil {
		return nil, err
	}
	secrets := map[string]string{}
	for _, secret := range a.Secrets {
		secrets[secret.Name] = secret.Value
	}
	started := time.Now()
	effects := actions.Run(context.Background(), actions.PostLogin,
		[]actions.Action{{Name: a.Name, Code: a.Code, Secrets: secrets}}, body.Payload.Event, actions.Options{TimeLimit: testTimeLimit})
	took := time.Since(started).Milliseconds()
	payload := map[string]any{"stats": map[string]any{
		"total_request_duration_ms": took, "total_runtime_execution_duration_ms": took, "runtime_processing_duration_ms": 0,
		"action_duration_ms": took, "runtime_external_call_duration_ms": 0, "boot_duration_ms": 0, "network_duration_ms": 0,
	}}
	if effects.Err != nil {
		payload["error"] = map[string]any{"name": "Error", "message": effects.Err.Error(), "stack": effects.Err.Error()}
	}
	return map[string]any{"payload": payload}, nil
}

// triggerKind is one version of a trigger that Actions can be bound to.
type triggerKind struct {
	id, version, status string
	runtimes            []any
	runtime             string
	compatible          []any
}

// triggerKinds are the recorded ones; the current post-login runs on node22, as
// Auth0 documents it today.
func triggerKinds() []triggerKind {
	const current, deprecated = "CURRENT", "DEPRECATED"
	old, all := []any{"node12"}, []any{"node12", "node16", "node18"}
	today := []any{"node12", "node16", "node18", "node22"}
	return []triggerKind{
		{"post-login", "v1", deprecated, old, "node12", nil},
		{"post-login", "v2", deprecated, all, "node16", nil},
		{"post-login", "v3", current, today, state.DefaultRuntime, []any{map[string]any{"id": "post-login", "version": "v2"}}},
		{"credentials-exchange", "v2", current, all, "node16", nil},
		{"credentials-exchange", "v1", deprecated, old, "node12", nil},
		{"pre-user-registration", "v1", deprecated, old, "node12", nil},
		{"pre-user-registration", "v2", current, all, "node16", nil},
		{"post-user-registration", "v1", deprecated, old, "node12", nil},
		{"post-user-registration", "v2", current, all, "node16", nil},
		{"post-change-password", "v2", current, all, "node16", nil},
		{"post-change-password", "v1", deprecated, old, "node12", nil},
		{"send-phone-message", "v1", deprecated, old, "", nil},
		{"send-phone-message", "v2", current, all, "node16", nil},
	}
}

// runtimeFor returns the runtime of a new Action that names none.
func runtimeFor(trigger state.ActionTrigger) string {
	for _, kind := range triggerKinds() {
		if kind.id == trigger.ID && kind.version == trigger.Version && kind.runtime != "" {
			return kind.runtime
		}
	}
	return state.DefaultRuntime
}

func listTriggers(*call) (any, error) {
	items := []any{}
	for _, kind := range triggerKinds() {
		item := map[string]any{
			"id": kind.id, "version": kind.version, "status": kind.status, "runtimes": kind.runtimes,
			"compatible_triggers": append([]any{}, kind.compatible...),
		}
		state.Put(item, "default_runtime", kind.runtime)
		items = append(items, item)
	}
	return map[string]any{"triggers": items}, nil
}
