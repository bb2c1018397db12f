package v1alpha1

import (
	stdjson "encoding/json"
	"fmt"
	"reflect"
	"strings"

	"k8s.io/apimachinery/pkg/util/json"
)

// UnmarshalJSON reads what can be read, and notes in Unreadable what cannot: one
// object that this version cannot read must not fail the list that it is in.
func (c *Customer) UnmarshalJSON(data []byte) error {
	type plain Customer
	return decode(data, (*plain)(c), &c.Unreadable, map[string]reflect.Type{
		"spec": reflect.TypeFor[CustomerSpec](), "status": reflect.TypeFor[CustomerStatus](),
	})
}

// UnmarshalJSON reads what can be read, as Customer's does.
func (m *Member) UnmarshalJSON(data []byte) error {
	type plain Member
	return decode(data, (*plain)(m), &m.Unreadable, map[string]reflect.Type{
		"spec": reflect.TypeFor[MemberSpec](), "status": reflect.TypeFor[MemberStatus](),
	})
}

// UnmarshalJSON reads what can be read, as Customer's does.
func (t *Auth0Tenant) UnmarshalJSON(data []byte) error {
	type plain Auth0Tenant
	return decode(data, (*plain)(t), &t.Unreadable, map[string]reflect.Type{
		"spec": reflect.TypeFor[Auth0TenantSpec](), "status": reflect.TypeFor[Auth0TenantStatus](),
	})
}

// UnmarshalJSON reads what can be read, as Customer's does.
func (r *Removal) UnmarshalJSON(data []byte) error {
	type plain Removal
	return decode(data, (*plain)(r), &r.Unreadable, map[string]reflect.Type{
		"spec": reflect.TypeFor[RemovalSpec](), "status": reflect.TypeFor[RemovalStatus](),
	})
}

// decode reads an object into a type without methods. What of its parts cannot be
// read is left out and named in unreadable.
func decode[T any](data []byte, into *T, unreadable *string, parts map[string]reflect.Type) error {
	was := *into
	*unreadable = ""
	whole := json.Unmarshal(data, into)
	if whole == nil {
		return nil
	}
	tree := map[string]any{}
	if json.Unmarshal(data, &tree) != nil {
		return whole
	}
	var found []string
	for name, part := range parts {
		if value, ok := tree[name]; ok {
			if tree[name], ok = readable(value, part, name, &found); !ok {
				delete(tree, name)
			}
		}
	}
	rest, err := stdjson.Marshal(tree)
	if err != nil {
		return whole
	}
	*into = was
	if len(found) == 0 || json.Unmarshal(rest, into) != nil {
		return whole
	}
	*unreadable = strings.Join(found, "; ")
	return nil
}

// readable is a value without what cannot be read as a type; ok says that
// something is left of it.
func readable(value any, of reflect.Type, path string, found *[]string) (left any, ok bool) {
	for of.Kind() == reflect.Pointer {
		of = of.Elem()
	}
	if !reflect.PointerTo(of).Implements(reflect.TypeFor[stdjson.Unmarshaler]()) {
		switch in := value.(type) {
		case map[string]any:
			if of.Kind() == reflect.Struct {
				return readableFields(in, of, path, found), true
			}
		case []any:
			if of.Kind() == reflect.Slice {
				return readableItems(in, of.Elem(), path, found), true
			}
		}
	}
	text, err := stdjson.Marshal(value)
	if err == nil {
		err = json.Unmarshal(text, reflect.New(of).Interface())
	}
	if err != nil {
		*found = append(*found, fmt.Sprintf("%s (%v)", path, err))
	}
	return value, err == nil
}

func readableFields(in map[string]any, of reflect.Type, path string, found *[]string) map[string]any {
	for field := range of.Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		value, there := in[name]
		if !there || name == "-" {
			continue
		}
		if left, ok := readable(value, field.Type, path+"."+name, found); ok {
			in[name] = left
		} else {
			delete(in, name)
		}
	}
	return in
}

func readableItems(in []any, of reflect.Type, path string, found *[]string) []any {
	out := make([]any, 0, len(in))
	for i, value := range in {
		if left, ok := readable(value, of, fmt.Sprintf("%s[%d]", path, i), found); ok {
			out = append(out, left)
		}
	}
	return out
}
