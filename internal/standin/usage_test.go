package standin

import (
	"testing"
	"time"
)

func TestUseOfABucketIsCounted(t *testing.T) {
	s := New(t, WithSettings(func(o *Settings) { o.Profile = ProfileFree }))
	now := time.Now()
	for range 5 {
		s.limits.take(s.main.Domain+" "+limitGlobal, profiles[ProfileFree][limitGlobal], now)
	}
	want := BucketUse{Taken: 2, Refused: 3, Burst: 2, PerMinute: 120}
	if got := s.BucketUse(limitGlobal); got != want {
		t.Errorf("the use is %+v, not %+v", got, want)
	}
	if got := s.BucketUse("no such bucket"); got != (BucketUse{}) {
		t.Errorf("a bucket that is not there was used: %+v", got)
	}
}
