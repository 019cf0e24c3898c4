package jobs_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/retrywise/retrywise/client"
	"github.com/retrywise/retrywise/jobs"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/retrywisetest"
)

// A job is run again without a delay of ours, and so uses up an attempt of its engine, only until
// the client knows that the vendor is down.
func TestOutageUsesUpFewAttempts(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.Handle(t, http.HandlerFunc(retrywisetest.Status(http.StatusServiceUnavailable)))
		p := policy.Default().WithRetry(policy.ForJobs())
		c, err := client.New(client.Config{BaseURL: srv.URL(), Policy: &p, Transport: srv.Transport()})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		q := newQueue()
		v := jobs.NewValve(q, jobs.ValveOptions{})
		defer v.Close()
		var plain, delayed int
		for end := time.Now().Add(time.Hour); time.Now().Before(end); {
			_, err := client.Do[struct{}](t.Context(), c, client.Call{Path: "/contacts"})
			if err := v.Note(t.Context(), err); err != nil {
				t.Fatal(err)
			}
			switch step := jobs.After(err, jobs.Options{}); {
			case step.Next != jobs.RunAgain:
				t.Fatalf("%v after %v; want run_again", step.Next, err)
			case step.Delay == 0:
				plain++
			default:
				delayed++
			}
			time.Sleep(time.Second)
		}
		if plain > 10 || delayed < 3000 {
			t.Errorf("%d failures used up an attempt, and %d did not", plain, delayed)
		}
		if n := len(q.events()); n < 60 {
			t.Errorf("the queue was paused and resumed %d times in all; want every other minute, at least", n)
		}
	})
}
