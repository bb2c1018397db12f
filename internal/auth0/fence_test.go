package auth0

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"
)

// TestHandsOffFenceWithinAFence: what is to be sent soon after it was judged is not
// sent later because a longer fence is put within the shorter.
func TestHandsOffFenceWithinAFence(t *testing.T) {
	now := time.Now()
	short, long := NewFence(now.Add(time.Second), time.Second), NewFence(now.Add(time.Minute), time.Minute)
	for name, order := range map[string][2]Fence{"the longer within": {short, long}, "the shorter within": {long, short}} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			fence, ok := fenceOf(WithFence(WithFence(t.Context(), order[0]), order[1]))
			g.Expect(ok).To(BeTrue())
			g.Expect(fence).To(Equal(short))
		})
	}
}
