package deepjson

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"time"
)

// shaped returns a part of the tree as the JSON type that a Go type needs.
func shaped[T any](tree any, v reflect.Value) (T, error) {
	shape, ok := tree.(T)
	if !ok {
		return shape, fmt.Errorf("a %s is not written as %T", v.Type(), tree)
	}
	return shape, nil
}

func (c coder) decode(tree any, v reflect.Value) error {
	switch v.Kind() {
	case reflect.Bool:
		b, err := shaped[bool](tree, v)
		v.SetBool(b)
		return err
	case reflect.String:
		s, err := shaped[string](tree, v)
		v.SetString(s)
		return err
	case reflect.Int, reflect.Int64, reflect.Uint64, reflect.Float64:
		return decodeNumber(tree, v)
	case reflect.Struct:
		return c.decodeStruct(tree, v)
	}
	if tree == nil {
		v.SetZero()
		return nil
	}
	switch v.Kind() {
	case reflect.Pointer:
		return c.decodePointer(tree, v)
	case reflect.Slice:
		return c.decodeSlice(tree, v)
	case reflect.Map:
		return c.decodeMap(tree, v)
	case reflect.Interface:
		return c.decodeInterface(tree, v)
	default:
		return fmt.Errorf("a %s has no form in JSON", v.Type())
	}
}

func decodeNumber(tree any, v reflect.Value) error {
	number, err := shaped[json.Number](tree, v)
	if err != nil {
		return err
	}
	switch {
	case v.CanInt():
		n, err := strconv.ParseInt(number.String(), 10, 64)
		v.SetInt(n)
		return err
	case v.CanUint():
		n, err := strconv.ParseUint(number.String(), 10, 64)
		v.SetUint(n)
		return err
	default:
		n, err := number.Float64()
		v.SetFloat(n)
		return err
	}
}

func (c coder) decodePointer(tree any, v reflect.Value) error {
	if place, isKnown := tree.(json.Number); isKnown {
		i, err := place.Int64()
		if err != nil || i < 0 || i >= int64(len(c)) || reflect.TypeOf(c[i]) != v.Type() {
			return fmt.Errorf("there is no known %s at %s", v.Type(), place)
		}
		v.Set(reflect.ValueOf(c[i]))
		return nil
	}
	to, err := shaped[[]any](tree, v)
	if err != nil || len(to) != 1 {
		return fmt.Errorf("a %s is not written as a list of one", v.Type())
	}
	v.Set(reflect.New(v.Type().Elem()))
	return c.decode(to[0], v.Elem())
}

func (c coder) decodeSlice(tree any, v reflect.Value) error {
	if v.Type().Elem().Kind() == reflect.Uint8 {
		text, err := shaped[string](tree, v)
		if err != nil {
			return err
		}
		raw, err := base64.StdEncoding.DecodeString(text)
		v.SetBytes(raw)
		return err
	}
	rows, err := shaped[[]any](tree, v)
	if err != nil {
		return err
	}
	v.Set(reflect.MakeSlice(v.Type(), len(rows), len(rows)))
	for i, row := range rows {
		if err := c.decode(row, v.Index(i)); err != nil {
			return err
		}
	}
	return nil
}

func (c coder) decodeMap(tree any, v reflect.Value) error {
	rows, err := shaped[map[string]any](tree, v)
	if err != nil {
		return err
	}
	if v.Type().Key().Kind() != reflect.String {
		return fmt.Errorf("a %s has no form in JSON", v.Type())
	}
	v.Set(reflect.MakeMapWithSize(v.Type(), len(rows)))
	for name, row := range rows {
		value := reflect.New(v.Type().Elem()).Elem()
		if err := c.decode(row, value); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		v.SetMapIndex(reflect.ValueOf(name).Convert(v.Type().Key()), value)
	}
	return nil
}

func (c coder) decodeStruct(tree any, v reflect.Value) error {
	if v.Type() == timeType {
		text, err := shaped[string](tree, v)
		if err != nil {
			return err
		}
		at, err := time.Parse(time.RFC3339Nano, text)
		v.Set(reflect.ValueOf(at))
		return err
	}
	fields, err := shaped[map[string]any](tree, v)
	if err != nil {
		return err
	}
	read := 0
	for i := range v.NumField() {
		if left(v.Field(i).Type()) {
			continue
		}
		name := v.Type().Field(i).Name
		value, there := fields[name]
		if !there {
			return fmt.Errorf("a %s is written without %s", v.Type(), name)
		}
		if err := c.decode(value, field(v, i)); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		read++
	}
	if read != len(fields) {
		return fmt.Errorf("a %s is written with fields that it does not have", v.Type())
	}
	return nil
}

func (c coder) decodeInterface(tree any, v reflect.Value) error {
	tagged, err := shaped[map[string]any](tree, v)
	if err != nil {
		return err
	}
	name, _ := tagged["type"].(string)
	of, allowed := dynamic[name]
	if !allowed || !of.AssignableTo(v.Type()) {
		return fmt.Errorf("a %q cannot be behind a %s", name, v.Type())
	}
	value := reflect.New(of).Elem()
	if err := c.decode(tagged["value"], value); err != nil {
		return err
	}
	v.Set(value)
	return nil
}
