package member

import (
	"maps"
	"strconv"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
)

// cacheLag is how long the cache is waited for at most: who waits longer meets a
// conflict, and no more than that.
const cacheLag = 10 * time.Second

// writtenVersions are the versions of Members that this process wrote lately. A pass over an
// earlier one, which the cache still shows, would make calls to Auth0 whose outcome it
// cannot write.
type writtenVersions struct {
	mu     sync.Mutex
	last   map[types.UID]writtenVersion
	sifted time.Time
}

type writtenVersion struct {
	version string
	at      time.Time
}

func (w *writtenVersions) note(member *v1alpha1.Member, now time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.last == nil {
		w.last = map[types.UID]writtenVersion{}
	}
	w.last[member.UID] = writtenVersion{member.ResourceVersion, now}
	if now.Sub(w.sifted).Abs() > cacheLag {
		w.sifted = now
		maps.DeleteFunc(w.last, func(_ types.UID, write writtenVersion) bool { return now.Sub(write.at).Abs() > cacheLag })
	}
}

// ahead of a Member as the cache shows it: it is older than what was written.
func (w *writtenVersions) ahead(member *v1alpha1.Member, now time.Time) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	write, ok := w.last[member.UID]
	return ok && now.Sub(write.at).Abs() <= cacheLag && olderVersion(member.ResourceVersion, write.version)
}

// olderVersion compares versions of one object, which grow; false where they do not
// show that.
func olderVersion(version, than string) bool {
	a, err := strconv.ParseUint(version, 10, 64)
	if err != nil {
		return false
	}
	b, err := strconv.ParseUint(than, 10, 64)
	return err == nil && a < b
}
