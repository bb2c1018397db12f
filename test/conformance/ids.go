package main

import (
	"cmp"
	"net/url"
	"slices"
	"strings"
)

// idKeys are the properties whose values Auth0 makes up, so that the
// stand-in's differ from the recorded ones.
var idKeys = map[string]bool{
	"id": true, "_id": true, "log_id": true, "user_id": true, "client_id": true, "connection_id": true,
	"organization_id": true, "ticket_id": true, "next": true, "ticket": true, "session_id": true,
	"verification_txt": true, "action_id": true, "from": true,
}

// idMap pairs recorded ids with those of the stand-in, one to one.
type idMap struct {
	recorded map[string]string // stand-in's by recorded
	ours     map[string]string // recorded by stand-in's
}

func newIDMap() *idMap { return &idMap{recorded: map[string]string{}, ours: map[string]string{}} }

func (m *idMap) add(recorded, ours string) {
	_, known := m.recorded[recorded]
	_, taken := m.ours[ours]
	if known || taken || recorded == "" || ours == "" {
		return
	}
	m.recorded[recorded], m.ours[ours] = ours, recorded
}

// learn walks two answers side by side and pairs the ids in the same places.
func (m *idMap) learn(key string, recorded, ours any) {
	switch r := recorded.(type) {
	case string:
		if o, ok := ours.(string); ok && idKeys[key] {
			m.add(r, o)
			m.addParts(r, o)
		}
	case []any:
		o, _ := ours.([]any)
		for i := range min(len(r), len(o)) {
			m.learn(key, r[i], o[i])
		}
	case map[string]any:
		o, _ := ours.(map[string]any)
		for k := range r {
			m.learn(k, r[k], o[k])
		}
	}
}

// addParts pairs what follows the last bar of a user's id: identities show it alone.
func (m *idMap) addParts(recorded, ours string) {
	i, j := strings.LastIndex(recorded, "|"), strings.LastIndex(ours, "|")
	if i >= 0 && j >= 0 {
		m.add(recorded[i+1:], ours[j+1:])
	}
}

// shortestID is the fewest characters with which an id is replaced within a
// longer text.
const shortestID = 8

// replacer turns recorded ids into the stand-in's, escaped ones too.
func replacer(pairs map[string]string, more ...string) *strings.Replacer {
	var ids []string
	for id := range pairs {
		if len(id) >= shortestID && id != pairs[id] {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, func(a, b string) int {
		return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b))
	})
	args := slices.Clone(more)
	for _, id := range ids {
		args = append(args, id, pairs[id])
		if escaped := url.QueryEscape(id); escaped != id {
			args = append(args, escaped, url.QueryEscape(pairs[id]))
		}
	}
	return strings.NewReplacer(args...)
}

// rewrite applies a replacer to every text of a JSON value, keys included.
func rewrite(value any, r *strings.Replacer) any {
	switch v := value.(type) {
	case string:
		return r.Replace(v)
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = rewrite(v[i], r)
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(v))
		for k := range v {
			out[r.Replace(k)] = rewrite(v[k], r)
		}
		return out
	}
	return value
}
