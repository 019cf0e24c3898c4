package policy

import "time"

// Backoff is exponential backoff with full jitter. The wait before retry n is random
// between zero and min(Cap, Base*2^n), where n is 0 for the first retry.
//
// Source: M. Brooker, "Exponential Backoff and Jitter", AWS Architecture Blog, 2015.
type Backoff struct {
	Base time.Duration `yaml:"base,required,positive"`
	Cap  time.Duration `yaml:"cap,required,positive"`
}

// wait returns the wait before retry n for a random number in [0, 1).
func (b Backoff) wait(n int, random float64) time.Duration {
	ceiling := b.Base
	for range n {
		if ceiling >= b.Cap/2 {
			ceiling = b.Cap
			break
		}
		ceiling *= 2
	}
	return time.Duration(random * float64(min(ceiling, b.Cap)))
}
