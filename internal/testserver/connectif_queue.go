package testserver

import (
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/retrywise/retrywise/retrywisetest"
)

// A connectifQueue is a queue of jobs: exports or imports. It processes them one at a time,
// in order of creation. It has no goroutine: each method first finishes the jobs that are
// due.
type connectifQueue struct {
	places int                  // how many jobs may be queued or in progress at one time
	prefix string               // of the ids
	ledger retrywisetest.Ledger // by id

	mu      sync.Mutex // guards the fields below
	took    time.Duration
	fails   int // how many of the next jobs will fail
	created int
	byID    map[string]*connectifJob
	pending []*connectifJob // the first is in progress, the others are queued
	freeAt  time.Time       // when the job before pending[0] ended
}

// A connectifJob is guarded by the mutex of its queue.
type connectifJob struct {
	fields map[string]any // of the vendor's resource, from the beginning
	result map[string]any // of the vendor's resource, once the job is finished
	total  int            // rows
	file   *connectifFile // of an export

	id         string
	createdAt  time.Time
	took       time.Duration
	fails      bool
	finishedAt time.Time // zero: pending
}

// setTime sets how long it takes to process a job that is created later.
func (q *connectifQueue) setTime(d time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.took = d
}

// failNext makes one more of the next jobs fail.
func (q *connectifQueue) failNext() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.fails++
}

// create adds a job to the queue and returns the vendor's view of it. If ok is false, the
// queue is full.
func (q *connectifQueue) create(job *connectifJob, body []byte) (view map[string]any, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	now := time.Now()
	q.catchUp(now)
	if len(q.pending) == q.places {
		return nil, false
	}
	q.created++
	job.id, job.createdAt, job.took, job.fails = fmt.Sprintf("%s%023x", q.prefix, q.created), now, q.took, q.fails > 0
	if job.file != nil {
		job.file.id = job.id
	}
	if job.fails {
		q.fails--
	}
	if q.byID == nil {
		q.byID = map[string]*connectifJob{}
	}
	q.byID[job.id] = job
	q.pending = append(q.pending, job)
	q.ledger.Record(job.id, body)
	return job.view("queued", 0), true
}

// get returns the vendor's view of a job, and the file of an export that is finished.
func (q *connectifQueue) get(id string) (view map[string]any, file *connectifFile, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	now := time.Now()
	q.catchUp(now)
	job := q.byID[id]
	switch {
	case job == nil:
		return nil, nil, false
	case job.finishedAt.IsZero():
		return job.view("inProgress", q.progress(job, now)), nil, true
	case job.fails:
		return job.view("error", 0), nil, true
	}
	view = job.view("finished", job.total)
	maps.Copy(view, job.result)
	return view, job.file, true
}

// remove removes a job. It returns false if there is none.
func (q *connectifQueue) remove(id string) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	now := time.Now()
	q.catchUp(now)
	job := q.byID[id]
	if job == nil {
		return false
	}
	if len(q.pending) > 0 && q.pending[0] == job {
		q.freeAt = now // the next job begins
	}
	q.pending = slices.DeleteFunc(q.pending, func(other *connectifJob) bool { return other == job })
	delete(q.byID, id)
	return true
}

// catchUp finishes the jobs that are due.
func (q *connectifQueue) catchUp(now time.Time) {
	for len(q.pending) > 0 {
		job := q.pending[0]
		end := q.begun(job).Add(job.took)
		if end.After(now) {
			return
		}
		job.finishedAt, q.freeAt = end, end
		q.pending = q.pending[1:]
	}
}

// begun returns when the processing of the first pending job began.
func (q *connectifQueue) begun(first *connectifJob) time.Time {
	if q.freeAt.After(first.createdAt) {
		return q.freeAt
	}
	return first.createdAt
}

// progress returns how many rows of a pending job are processed.
func (q *connectifQueue) progress(job *connectifJob, now time.Time) int {
	if q.pending[0] != job {
		return 0
	}
	return int(int64(job.total) * int64(now.Sub(q.begun(job))/time.Microsecond) / max(int64(job.took/time.Microsecond), 1))
}

// view returns the vendor's resource. The documented statuses are queued, inProgress,
// finished and error; there may be others.
func (j *connectifJob) view(status string, progress int) map[string]any {
	view := maps.Clone(j.fields)
	view["id"] = j.id
	view["createdAt"] = connectifStamp(j.createdAt)
	view["status"] = status
	view["progress"] = progress
	view["total"] = j.total
	if !j.finishedAt.IsZero() {
		view["finishedAt"] = connectifStamp(j.finishedAt)
	}
	return view
}
