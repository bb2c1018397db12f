package search

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/seatwarden/seatwarden/internal/standin/state"
)

// SearchedUser is what a user search sees of a user.
type SearchedUser struct {
	User *state.User
	// Organizations are worked out only when the query asks for them.
	Organizations func() []string
}

// predicate tells whether a user is found.
type predicate func(*SearchedUser) bool

// ParseSearch reads the part of Lucene's query syntax that callers of Auth0's
// user search use: field:value and field:"phrase" with * at the end or in the
// middle, field:[from TO to] with * for an open end, _exists_:field, AND, OR, NOT and parentheses. Two terms side by side
// are joined by AND.
func ParseSearch(q string) (predicate, error) {
	tokens, err := searchTokens(q)
	if err != nil {
		return nil, err
	}
	p := &searchParser{tokens: tokens}
	found, err := p.or()
	if err != nil {
		return nil, err
	}
	if len(p.tokens) > 0 {
		return nil, fmt.Errorf("unexpected %s", p.tokens[0])
	}
	return found, nil
}

// searchTokens cuts a query at blanks and parentheses outside quotes and ranges.
func searchTokens(q string) ([]string, error) {
	var tokens []string
	var b strings.Builder
	flush := func() {
		if b.Len() > 0 {
			tokens = append(tokens, b.String())
			b.Reset()
		}
	}
	quoted, escaped, ranged := false, false, false
	for _, r := range q {
		switch {
		case escaped:
			b.WriteRune(r)
			escaped = false
		case r == '\\':
			b.WriteRune(r)
			escaped = true
		case r == '"':
			b.WriteRune(r)
			quoted = !quoted
		case quoted:
			b.WriteRune(r)
		case ranged || r == '[' && strings.HasSuffix(b.String(), ":"):
			ranged = r != ']'
			b.WriteRune(r)
		case r == '(' || r == ')':
			flush()
			tokens = append(tokens, string(r))
		case r == ' ' || r == '\t':
			flush()
		default:
			b.WriteRune(r)
		}
	}
	flush()
	if quoted || escaped || ranged {
		return nil, errors.New("a quote, an escape or a range is not ended")
	}
	return tokens, nil
}

type searchParser struct{ tokens []string }

func (p *searchParser) next() string {
	if len(p.tokens) == 0 {
		return ""
	}
	return p.tokens[0]
}

func (p *searchParser) skip() { p.tokens = p.tokens[1:] }

func (p *searchParser) or() (predicate, error) {
	left, err := p.and()
	if err != nil {
		return nil, err
	}
	for p.next() == "OR" {
		p.skip()
		right, err := p.and()
		if err != nil {
			return nil, err
		}
		before := left
		left = func(u *SearchedUser) bool { return before(u) || right(u) }
	}
	return left, nil
}

func (p *searchParser) and() (predicate, error) {
	left, err := p.not()
	if err != nil {
		return nil, err
	}
	for {
		switch p.next() {
		case "", "OR", ")":
			return left, nil
		case "AND":
			p.skip()
		}
		right, err := p.not()
		if err != nil {
			return nil, err
		}
		before := left
		left = func(u *SearchedUser) bool { return before(u) && right(u) }
	}
}

func (p *searchParser) not() (predicate, error) {
	switch token := p.next(); token {
	case "":
		return nil, errors.New("a term is missing")
	case "NOT":
		p.skip()
		inner, err := p.not()
		if err != nil {
			return nil, err
		}
		return func(u *SearchedUser) bool { return !inner(u) }, nil
	case "(":
		p.skip()
		inner, err := p.or()
		if err != nil {
			return nil, err
		}
		if p.next() != ")" {
			return nil, errors.New("a parenthesis is not closed")
		}
		p.skip()
		return inner, nil
	default:
		p.skip()
		return searchTerm(token)
	}
}

