package removal

import (
	"maps"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/types"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
)

// takenLately remembers how far takings are that the status does not say: that they came to their
// end. It is not worth a write, since who does not know it takes once more.
type takenLately struct {
	mu   sync.Mutex
	last map[types.UID]takenNote
}

type takenNote struct {
	withdrawal v1alpha1.Withdrawal
	at         time.Time
}

// noteLasts is how long a note is kept of a Removal that nobody looks at any more.
const noteLasts = time.Hour

func (t *takenLately) note(r *v1alpha1.Removal, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.last == nil {
		t.last = map[types.UID]takenNote{}
	}
	if len(t.last)%1000 == 999 {
		maps.DeleteFunc(t.last, func(_ types.UID, note takenNote) bool { return now.Sub(note.at).Abs() > noteLasts })
	}
	t.last[r.UID] = takenNote{*r.Status.Withdrawal.DeepCopy(), now}
}

func (t *takenLately) forget(r *v1alpha1.Removal) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.last, r.UID)
}

// of is the note of a Removal whose status says when the same taking began.
func (t *takenLately) of(r *v1alpha1.Removal) *v1alpha1.Withdrawal {
	t.mu.Lock()
	defer t.mu.Unlock()
	note, ok := t.last[r.UID]
	if !ok || r.Status.Withdrawal == nil || !note.withdrawal.ChangedAt.Equal(&r.Status.Withdrawal.ChangedAt) ||
		!note.withdrawal.StartedAt.Equal(&r.Status.Withdrawal.StartedAt) {
		return nil
	}
	return note.withdrawal.DeepCopy()
}

// restoreTaken adds to the status what this process remembers of the taking.
func (p *removalPass) restoreTaken() {
	if p.removal.Status.State != v1alpha1.RemovalRemoving {
		return
	}
	if known := p.taken.of(p.removal); known != nil {
		p.removal.Status.Withdrawal = known
	}
}

// onlyTaken: nothing but the end of a taking is new, and how that reads.
func (p *removalPass) onlyTaken() bool {
	is, was := p.removal.Status.DeepCopy(), p.before.Status.DeepCopy()
	if is.State != v1alpha1.RemovalRemoving || is.Withdrawal == nil || was.Withdrawal == nil || !sameReasons(is, was) {
		return false
	}
	is.Withdrawal.TakenAt, is.Withdrawal.RevokedAt = was.Withdrawal.TakenAt, was.Withdrawal.RevokedAt
	is.Conditions = was.Conditions
	return equality.Semantic.DeepEqual(is, was)
}

func sameReasons(a, b *v1alpha1.RemovalStatus) bool {
	if len(a.Conditions) != len(b.Conditions) {
		return false
	}
	for i := range a.Conditions {
		if a.Conditions[i].Reason != b.Conditions[i].Reason || a.Conditions[i].Status != b.Conditions[i].Status {
			return false
		}
	}
	return true
}
