package state

import "slices"

// Table holds rows by id and remembers the order in which they were created.
// It is guarded by World.Lock like everything in a Tenant.
type Table[T any] struct {
	IDs  []string
	rows map[string]*T
}

// Get returns the row of an id, or nil.
func (t *Table[T]) Get(id string) *T { return t.rows[id] }

// Put adds a row, or replaces the one of the same id in its place.
func (t *Table[T]) Put(id string, row *T) {
	if t.rows == nil {
		t.rows = map[string]*T{}
	}
	if _, known := t.rows[id]; !known {
		t.IDs = append(t.IDs, id)
	}
	t.rows[id] = row
}

// Remove deletes a row and reports whether it was there.
func (t *Table[T]) Remove(id string) bool {
	if _, known := t.rows[id]; !known {
		return false
	}
	delete(t.rows, id)
	t.IDs = slices.DeleteFunc(t.IDs, func(other string) bool { return other == id })
	return true
}

// All returns the rows in the order of their creation.
func (t *Table[T]) All() []*T {
	out := make([]*T, 0, len(t.IDs))
	for _, id := range t.IDs {
		out = append(out, t.rows[id])
	}
	return out
}

// Find returns the first row that matches, or nil.
func (t *Table[T]) Find(match func(*T) bool) *T {
	for _, id := range t.IDs {
		if match(t.rows[id]) {
			return t.rows[id]
		}
	}
	return nil
}

func rowsOf[T any](t *Table[T]) []T {
	out := []T{}
	for _, row := range t.All() {
		out = append(out, CloneJSON(*row))
	}
	return out
}
