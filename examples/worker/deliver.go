package main

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
)

// A purchase is one record. It starts workflows, so it must not be created twice.
type purchase struct {
	ID    string `json:"purchaseId"`
	Email string `json:"contactEmail"`
}

// A task is what a job engine does next with a purchase.
type task struct {
	do       action
	at       time.Time        // when to do it; zero: now
	ifAbsent *task            // of lookUp: what to do if the vendor does not have the purchase
	why      *apierrors.Error // of what failed
}

type action string

// The actions.
const (
	nothing    action = "nothing" // the vendor has it
	lookUp     action = "look it up"
	setAside   action = "set it aside"
	stopTheJob action = "stop the job"
	runAgain   action = "run it again"
)

// deliver creates a purchase and returns what to do next.
func deliver(ctx context.Context, c *client.Client, p purchase) task {
	_, err := client.Do[struct{}](ctx, c, client.Call{
		Method:  http.MethodPost,
		Path:    "/purchases/",
		Body:    p,
		Options: client.CallOptions{Op: "purchases.create"},
	})
	e, _ := errors.AsType[*apierrors.Error](err) // every error of Do is one
	switch {
	case err == nil:
		return task{do: nothing}
	case e.Applied != apierrors.AppliedNo: // it may have been executed: find out before it is sent again
		return task{do: lookUp, at: time.Now().Add(pause), ifAbsent: new(afterFailure(e)), why: e}
	default:
		return afterFailure(e)
	}
}

// afterFailure returns what to do with a purchase that the vendor does not have.
func afterFailure(e *apierrors.Error) task {
	switch {
	case e.Action == apierrors.Surface: // this record is at fault, and the others go on
		return task{do: setAside, why: e}
	case e.Action == apierrors.FailFast: // every call would fail
		return task{do: stopTheJob, why: e}
	case !e.RetryAt.IsZero(): // the vendor says when: later than a worker should wait for
		return task{do: runAgain, at: e.RetryAt, why: e}
	default:
		return task{do: runAgain, at: time.Now().Add(pause), why: e}
	}
}

// pause is the wait before a purchase is run again if the vendor does not say when, and
// before it is looked up, as it may still be executing.
const pause = time.Second

// isThere looks up whether the vendor has a purchase. "Not found" proves that it is absent
// only where reads show every write at once; elsewhere, wait longer before you look.
func isThere(ctx context.Context, c *client.Client, id string) (bool, error) {
	_, err := client.Do[struct{}](ctx, c, client.Call{
		Path:    "/purchases/purchase-id/" + url.PathEscape(id),
		Options: client.CallOptions{Op: "purchases.lookup"},
	})
	if errors.Is(err, apierrors.NotFound) {
		return false, nil
	}
	return err == nil, err
}
