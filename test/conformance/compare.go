package main

import (
	"cmp"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
)

// difference is one place where the stand-in's answer is not the recorded one.
type difference struct {
	// at is the place: "status", or a JSON path like $.members[].name.
	at string
	// kind: status, missing, extra, type, value, length or error.
	kind string
	// recorded and ours show both sides for the reader.
	recorded, ours any
}

func (d difference) String() string {
	return fmt.Sprintf("%s %s: recorded %s, stand-in %s", d.kind, d.at, short(d.recorded), short(d.ours))
}

func short(value any) string {
	text := fmt.Sprintf("%v", value)
	if len(text) > 200 {
		text = text[:200] + "…"
	}
	return text
}

// secretKeys are properties whose values are random or were blackened before
// the recordings were published: their type is compared, not their value.
var secretKeys = map[string]bool{
	"client_secret": true, "password": true, "signing_secret": true, "ticket": true, "verification_txt": true,
	"next": true, "pem": true, "cert": true, "pkcs7": true,
	"provisioning_ticket_url": true,
}

var timestampText = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.(\d+))?Z$`)

// compare returns the differences of two decoded answers.
func compare(at, key string, recorded, ours any) []difference {
	if typeName(recorded) != typeName(ours) {
		return []difference{{at, "type", recorded, ours}}
	}
	switch r := recorded.(type) {
	case map[string]any:
		return compareObjects(at, r, ours.(map[string]any))
	case []any:
		return compareArrays(at, key, r, ours.([]any))
	case string:
		return compareTexts(at, key, r, ours.(string))
	default:
		if !reflect.DeepEqual(recorded, ours) {
			return []difference{{at, "value", recorded, ours}}
		}
		return nil
	}
}

func typeName(value any) string {
	switch value.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case float64:
		return "number"
	case string:
		return "string"
	case []any:
		return "array"
	default:
		return "object"
	}
}

func compareObjects(at string, recorded, ours map[string]any) []difference {
	var out []difference
	for _, key := range slices.Sorted(maps.Keys(recorded)) {
		place := at + "." + key
		o, found := ours[key]
		if !found {
			out = append(out, difference{place, "missing", recorded[key], "nothing"})
			continue
		}
		out = append(out, compare(place, key, recorded[key], o)...)
	}
	for _, key := range slices.Sorted(maps.Keys(ours)) {
		if _, found := recorded[key]; !found {
			out = append(out, difference{at + "." + key, "extra", "nothing", ours[key]})
		}
	}
	return out
}

// sets are lists of ids that Auth0 does not keep in the order in which they were given.
var sets = map[string]bool{"enabled_clients": true}

func compareArrays(at, key string, recorded, ours []any) []difference {
	if sets[key] {
		byText := func(a, b any) int { return cmp.Compare(fmt.Sprint(a), fmt.Sprint(b)) }
		slices.SortFunc(recorded, byText)
		slices.SortFunc(ours, byText)
	}
	if len(recorded) != len(ours) {
		return []difference{{at + "[]", "length", recorded, ours}}
	}
	var out []difference
	for i := range recorded {
		out = append(out, compare(at+"[]", key, recorded[i], ours[i])...)
	}
	return out
}

func compareTexts(at, key, recorded, ours string) []difference {
	if recorded == ours || secretKeys[key] || strings.Contains(recorded, "REDACTED") {
		return nil
	}
	r, o := timestampText.FindStringSubmatch(recorded), timestampText.FindStringSubmatch(ours)
	if r != nil && o != nil && (len(r[2]) > 3) == (len(o[2]) > 3) {
		return nil // trailing zeros are not always written
	}
	return []difference{{at, "value", recorded, ours}}
}

// rowKeys tell rows of a list apart; the first that a row has counts.
var rowKeys = []string{"user_id", "client_id", "id", "connection_id", "log_id"}

func rowID(row any) (string, bool) {
	object, _ := row.(map[string]any)
	for _, key := range rowKeys {
		if id, ok := object[key].(string); ok {
			return id, true
		}
	}
	return "", false
}

// withoutForeignRows takes out of a list, bare or in an envelope, the rows that
// the recording did not make: what else the recorded tenant held, and the
// stand-in, is nobody's difference. Totals are lowered by their number.
func withoutForeignRows(answer any, known map[string]bool) any {
	switch a := answer.(type) {
	case []any:
		return slices.DeleteFunc(slices.Clone(a), func(row any) bool {
			id, ok := rowID(row)
			return ok && !known[id]
		})
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(a)) {
			rows, ok := a[key].([]any)
			if !ok || len(rows) == 0 {
				continue
			}
			kept, _ := withoutForeignRows(rows, known).([]any)
			out := map[string]any{}
			for k, v := range a {
				if n, ok := v.(float64); ok && (k == "total" || k == "length") {
					v = n - float64(len(rows)-len(kept))
					if k == "total" && int(n) > len(rows) {
						v = float64(len(kept)) // the rows of other pages are foreign too
					}
				}
				out[k] = v
			}
			out[key] = kept
			return out
		}
	}
	return answer
}
