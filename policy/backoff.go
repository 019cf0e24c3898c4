package policy

import "time"

// Backoff is full jitter: a wait drawn evenly from zero to a ceiling that doubles with
// each send, from Base up to Cap. The zero Backoff takes the next rule's, in the end
// 500 ms and 20 s.
//
// Source: M. Brooker, "Exponential Backoff and Jitter", AWS Architecture Blog, 2015:
// sleep = random(0, min(cap, base*2^n)).
type Backoff struct {
	Base time.Duration `yaml:"base,required"`
	Cap  time.Duration `yaml:"cap,required"`
}

// wait returns the wait after n waits before it (0 for the first), for a random number
// in [0, 1).
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
