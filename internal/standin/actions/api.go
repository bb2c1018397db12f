package actions

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/dop251/goja"
)

// newAPI builds the api object. A member that Auth0 does not document for the trigger, or that the stand-in does not
// have, is undefined: calling it throws, and throwing denies.
func newAPI(vm *goja.Runtime, p *pipeline, event map[string]any, continuing bool) *goja.Object {
	effects := p.effects
	b := &apiBuilder{vm: vm, api: vm.NewObject(), effects: effects, pipeline: p, event: event}
	b.member("accessToken", "setCustomClaim", b.setter(effects.AccessTokenClaims))
	if p.trigger == CredentialsExchange {
		b.member("access", "deny", b.denyExchange)
		return b.api
	}
	b.member("accessToken", "addScope", func(call goja.FunctionCall) { effects.Scopes[b.text(call, 0)] = true })
	b.member("accessToken", "removeScope", func(call goja.FunctionCall) { effects.Scopes[b.text(call, 0)] = false })
	b.member("access", "deny", func(call goja.FunctionCall) { b.deny("access_denied", b.text(call, 0)) })
	b.member("idToken", "setCustomClaim", b.setter(effects.IDTokenClaims))
	b.member("user", "setAppMetadata", b.setter(effects.AppMetadata))
	b.member("user", "setUserMetadata", b.setter(effects.UserMetadata))
	b.member("transaction", "setMetadata", b.setter(effects.TransactionMetadata))
	b.redirect()
	b.factors()
	if continuing {
		b.member("authentication", "recordMethod", func(call goja.FunctionCall) {
			effects.Methods = append(effects.Methods, b.text(call, 0))
		})
	}
	if p.options.Enterprise {
		b.refreshToken()
		b.session()
	}
	return b.api
}

type apiBuilder struct {
	vm       *goja.Runtime
	api      *goja.Object
	effects  *Effects
	pipeline *pipeline
	// event is what the Action sees.
	event map[string]any
}

// member adds api.<group>.<name>, which returns api, as Auth0's members do.
func (b *apiBuilder) member(group, name string, do func(goja.FunctionCall)) {
	b.function(group, name, func(call goja.FunctionCall) goja.Value {
		do(call)
		return b.api
	})
}

// function adds api.<group>.<name> with a result of its own.
func (b *apiBuilder) function(group, name string, do func(goja.FunctionCall) goja.Value) {
	object, ok := b.api.Get(group).(*goja.Object)
	if !ok {
		object = b.vm.NewObject()
		b.set(b.api, group, object)
	}
	b.set(object, name, do)
}

func (b *apiBuilder) set(object *goja.Object, name string, value any) {
	if err := object.Set(name, value); err != nil {
		panic(b.vm.NewGoError(err)) //nolint:forbidigo // how goja throws
	}
}

// deny keeps the first denial of an Action.
func (b *apiBuilder) deny(code, reason string) {
	if b.effects.Denial == nil {
		b.effects.Denial = &Denial{Code: code, Reason: reason}
	}
}

// denyExchange denies a machine its token, with one of the codes that Auth0 documents. The reason is optional.
func (b *apiBuilder) denyExchange(call goja.FunctionCall) {
	code := b.text(call, 0)
	if !slices.Contains([]string{"invalid_scope", "invalid_request", "server_error"}, code) {
		b.fail("the code of a denial is invalid_scope, invalid_request or server_error")
	}
	reason := ""
	if !goja.IsUndefined(call.Argument(1)) {
		reason = b.text(call, 1)
	}
	b.deny(code, reason)
}

// setter stores a name and a plain value.
func (b *apiBuilder) setter(target map[string]any) func(goja.FunctionCall) {
	return func(call goja.FunctionCall) {
		target[b.text(call, 0)] = b.plain(call.Argument(1))
	}
}

// text is an argument that must be a string.
func (b *apiBuilder) text(call goja.FunctionCall, index int) string {
	text, ok := call.Argument(index).Export().(string)
	if !ok {
		b.fail("argument %d must be a string", index+1)
	}
	return text
}

// plain takes the value out of the engine as JSON does.
func (b *apiBuilder) plain(value goja.Value) any {
	if goja.IsUndefined(value) || goja.IsNull(value) {
		return nil
	}
	text, err := value.ToObject(b.vm).MarshalJSON()
	if err != nil {
		b.fail("the value cannot be stored: %s", err)
	}
	var plain any
	if err := json.Unmarshal(text, &plain); err != nil {
		b.fail("the value cannot be stored: %s", err)
	}
	return plain
}

// fail throws in the Action.
func (b *apiBuilder) fail(format string, arguments ...any) {
	panic(b.vm.NewTypeError(fmt.Sprintf(format, arguments...))) //nolint:forbidigo // how goja throws
}

// setGlobals adds what Actions expect beside the language itself: console.
func setGlobals(vm *goja.Runtime, action string, effects *Effects) {
	b := &apiBuilder{vm: vm, api: vm.NewObject()}
	write := func(call goja.FunctionCall) goja.Value {
		words := make([]string, 0, len(call.Arguments))
		for _, argument := range call.Arguments {
			words = append(words, argument.String())
		}
		line := []rune(strings.Join(words, " "))
		effects.Logs = append(effects.Logs, Log{Action: action, Text: string(line[:min(len(line), logLimit)])})
		return goja.Undefined()
	}
	for _, level := range []string{"log", "info", "warn", "error", "debug"} {
		b.set(b.api, level, write)
	}
	b.set(vm.GlobalObject(), "console", b.api)
}
