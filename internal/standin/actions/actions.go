// Package actions runs Auth0 Actions in a JavaScript engine, as one trigger of Auth0's pipeline does.
//
// Every bound Action gets a fresh engine, a deep-frozen event and the api object of its trigger. What an Action changes
// is collected in Effects and shown to the Actions after it; the caller applies it.
package actions

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/dop251/goja"
)

// Trigger names a point of Auth0's pipeline at which Actions run.
type Trigger string

const (
	// PostLogin runs at sign-in and again when a refresh token is exchanged.
	PostLogin Trigger = "post-login"
	// CredentialsExchange runs when a machine-to-machine token is issued.
	CredentialsExchange Trigger = "credentials-exchange"
)

// handlers are the exports that Auth0 calls.
var handlers = map[Trigger]string{
	PostLogin:           "onExecutePostLogin",
	CredentialsExchange: "onExecuteCredentialsExchange",
}

// continuation is the export that Auth0 calls when a person comes back from
// where an Action sent them.
const continuation = "onContinuePostLogin"

const (
	// DefaultTimeLimit is what Auth0 gives all Actions of one trigger together.
	DefaultTimeLimit = 20 * time.Second

	logLimit       = 256
	callStackLimit = 2048
)

// Action is one deployed Action in the order of its binding.
type Action struct {
	// Name appears in logs and errors.
	Name string
	// Code is a CommonJS module that exports the trigger's handler.
	Code string
	// Secrets is event.secrets of this Action only.
	Secrets map[string]string
}

// Options say how a trigger runs.
type Options struct {
	// Now is the time that the code sees; the default is the machine's.
	Now func() time.Time
	// TimeLimit is for all Actions together; the default is DefaultTimeLimit.
	TimeLimit time.Duration
	// Enterprise offers api.refreshToken and api.session, which Auth0 has for Enterprise only.
	Enterprise bool
}

// Denial is a sign-in or exchange that an Action refused.
type Denial struct {
	// Code is set by credentials-exchange; post-login refuses with access_denied.
	Code string
	// Reason is shown to the person or the client.
	Reason string
}

// Log is one line that an Action wrote, cut at 256 characters.
type Log struct {
	Action string
	Text   string
}

// Suspension is where the pipeline waits for a person to come back.
type Suspension struct {
	// URL is where api.redirect sent the person; empty for a challenge.
	URL string
	// Factors are the kinds of a second factor of which one is asked for; empty for a redirect.
	Factors []string
	// next is the place, among the bound Actions, of the one that goes on.
	next int
}

// Lifetimes are ends that Actions set, the earliest of each; zero where they set none.
type Lifetimes struct{ ExpiresAt, IdleExpiresAt time.Time }

// Effects are what the Actions of one trigger did. They hold also after a denial, as in Auth0.
type Effects struct {
	// Denial is nil when every Action let the person pass.
	Denial *Denial
	// Suspension is nil when the pipeline came to its end. Resume goes on from it.
	Suspension *Suspension
	// Err is what an Action threw, or why it could not run. Auth0 then denies.
	Err error
	// AppMetadata and UserMetadata are merged into the profile at the first level; nil deletes a key.
	AppMetadata, UserMetadata map[string]any
	// IDTokenClaims and AccessTokenClaims are added to the tokens.
	IDTokenClaims, AccessTokenClaims map[string]any
	// RefreshTokenMetadata and SessionMetadata are merged into what is there; nil deletes a key.
	RefreshTokenMetadata, SessionMetadata map[string]any
	// TransactionMetadata is what later Actions of the same sign-in see.
	TransactionMetadata map[string]any
	// Scopes are added to the access token where true, and taken from it where false.
	Scopes map[string]bool
	// RefreshToken and Session are the lifetimes that Actions shortened.
	RefreshToken, Session Lifetimes
	// RevokeRefreshToken and RevokeSession are set by the revoke calls, which also deny.
	RevokeRefreshToken, RevokeSession bool
	// PreserveRefreshTokens: the revoked session's refresh tokens stay.
	PreserveRefreshTokens bool
	// Methods are the addresses of authentication methods that Actions recorded.
	Methods []string
	// Logs are in the order written.
	Logs []Log
}

