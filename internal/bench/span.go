package main

import "time"

// A span is a part of a run: its times are counted from the start, and to is not in it.
type span struct{ from, to time.Duration }

func (s span) has(at time.Duration) bool { return at >= s.from && at < s.to }

// length returns how long s is.
func (s span) length() time.Duration { return s.to - s.from }
