package actions

import (
	"net/url"
	"slices"
	"time"

	"github.com/dop251/goja"
	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

const (
	// redirectTokenLifetime is that of encodeToken without expiresInSeconds.
	redirectTokenLifetime = 900 * time.Second
	redirectTokenName     = "session_token"
)

// redirect adds api.redirect: sending the person elsewhere, and signed data on the way there and back.
func (b *apiBuilder) redirect() {
	const group = "redirect"
	b.function(group, "canRedirect", func(goja.FunctionCall) goja.Value { return b.vm.ToValue(b.interactive()) })
	b.member(group, "sendUserTo", func(call goja.FunctionCall) {
		target, err := url.Parse(b.text(call, 0))
		if err != nil || target.Host == "" || target.Scheme != "http" && target.Scheme != "https" {
			b.fail("the address to send the user to is no absolute one of http or https")
		}
		query := target.Query()
		for name, value := range b.options(call, 1, "query") {
			if text, ok := value.(string); ok {
				query.Set(name, text)
			}
		}
		target.RawQuery = query.Encode()
		b.effects.Suspension = &Suspension{URL: target.String()}
	})
	b.function(group, "encodeToken", func(call goja.FunctionCall) goja.Value {
		return b.vm.ToValue(b.encodeToken(b.options(call, 0, ""), b.options(call, 0, "payload")))
	})
	b.function(group, "validateToken", func(call goja.FunctionCall) goja.Value {
		return b.vm.ToValue(b.validateToken(b.options(call, 0, "")))
	})
}

// interactive tells whether the person can be sent somewhere in this sign-in.
func (b *apiBuilder) interactive() bool {
	transaction, _ := b.event["transaction"].(map[string]any)
	prompts, _ := transaction["prompt"].([]string)
	for _, prompt := range list(transaction["prompt"]) {
		text, _ := prompt.(string)
		prompts = append(prompts, text)
	}
	return b.protocol() != protocolRefresh && !slices.Contains(prompts, "none")
}

// encodeToken signs data for the page that the person is sent to, with HS256.
func (b *apiBuilder) encodeToken(options, payload map[string]any) string {
	secret, _ := options["secret"].(string)
	lifetime := redirectTokenLifetime
	if seconds, ok := options["expiresInSeconds"].(float64); ok {
		lifetime = time.Duration(seconds * float64(time.Second))
	}
	request, _ := b.event["request"].(map[string]any)
	user, _ := b.event["user"].(map[string]any)
	claims := Merge(payload, map[string]any{
		"iat": b.now().Unix(), "exp": b.now().Add(lifetime).Unix(),
		"sub": user["user_id"], "iss": request["hostname"], "ip": request["ip"],
	})
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.HS256, Key: []byte(secret)},
		(&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		b.fail("the token cannot be signed: is the secret there?")
	}
	token, err := jwt.Signed(signer).Claims(claims).Serialize()
	if err != nil {
		b.fail("the token cannot be signed: the secret is missing or too short")
	}
	return token
}

// validateToken reads the data that came back with the person. It throws unless the signature, the time and the state
// are right.
func (b *apiBuilder) validateToken(options map[string]any) map[string]any {
	secret, _ := options["secret"].(string)
	name, _ := options["tokenParameterName"].(string)
	if name == "" {
		name = redirectTokenName
	}
	token, err := jwt.ParseSigned(b.parameter(name), []jose.SignatureAlgorithm{jose.HS256})
	if err != nil {
		b.fail("the parameter %s is no token", name)
	}
	var standard jwt.Claims
	all := map[string]any{}
	if err := token.Claims([]byte(secret), &standard, &all); err != nil {
		b.fail("the token's signature is wrong")
	}
	if standard.Expiry == nil || standard.ValidateWithLeeway(jwt.Expected{Time: b.now()}, 0) != nil {
		b.fail("the token has expired")
	}
	if state, _ := all["state"].(string); state == "" || state != b.parameter("state") {
		b.fail("the token's state is not the one of this sign-in")
	}
	return all
}

// parameter is one of the request, in its query or its body.
func (b *apiBuilder) parameter(name string) string {
	request, _ := b.event["request"].(map[string]any)
	for _, part := range []string{"body", "query"} {
		values, _ := request[part].(map[string]any)
		if value, ok := values[name].(string); ok {
			return value
		}
	}
	return ""
}

// factors adds the calls that ask for a second factor. The stand-in takes every factor for one that is enabled and that
// the person has enrolled.
func (b *apiBuilder) factors() {
	ask := func(call goja.FunctionCall) {
		factors := b.factorsOf(call.Argument(0))
		for _, more := range list(b.options(call, 1, "")["additionalFactors"]) {
			factors = append(factors, b.factor(more))
		}
		if b.effects.Suspension == nil {
			b.effects.Suspension = &Suspension{Factors: factors}
		}
	}
	for _, name := range []string{"challengeWith", "challengeWithAny", "enrollWith", "enrollWithAny"} {
		b.member("authentication", name, ask)
	}
	b.member("multifactor", "enable", func(call goja.FunctionCall) {
		b.pipeline.factors = nil
		if provider := b.text(call, 0); provider != "none" {
			b.pipeline.factors = []string{provider}
		}
	})
}

// factorsOf reads one factor or a list of them.
func (b *apiBuilder) factorsOf(value goja.Value) []string {
	plain := b.plain(value)
	if _, many := plain.([]any); !many {
		return []string{b.factor(plain)}
	}
	var factors []string
	for _, one := range list(plain) {
		factors = append(factors, b.factor(one))
	}
	if len(factors) == 0 {
		b.fail("no factor is given")
	}
	return factors
}

func (b *apiBuilder) factor(value any) string {
	object, _ := value.(map[string]any)
	kind, ok := object["type"].(string)
	if !ok {
		b.fail("a factor has a type")
	}
	return kind
}

func list(value any) []any {
	items, _ := value.([]any)
	return items
}

// options is an argument that is an object, or an object in it; nil where there is none.
func (b *apiBuilder) options(call goja.FunctionCall, index int, name string) map[string]any {
	options, _ := b.plain(call.Argument(index)).(map[string]any)
	if name == "" {
		return options
	}
	inner, _ := options[name].(map[string]any)
	return inner
}

func (b *apiBuilder) now() time.Time {
	if b.pipeline.options.Now != nil {
		return b.pipeline.options.Now()
	}
	return time.Now()
}