// Run runs the bound Actions in order until one denies, fails, or waits for the person. The event is not changed.
func Run(ctx context.Context, trigger Trigger, bound []Action, event map[string]any, options Options) *Effects {
	effects := &Effects{
		AppMetadata: map[string]any{}, UserMetadata: map[string]any{},
		IDTokenClaims: map[string]any{}, AccessTokenClaims: map[string]any{},
		RefreshTokenMetadata: map[string]any{}, SessionMetadata: map[string]any{}, TransactionMetadata: map[string]any{},
		Scopes: map[string]bool{},
	}
	p := &pipeline{trigger: trigger, bound: bound, event: event, options: options, effects: effects}
	p.run(ctx, 0, false)
	return effects
}

// Resume goes on where the Actions of an earlier Run were suspended: after a redirect in the continuation of the Action
// that redirected, after a challenge with the Action behind it. The event is a new one; what was done before is kept in
// effects, which are changed.
func Resume(ctx context.Context, trigger Trigger, bound []Action, event map[string]any, options Options, effects *Effects) {
	at := effects.Suspension
	effects.Suspension = nil
	p := &pipeline{trigger: trigger, bound: bound, event: event, options: options, effects: effects}
	p.run(ctx, at.next, at.URL != "")
}

// pipeline is one pass over the bound Actions of a trigger.
type pipeline struct {
	trigger Trigger
	bound   []Action
	event   map[string]any
	options Options
	effects *Effects
	// factors were asked for by api.multifactor, whose challenge comes at the end.
	factors []string
}

// run begins with the Action at a place, in its continuation if a redirect ended.
func (p *pipeline) run(ctx context.Context, first int, continuing bool) {
	if p.options.TimeLimit == 0 {
		p.options.TimeLimit = DefaultTimeLimit
	}
	ctx, cancel := context.WithTimeout(ctx, p.options.TimeLimit)
	defer cancel()
	for i := first; i < len(p.bound); i++ {
		if err := p.runOne(ctx, p.bound[i], continuing); err != nil {
			p.effects.Err = fmt.Errorf("action %s: %w", p.bound[i].Name, err)
		}
		continuing = false
		if p.effects.Err != nil || p.effects.Denial != nil {
			p.effects.Suspension = nil
			return
		}
		if at := p.effects.Suspension; at != nil {
			at.next = i
			if at.URL == "" {
				at.next = i + 1
			}
			return
		}
	}
	if len(p.factors) > 0 {
		p.effects.Suspension = &Suspension{Factors: p.factors, next: len(p.bound)}
	}
}

func (p *pipeline) runOne(ctx context.Context, action Action, continuing bool) error {
	vm := goja.New()
	vm.SetMaxCallStackSize(callStackLimit)
	if p.options.Now != nil {
		vm.SetTimeSource(p.options.Now)
	}
	stop := context.AfterFunc(ctx, func() { vm.Interrupt(context.Cause(ctx)) })
	defer stop()

	setGlobals(vm, action.Name, p.effects)
	export := handlers[p.trigger]
	if continuing {
		export = continuation
	}
	handler, err := load(vm, action, export)
	if err != nil {
		return err
	}
	event := eventFor(p.event, action, p.effects)
	frozen, err := freeze(vm, event)
	if err != nil {
		return err
	}
	result, err := handler(goja.Undefined(), frozen, newAPI(vm, p, event, continuing))
	if err != nil {
		return fmt.Errorf("run: %w", err)
	}
	return settled(result)
}

