// Package deepjson writes Go values as JSON and reads them back as they were.
// Unlike encoding/json it takes unexported fields along, tells empty maps and
// slices from missing ones, and keeps the Go types of values in interfaces. A
// field that is added to a type is part of its JSON from then on.
//
// Structs are objects by the names of their fields, without channels and
// functions. A pointer is null or a list of what it points to. A value in an
// interface is {"type": ..., "value": ...}. Bytes are base64, times RFC 3339.
//
// The JSON is for the program that wrote it: reading refuses what has other
// fields than the types at hand.
package deepjson

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"time"
	"unsafe"
)

// dynamic are the types that may be behind an interface, by name.
var dynamic = func() map[string]reflect.Type {
	types := map[string]reflect.Type{}
	for _, v := range []any{
		false, "", 0, int64(0), float64(0), time.Time{}, []any{}, map[string]any{},
		[]string{}, []map[string]any{}, map[string]string{}, map[string]bool{},
	} {
		types[reflect.TypeOf(v).String()] = reflect.TypeOf(v)
	}
	return types
}()

var timeType = reflect.TypeFor[time.Time]()

// Marshal writes what a pointer points to. Pointers to the known values are
// written as their places in the list, instead of what they point to; among the
// others there must be no cycle.
func Marshal(from any, known ...any) ([]byte, error) {
	v := reflect.ValueOf(from)
	if v.Kind() != reflect.Pointer || v.IsNil() {
		return nil, errors.New("only what a pointer points to can be written")
	}
	tree, err := coder(known).encode(v.Elem())
	if err != nil {
		return nil, err
	}
	return json.Marshal(tree)
}

// Unmarshal reads what Marshal wrote into what a pointer points to. The known
// values are those of now, in the same order. After an error the value is of no use.
func Unmarshal(data []byte, into any, known ...any) error {
	v := reflect.ValueOf(into)
	if v.Kind() != reflect.Pointer || v.IsNil() {
		return errors.New("only what a pointer points to can be read")
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var tree any
	if err := decoder.Decode(&tree); err != nil {
		return err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.New("more than one JSON value")
	}
	return coder(known).decode(tree, v.Elem())
}

// coder holds the known pointers.
type coder []any

// field returns a field of an addressable struct, unexported ones open to
// reading and setting too.
func field(v reflect.Value, i int) reflect.Value {
	f := v.Field(i)
	return reflect.NewAt(f.Type(), unsafe.Pointer(f.UnsafeAddr())).Elem() //nolint:gosec // reflection alone does not open unexported fields
}

// addressable returns a copy of a value of which fields can be taken.
func addressable(v reflect.Value) reflect.Value {
	out := reflect.New(v.Type()).Elem()
	out.Set(v)
	return out
}

// left tells whether fields of a type are left out.
func left(t reflect.Type) bool { return t.Kind() == reflect.Chan || t.Kind() == reflect.Func }

func (c coder) encode(v reflect.Value) (any, error) {
	switch v.Kind() {
	case reflect.Bool:
		return v.Bool(), nil
	case reflect.String:
		return v.String(), nil
	case reflect.Int, reflect.Int64:
		return v.Int(), nil
	case reflect.Uint64:
		return v.Uint(), nil
	case reflect.Float64:
		return v.Float(), nil
	case reflect.Pointer:
		return c.encodePointer(v)
	case reflect.Slice:
		return c.encodeSlice(v)
	case reflect.Map:
		return c.encodeMap(v)
	case reflect.Struct:
		return c.encodeStruct(v)
	case reflect.Interface:
		if v.IsNil() {
			return nil, nil
		}
		name := v.Elem().Type().String()
		if dynamic[name] != v.Elem().Type() {
			return nil, fmt.Errorf("a %s is behind an interface", name)
		}
		value, err := c.encode(addressable(v.Elem()))
		return map[string]any{"type": name, "value": value}, err
	default:
		return nil, fmt.Errorf("a %s has no form in JSON", v.Type())
	}
}

func (c coder) encodePointer(v reflect.Value) (any, error) {
	if v.IsNil() {
		return nil, nil
	}
	if i := slices.Index(c, v.Interface()); i >= 0 {
		return i, nil
	}
	to, err := c.encode(v.Elem())
	return []any{to}, err
}

func (c coder) encodeSlice(v reflect.Value) (any, error) {
	switch {
	case v.IsNil():
		return nil, nil
	case v.Type().Elem().Kind() == reflect.Uint8:
		return base64.StdEncoding.EncodeToString(v.Bytes()), nil
	}
	out := make([]any, v.Len())
	for i := range out {
		var err error
		if out[i], err = c.encode(v.Index(i)); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (c coder) encodeMap(v reflect.Value) (any, error) {
	switch {
	case v.Type().Key().Kind() != reflect.String:
		return nil, fmt.Errorf("a %s has no form in JSON", v.Type())
	case v.IsNil():
		return nil, nil
	}
	out := map[string]any{}
	for rows := v.MapRange(); rows.Next(); {
		value, err := c.encode(addressable(rows.Value()))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", rows.Key(), err)
		}
		out[rows.Key().String()] = value
	}
	return out, nil
}

func (c coder) encodeStruct(v reflect.Value) (any, error) {
	if v.Type() == timeType {
		return v.Interface(), nil
	}
	out := map[string]any{}
	for i := range v.NumField() {
		if left(v.Field(i).Type()) {
			continue
		}
		value, err := c.encode(field(v, i))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", v.Type().Field(i).Name, err)
		}
		out[v.Type().Field(i).Name] = value
	}
	return out, nil
}
