package standin

import "slices"

// table holds rows by id and remembers the order in which they were created.
// It is guarded by Server.mu like everything in a Tenant.
type table[T any] struct {
	ids  []string
	rows map[string]*T
}

func (t *table[T]) get(id string) *T { return t.rows[id] }

func (t *table[T]) put(id string, row *T) {
	if t.rows == nil {
		t.rows = map[string]*T{}
	}
	if _, known := t.rows[id]; !known {
		t.ids = append(t.ids, id)
	}
	t.rows[id] = row
}

// remove deletes a row and reports whether it was there.
func (t *table[T]) remove(id string) bool {
	if _, known := t.rows[id]; !known {
		return false
	}
	delete(t.rows, id)
	t.ids = slices.DeleteFunc(t.ids, func(other string) bool { return other == id })
	return true
}

// all returns the rows in the order of their creation.
func (t *table[T]) all() []*T {
	out := make([]*T, 0, len(t.ids))
	for _, id := range t.ids {
		out = append(out, t.rows[id])
	}
	return out
}

func (t *table[T]) find(match func(*T) bool) *T {
	for _, id := range t.ids {
		if match(t.rows[id]) {
			return t.rows[id]
		}
	}
	return nil
}

func rowsOf[T any](t *table[T]) []T {
	out := []T{}
	for _, row := range t.all() {
		out = append(out, cloneJSON(*row))
	}
	return out
}
