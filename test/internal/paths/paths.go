// Package paths lists the fields of an API type, for tests that hold something
// for each of them.
package paths

import (
	"reflect"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Of returns the paths of all fields of a struct type that have none below them,
// by their JSON names: "spec.seats", "spec.admins[].email".
func Of(prefix string, of reflect.Type) []string {
	var paths []string
	for field := range of.Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		path, kind := prefix+"."+name, field.Type
		if kind.Kind() == reflect.Pointer {
			kind = kind.Elem()
		}
		if kind.Kind() == reflect.Slice {
			kind = kind.Elem()
			if kind.Kind() == reflect.Struct {
				path += "[]"
			}
		}
		switch {
		case kind.Kind() != reflect.Struct || kind == reflect.TypeFor[metav1.Time]() || kind == reflect.TypeFor[metav1.Duration]():
			paths = append(paths, path)
		default:
			paths = append(paths, Of(path, kind)...)
		}
	}
	return paths
}
