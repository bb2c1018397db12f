// Package gitops_test holds what Argo CD, Flux and kubectl make of the objects: the
// health checks and actions in config/argocd, and kstatus.
package gitops_test

import (
	"fmt"

	lua "github.com/yuin/gopher-lua"
)

// run is how Argo CD (util/lua of v3) runs a script: with the libraries package, base
// and table alone, a module os that has time and date, and the object as obj. Its
// deadline of a second is left out.
func run(script string, obj map[string]any) (any, error) {
	l := lua.NewState(lua.Options{SkipOpenLibs: true})
	defer l.Close()
	for name, open := range map[string]lua.LGFunction{
		lua.LoadLibName: lua.OpenPackage, lua.BaseLibName: lua.OpenBase, lua.TabLibName: lua.OpenTable,
	} {
		if err := l.CallByParam(lua.P{Fn: l.NewFunction(open), Protect: true}, lua.LString(name)); err != nil {
			return nil, fmt.Errorf("open %q: %w", name, err)
		}
	}
	l.PreloadModule(lua.OsLibName, safeOS)
	l.SetGlobal("obj", toLua(l, obj))
	if err := l.DoString(script); err != nil {
		return nil, fmt.Errorf("run: %w", err)
	}
	return fromLua(l.Get(-1)), nil
}

// safeOS is the part of the library os that Argo CD leaves in.
func safeOS(l *lua.LState) int {
	other := lua.NewState(lua.Options{SkipOpenLibs: true})
	defer other.Close()
	lua.OpenOs(other)
	all, _ := other.Get(-1).(*lua.LTable)
	functions := map[string]lua.LGFunction{}
	for _, name := range []string{"time", "date"} {
		function, _ := all.RawGetString(name).(*lua.LFunction)
		functions[name] = function.GFunction
	}
	l.Push(l.SetFuncs(l.NewTable(), functions))
	return 1
}

func toLua(l *lua.LState, value any) lua.LValue {
	switch v := value.(type) {
	case bool:
		return lua.LBool(v)
	case string:
		return lua.LString(v)
	case int64:
		return lua.LNumber(v)
	case float64:
		return lua.LNumber(v)
	case []any:
		list := l.NewTable()
		for _, item := range v {
			list.Append(toLua(l, item))
		}
		return list
	case map[string]any:
		table := l.NewTable()
		for key, item := range v {
			table.RawSetH(lua.LString(key), toLua(l, item))
		}
		return table
	}
	return lua.LNil
}

// fromLua drops what is empty: Lua does not tell an empty list from an empty map.
func fromLua(value lua.LValue) any {
	switch v := value.(type) {
	case lua.LBool:
		return bool(v)
	case lua.LString:
		return string(v)
	case lua.LNumber:
		return float64(v)
	case *lua.LTable:
		if v.MaxN() > 0 {
			var list []any
			v.ForEach(func(_, item lua.LValue) { list = append(list, fromLua(item)) })
			return list
		}
		table := map[string]any{}
		v.ForEach(func(key, item lua.LValue) {
			if out := fromLua(item); out != nil {
				table[lua.LVAsString(key)] = out
			}
		})
		if len(table) > 0 {
			return table
		}
	}
	return nil
}
