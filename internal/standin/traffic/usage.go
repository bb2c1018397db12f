package traffic

// BucketUse is what was asked of one of the rate buckets since the start.
type BucketUse struct {
	// Taken and Refused are the calls that found a token, and that found none.
	Taken, Refused int
	// Burst is the bucket's size, PerMinute its refill.
	Burst, PerMinute float64
}

// BucketUse returns the use of a bucket of the first tenant by the name that its
// profile has for it, e.g. "write-invitations", "other" or "global".
func (g *Gate) BucketUse(name string) BucketUse {
	limit := profiles[g.world.Settings().Profile][name]
	use := BucketUse{Burst: limit.burst, PerMinute: limit.perMinute}
	g.limits.mu.Lock()
	defer g.limits.mu.Unlock()
	if b := g.limits.buckets[g.world.Main.Domain+" "+name]; b != nil {
		use.Taken, use.Refused = b.taken, b.refused
	}
	return use
}
