package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"text/tabwriter"
	"time"

	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/internal/testserver"
)

// A tally counts what the client tells. It may be told by many goroutines.
type tally struct {
	mu       sync.Mutex
	requests int
	repeats  int
	waited   time.Duration
	byClass  map[string]int
}

func (t *tally) observe(_ context.Context, e client.Event) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch e.Kind {
	case client.EventAttempt:
		t.requests++
		if e.Attempt > 1 {
			t.repeats++
		}
		if e.Class != 0 {
			t.byClass[e.Class.String()]++
		}
	case client.EventCall:
		t.waited += e.Wait
	case client.EventWait, client.EventRenewal:
	}
}

// A report lays what the job says beside what the vendor's ledger says.
type report struct {
	Contacts  int
	Fates     map[fate]int
	Requests  int            // that the client tells of
	Repeats   int            // of those, sent again
	Waited    time.Duration  // of all workers together
	ByClass   map[string]int // failed attempts
	Took      time.Duration
	Canceled  int // calls given up in flight: of their requests the vendor may have seen none
	Seen      int // requests that the vendor counted
	Executed  int // contacts that the vendor has
	Missing   int // told to be delivered, but the vendor does not have them as they were sent
	Phantom   int // told not to be applied, but the vendor has them
	Duplicate int // done again after a success was told
	Renewals  int
}

func newReport(results []result, t *tally, vendor *testserver.RDStation, took time.Duration) report {
	t.mu.Lock()
	defer t.mu.Unlock()
	r := report{
		Contacts: len(results), Fates: map[fate]int{}, Requests: t.requests, Repeats: t.repeats, Waited: t.waited,
		ByClass: t.byClass, Took: took, Duplicate: vendor.Duplicates(), Renewals: vendor.Renewals(),
	}
	for _, n := range vendor.Statuses() {
		r.Seen += n
	}
	for _, res := range results {
		r.Fates[res.fate()]++
		if errors.Is(res.Err, apierrors.Canceled) {
			r.Canceled++
		}
		has := vendor.Executed(res.Contact.Email) > 0
		if has {
			r.Executed++
		}
		switch {
		case res.Err == nil && !asSent(vendor, res.Contact):
			r.Missing++
		case res.Err != nil && has && saysNotApplied(res.Err):
			r.Phantom++
		}
	}
	return r
}

// asSent reports whether the vendor has the contact with exactly the fields of the source.
func asSent(vendor *testserver.RDStation, c contact) bool {
	stored, ok := vendor.Stored(c.Email)
	if !ok {
		return false
	}
	for key, value := range c.Fields {
		want, err := json.Marshal(value)
		if err != nil {
			return false
		}
		got, err := json.Marshal(stored[key])
		if err != nil || !bytes.Equal(want, got) {
			return false
		}
	}
	return true
}

// saysNotApplied reports whether err claims that the vendor did not execute the call.
func saysNotApplied(err error) bool {
	e, ok := errors.AsType[*apierrors.Error](err)
	return ok && e.Applied == apierrors.AppliedNo
}

// agrees reports whether job and ledger tell the same story: nothing is missing, nothing
// was done twice, every contact has a fate, every request was told. Of a job that was
// stopped, the vendor may not have seen every request that was begun.
func (r report) agrees() bool {
	fates := 0
	for _, n := range r.Fates {
		fates += n
	}
	return r.Missing == 0 && r.Duplicate == 0 && r.Phantom == 0 && fates == r.Contacts &&
		(r.Requests == r.Seen || (r.Canceled > 0 && r.Requests > r.Seen))
}

// print writes the table.
func (r report) print(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	row := func(cells ...any) {
		var text []string
		for _, c := range cells {
			text = append(text, fmt.Sprint(c))
		}
		_, _ = fmt.Fprintln(t, strings.Join(text, "\t"))
	}
	row("the job says", "", "the vendor's ledger says")
	row("contacts", r.Contacts, "has", r.Executed)
	row("delivered", r.Fates[delivered], "missing", r.Missing)
	row("surfaced", r.Fates[surfaced], "duplicates", r.Duplicate)
	row("deferred", r.Fates[deferred], "there, though told not to be", r.Phantom)
	row("failed", r.Fates[failed], "token renewals", r.Renewals)
	row("requests", r.Requests, "requests", r.Seen)
	row("of those, sent again", r.Repeats)
	row("waited, all workers", r.Waited.Round(time.Millisecond))
	row("took", r.Took.Round(time.Millisecond))
	if err := t.Flush(); err != nil {
		return err
	}
	var classes []string
	for _, class := range slices.Sorted(maps.Keys(r.ByClass)) {
		classes = append(classes, fmt.Sprintf("%s %d", class, r.ByClass[class]))
	}
	_, err := fmt.Fprintf(w, "failed attempts: %s\n", strings.Join(classes, ", "))
	return err
}
