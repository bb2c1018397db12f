package traffic

import (
	"testing"
	"time"

	"github.com/seatwarden/seatwarden/internal/standin/state"
)

func TestUseOfABucketIsCounted(t *testing.T) {
	settings := state.DefaultSettings()
	settings.Profile = state.ProfileFree
	world, err := state.New(settings, "http")
	if err != nil {
		t.Fatal(err)
	}
	world.AddTenant("auth0.test")
	g := New(world, nil)
	now := time.Now()
	for range 5 {
		g.limits.take(world.Main.Domain+" "+limitGlobal, profiles[state.ProfileFree][limitGlobal], now)
	}
	want := BucketUse{Taken: 2, Refused: 3, Burst: 2, PerMinute: 120}
	if got := g.BucketUse(limitGlobal); got != want {
		t.Errorf("the use is %+v, not %+v", got, want)
	}
	if got := g.BucketUse("no such bucket"); got != (BucketUse{}) {
		t.Errorf("a bucket that is not there was used: %+v", got)
	}
}
