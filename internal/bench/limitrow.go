package main

import "time"

// A limitRow is what one peer reached in one run of a limitJob.
type limitRow struct {
	title

	// OK and Lost are the calls that ended with a success, and with an error for good. If the
	// job was cut off, the rest had not ended.
	OK   int `json:"ok"`
	Lost int `json:"lost"`

	// Accepted and Rejected429 are requests, as the vendor counts them. Rejected429 counts
	// the 503s of a vendor that says so that its limit is reached.
	Accepted    int `json:"accepted"`
	Rejected429 int `json:"rejected429"`

	// Deferred counts how often a call failed with a time at which it was run again.
	Deferred int `json:"deferred"`

	// Seconds is the time from the start of the job to the end of its last call.
	Seconds float64 `json:"seconds"`

	// IdealSeconds is the shortest time for which limit.allowed gives Accepted.
	IdealSeconds float64 `json:"ideal_seconds"`

	// Goodput is Accepted, divided by what limit.allowed gives for Seconds. A token bucket
	// of 100/s and burst 10 allows 10 + 100 × Seconds. Of a scenario that compares, see
	// limitJob.compare.
	Goodput float64 `json:"goodput"`

	// GoodputAfter10s is the same for the time after the first 10 s: the requests accepted in
	// it, divided by allowed(Seconds) - allowed(10 s). What is left of a burst at 10 s can make
	// it a little more than 1. nil: the job did not take so long, or see limitJob.lasts.
	GoodputAfter10s *float64 `json:"goodput_after_10s,omitempty"`

	// CutOff says that the job did not end within a minute.
	CutOff bool `json:"cut_off,omitempty"`
}

func newLimitRow(l limitJob, p peer) *limitRow { return &limitRow{title: title{l.name, p.name}} }

// add adds how the calls of a job ended.
func (r *limitRow) add(j *job) {
	r.OK += int(j.ok.Load())
	r.Lost += int(j.lost.Load())
	r.Deferred += int(j.deferred.Load())
}

// count adds what the vendor counted in a job.
func (r *limitRow) count(v *vendor, took time.Duration) {
	r.Accepted, r.Rejected429 = v.counts()
	r.Seconds, r.IdealSeconds = took.Seconds(), ideal(v.limit, r.Accepted).Seconds()
	r.Goodput = float64(r.Accepted) / v.limit.allowed(took)
}

// countLate adds the goodput after warmUp of a job that began at start.
func (r *limitRow) countLate(v *vendor, start time.Time, took time.Duration) {
	allowed := v.limit.allowed(took) - v.limit.allowed(warmUp)
	r.GoodputAfter10s = new(float64(v.acceptedFrom(start.Add(warmUp))) / allowed)
}

func (r *limitRow) columns() []column {
	return []column{
		count("ok", r.OK), count("lost", r.Lost), count("accepted", r.Accepted), count("rejected429", r.Rejected429),
		count("deferred", r.Deferred), decimal("seconds", 2, r.Seconds), decimal("ideal_seconds", 2, r.IdealSeconds),
		decimal("goodput", 3, r.Goodput), maybe("after_10s", 3, r.GoodputAfter10s), note(r.CutOff),
	}
}

func (r *limitRow) order() float64 { return r.Goodput }