func searchTerm(token string) (predicate, error) {
	field, value, found := strings.Cut(token, ":")
	if !found || field == "" || value == "" {
		return nil, fmt.Errorf("%q is not field:value", token)
	}
	pattern := strings.ReplaceAll(strings.Trim(value, `"`), `\`, "")
	if field == "_exists_" {
		return func(u *SearchedUser) bool { return len(u.values(pattern)) > 0 }, nil
	}
	if bounds, ok := strings.CutPrefix(value, "["); ok {
		return searchRange(field, bounds)
	}
	if strings.HasPrefix(pattern, "*") && pattern != "*" {
		return nil, errors.New("a leading wildcard is not supported")
	}
	ignoreCase := field == "email" || field == "email.domain" || field == "name" || field == "nickname" || field == "username"
	return func(u *SearchedUser) bool {
		for _, value := range u.values(field) {
			if matchWildcard(pattern, value, ignoreCase) {
				return true
			}
		}
		return false
	}, nil
}

// searchRange finds what lies between two texts or is one of them; times are texts
// that are in their order.
func searchRange(field, bounds string) (predicate, error) {
	from, to, ok := strings.Cut(strings.TrimSuffix(bounds, "]"), " TO ")
	if !ok || from == "" || to == "" || !strings.HasSuffix(bounds, "]") {
		return nil, fmt.Errorf("%q is no range: [from TO to]", bounds)
	}
	return func(u *SearchedUser) bool {
		return slices.ContainsFunc(u.values(field), func(value string) bool {
			return (from == "*" || from <= value) && (to == "*" || value <= to)
		})
	}, nil
}

// matchWildcard compares with * for any run of characters.
func matchWildcard(pattern, value string, ignoreCase bool) bool {
	if ignoreCase {
		pattern, value = strings.ToLower(pattern), strings.ToLower(value)
	}
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return pattern == value
	}
	first, last := parts[0], parts[len(parts)-1]
	if !strings.HasPrefix(value, first) {
		return false
	}
	rest := value[len(first):]
	for _, part := range parts[1 : len(parts)-1] {
		i := strings.Index(rest, part)
		if i < 0 {
			return false
		}
		rest = rest[i+len(part):]
	}
	return strings.HasSuffix(rest, last)
}

// values returns what the index holds of a field; none if it is not set.
func (u *SearchedUser) values(field string) []string {
	switch field {
	case "organization_id":
		return u.Organizations()
	case "email.domain":
		_, domain, _ := strings.Cut(u.User.Email, "@")
		return nonEmpty(domain)
	case "identities.connection", "identities.provider":
		var out []string
		for _, i := range u.User.Identities {
			if field == "identities.connection" {
				out = append(out, i.Connection)
			} else {
				out = append(out, i.Provider)
			}
		}
		return out
	case "blocked":
		return []string{fmt.Sprint(u.User.Blocked)}
	}
	if key, ok := strings.CutPrefix(field, "app_metadata."); ok {
		return metadataValues(u.User.AppMetadata, key)
	}
	if key, ok := strings.CutPrefix(field, "user_metadata."); ok {
		return metadataValues(u.User.UserMetadata, key)
	}
	if text, ok := state.UserItem(u.User)[field]; ok {
		return []string{fmt.Sprint(text)}
	}
	return nil
}

func nonEmpty(s string) []string {
	if s == "" {
		return nil
	}
	return []string{s}
}

// metadataValues returns the scalars at a dotted path, those of lists included.
func metadataValues(metadata map[string]any, path string) []string {
	if value, ok := metadata[path]; ok {
		return scalars(value)
	}
	key, rest, nested := strings.Cut(path, ".")
	inner, isObject := metadata[key].(map[string]any)
	if !nested || !isObject {
		return nil
	}
	return metadataValues(inner, rest)
}

func scalars(value any) []string {
	switch v := value.(type) {
	case nil:
		return nil
	case []any:
		var out []string
		for _, item := range v {
			out = append(out, scalars(item)...)
		}
		return out
	case map[string]any:
		return []string{"{}"}
	default:
		return []string{fmt.Sprint(v)}
	}
}