// load evaluates the module and returns the handler it exports.
func load(vm *goja.Runtime, action Action, export string) (goja.Callable, error) {
	wrapped := "(function (exports, require, module) {" + action.Code + "\n})"
	program, err := goja.Compile(action.Name+".js", wrapped, false)
	if err != nil {
		return nil, fmt.Errorf("compile: %w", err)
	}
	value, err := vm.RunProgram(program)
	if err != nil {
		return nil, fmt.Errorf("load: %w", err)
	}
	module, exports := vm.NewObject(), vm.NewObject()
	if err := module.Set("exports", exports); err != nil {
		return nil, fmt.Errorf("load: %w", err)
	}
	function, _ := goja.AssertFunction(value)
	if _, err := function(goja.Undefined(), exports, vm.ToValue(require(vm)), module); err != nil {
		return nil, fmt.Errorf("load: %w", err)
	}
	handler, ok := goja.AssertFunction(module.Get("exports").ToObject(vm).Get(export))
	if !ok {
		return nil, fmt.Errorf("the code exports no function %s", export)
	}
	return handler, nil
}

func require(vm *goja.Runtime) func(string) goja.Value {
	return func(name string) goja.Value {
		panic(vm.NewGoError(fmt.Errorf( //nolint:forbidigo // how goja throws
			"cannot find module %q: the stand-in runs actions without dependencies", name)))
	}
}

// settled turns the handler's result, usually a promise, into its error.
func settled(result goja.Value) error {
	promise, ok := result.Export().(*goja.Promise)
	if !ok {
		return nil
	}
	switch promise.State() {
	case goja.PromiseStateFulfilled:
		return nil
	case goja.PromiseStateRejected:
		return fmt.Errorf("rejected: %s", promise.Result())
	}
	return errors.New("the handler waits for something that never comes")
}

// eventFor is the event as this Action sees it: its own secrets, and what the Actions before it changed.
func eventFor(event map[string]any, action Action, effects *Effects) map[string]any {
	seen := map[string]any{}
	maps.Copy(seen, event)
	secrets := map[string]any{}
	for name, value := range action.Secrets {
		secrets[name] = value
	}
	seen["secrets"] = secrets
	for _, part := range []struct {
		name, field string
		changes     map[string]any
	}{
		{"user", "app_metadata", effects.AppMetadata},
		{"user", "user_metadata", effects.UserMetadata},
		{"refresh_token", "metadata", effects.RefreshTokenMetadata},
		{"session", "metadata", effects.SessionMetadata},
		{"transaction", "metadata", effects.TransactionMetadata},
	} {
		if object, ok := seen[part.name].(map[string]any); ok {
			object = maps.Clone(object)
			object[part.field] = Merge(object[part.field], part.changes)
			seen[part.name] = object
		}
	}
	return seen
}

// Merge returns the metadata with the changes put in at the first level, as Auth0 merges it: nil deletes a key.
func Merge(metadata any, changes map[string]any) map[string]any {
	merged := map[string]any{}
	if existing, ok := metadata.(map[string]any); ok {
		maps.Copy(merged, existing)
	}
	for key, value := range changes {
		if value == nil {
			delete(merged, key)
		} else {
			merged[key] = value
		}
	}
	return merged
}

const freezer = `(function (text) {
  return JSON.parse(text, function (key, value) { return Object.freeze(value); });
})`

// freeze makes a JavaScript object of plain data that nobody can change, at any depth.
func freeze(vm *goja.Runtime, event map[string]any) (goja.Value, error) {
	text, err := json.Marshal(event)
	if err != nil {
		return nil, fmt.Errorf("encode the event: %w", err)
	}
	value, err := vm.RunString(freezer)
	if err != nil {
		return nil, fmt.Errorf("freeze the event: %w", err)
	}
	function, _ := goja.AssertFunction(value)
	frozen, err := function(goja.Undefined(), vm.ToValue(string(text)))
	if err != nil {
		return nil, fmt.Errorf("freeze the event: %w", err)
	}
	return frozen, nil
}
