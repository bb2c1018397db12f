package standin

// BucketUse is what was asked of one of the rate buckets since the start.
type BucketUse struct {
	// Taken and Refused are the calls that found a token, and that found none.
	Taken, Refused int
	// Burst is the bucket's size, PerMinute its refill.
	Burst, PerMinute float64
}

// BucketUse returns the use of a bucket of the first tenant by the name that its
// profile has for it, e.g. "write-invitations", "other" or "global".
func (s *Server) BucketUse(name string) BucketUse {
	limit := profiles[s.Settings().Profile][name]
	use := BucketUse{Burst: limit.burst, PerMinute: limit.perMinute}
	s.limits.mu.Lock()
	defer s.limits.mu.Unlock()
	if b := s.limits.buckets[s.main.Domain+" "+name]; b != nil {
		use.Taken, use.Refused = b.taken, b.refused
	}
	return use
}
