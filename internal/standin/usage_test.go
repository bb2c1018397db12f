package standin

import (
	"testing"
	"time"
)

func TestUseOfABucketIsCounted(t *testing.T) {
	settings := DefaultSettings()
	settings.Profile = ProfileFree
	world, err := makeWorld(settings, "http")
	if err != nil {
		t.Fatal(err)
	}
	world.addTenant("auth0.test")
	g := newGate(world, nil)
	now := time.Now()
	for range 5 {
		g.limits.take(world.main.Domain+" "+limitGlobal, profiles[ProfileFree][limitGlobal], now)
	}
	want := BucketUse{Taken: 2, Refused: 3, Burst: 2, PerMinute: 120}
	if got := g.BucketUse(limitGlobal); got != want {
		t.Errorf("the use is %+v, not %+v", got, want)
	}
	if got := g.BucketUse("no such bucket"); got != (BucketUse{}) {
		t.Errorf("a bucket that is not there was used: %+v", got)
	}
}
