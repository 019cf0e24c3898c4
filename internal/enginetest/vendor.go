// Package enginetest has what the tests of the integrations with job engines share: a vendor that
// takes deliveries, calls of it, and the times at which jobs start.
package enginetest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"path"
	"sync/atomic"
	"testing"
	"time"

	"github.com/retrywise/retrywise/retrywisetest"
)

// A Delivery creates one record with the vendor.
type Delivery struct {
	ID string `json:"id"`
}

// A Vendor executes deliveries, and writes them into its ledger. Its reads show every write.
type Vendor struct {
	retrywisetest.Ledger
	URL   string
	Takes time.Duration // a delivery
	deny  atomic.Pointer[denial]
}

// A denial is how a vendor answers every request for a time.
type denial struct {
	until  time.Time
	answer func(left time.Duration) retrywisetest.Answer
}

// NewVendor starts a vendor on loopback, whose deliveries meet faults. It ends with the test.
func NewVendor(t *testing.T, faults retrywisetest.Faults) *Vendor {
	t.Helper()
	v := &Vendor{}
	mux := http.NewServeMux()
	mux.Handle("/deliveries", faults.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var d Delivery
		body, _ := io.ReadAll(r.Body)
		if err := json.Unmarshal(body, &d); err != nil {
			t.Error(err)
		}
		v.Record(d.ID, nil)
		retrywisetest.After(v.Takes, retrywisetest.JSON(http.StatusCreated, `{}`))(w, r)
	})))
	mux.HandleFunc("GET /deliveries/{id}", func(w http.ResponseWriter, r *http.Request) {
		status := http.StatusOK
		if v.Count(path.Base(r.URL.Path)) == 0 {
			status = http.StatusNotFound
		}
		retrywisetest.JSON(status, `{}`)(w, r)
	})
	srv, err := retrywisetest.Start(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if d := v.deny.Load(); d != nil && time.Now().Before(d.until) {
			d.answer(time.Until(d.until))(w, r)
			return
		}
		mux.ServeHTTP(w, r)
	}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(srv.Close)
	v.URL = srv.URL()
	return v
}

// Deny denies every request for d from now on, and returns the time.
func (v *Vendor) Deny(d time.Duration, answer func(left time.Duration) retrywisetest.Answer) time.Time {
	now := time.Now()
	v.deny.Store(&denial{now.Add(d), answer})
	return now
}

// TooMany is the answer while a limit is reached, in whole seconds.
func TooMany(left time.Duration) retrywisetest.Answer {
	return retrywisetest.Status(http.StatusTooManyRequests, "Retry-After", fmt.Sprint(int(left/time.Second)+1))
}

// Unavailable is the answer in an outage.
func Unavailable(time.Duration) retrywisetest.Answer {
	return retrywisetest.Status(http.StatusServiceUnavailable)
}

// TenPercent are faults of one delivery in ten, before and after it is executed. Some are refused.
func TenPercent() retrywisetest.Faults {
	const refused retrywisetest.Fault = "refused"
	return retrywisetest.Faults{
		Plan: retrywisetest.Seeded(1, 0.1, retrywisetest.Unavailable, retrywisetest.BadGateway,
			retrywisetest.GatewayTimeout, retrywisetest.ServerError, retrywisetest.ResetBefore, retrywisetest.ResetAfter,
			retrywisetest.CutBody, retrywisetest.GatewayTimeoutAfter, refused),
		Answers: map[retrywisetest.Fault]retrywisetest.Answer{refused: retrywisetest.JSON(http.StatusUnprocessableEntity, `{}`)},
	}
}
