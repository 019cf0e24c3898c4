package retrywiseredis

import "time"

// SetNow has the script decide at the time that now returns, in place of the server's.
func (s *Store) SetNow(now func() time.Time) { s.now = now }
