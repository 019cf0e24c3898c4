package main

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"sync"

	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
)

// A job upserts contacts with a number of workers.
type job struct {
	rdstation *client.Client
	workers   int
	progress  func(result) // called by one goroutine after the other
}

// A result is what became of one contact; Err is nil if it was delivered.
type result struct {
	Contact contact
	Err     error
}

// run sends every contact and returns what became of each. A failure that would meet
// every call stops the job: the contacts that are left end with errStopped.
func (j job) run(ctx context.Context, contacts []contact) []result {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	todo, done := make(chan contact), make(chan result)
	var workers sync.WaitGroup
	for range j.workers {
		workers.Go(func() {
			for c := range todo {
				err := j.upsert(ctx, c)
				if stopsTheJob(err) {
					stop(errors.Join(errStopped, err))
				}
				done <- result{c, err}
			}
		})
	}
	go func() { // ends when every contact was handed out
		for _, c := range contacts {
			todo <- c
		}
		close(todo)
		workers.Wait()
		close(done)
	}()
	var results []result
	for r := range done {
		results = append(results, r)
		j.progress(r)
	}
	return results
}

var errStopped = errors.New("the job was stopped, as every further call would fail")

// upsert creates or updates one contact. Repeats, waits, limits and the renewal of the
// token are the client's business.
func (j job) upsert(ctx context.Context, c contact) error {
	_, err := client.Do[answer](ctx, j.rdstation, client.Call{
		Method:  http.MethodPatch,
		Path:    "/platform/contacts/email:" + url.PathEscape(c.Email),
		Body:    c.Fields,
		Options: client.CallOptions{Op: "contacts.upsert", RecordKey: c.Email},
	})
	return err
}

// answer is the part of RD Station's answer that the job wants.
type answer struct {
	UUID string `json:"uuid"`
}

// stopsTheJob tells a failure of this record from one of every record.
func stopsTheJob(err error) bool {
	e, ok := errors.AsType[*apierrors.Error](err)
	return ok && e.Action == apierrors.FailFast
}

// A fate is what became of a contact, in one word.
type fate string

const (
	delivered fate = "delivered" // the vendor has it
	surfaced  fate = "surfaced"  // the vendor refused this record: a person corrects it
	deferred  fate = "deferred"  // the vendor said when to run it again
	failed    fate = "failed"    // anything else; run it again, or look into it
)

// fate turns an error into what a scheduler does next.
func (r result) fate() fate {
	e, ok := errors.AsType[*apierrors.Error](r.Err)
	switch {
	case r.Err == nil:
		return delivered
	case ok && e.Action == apierrors.Surface:
		return surfaced
	case ok && !e.RetryAt.IsZero():
		return deferred
	default:
		return failed
	}
}
