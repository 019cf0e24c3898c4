package client_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/retrywisetest"
)

// Each record is counted by what its error means for the next run.
func TestEachCounts(t *testing.T) {
	own := errors.New("own")
	e := func(change func(*apierrors.Error)) error {
		full := &apierrors.Error{Class: apierrors.Unknown, Applied: apierrors.AppliedNo}
		change(full)
		return fmt.Errorf("record: %w", full)
	}
	for name, tt := range map[string]struct {
		err  error
		want client.Report
	}{
		"none":        {nil, client.Report{Delivered: 1}},
		"own":         {own, client.Report{Failed: 1}},
		"surfaced":    {e(func(e *apierrors.Error) { e.Action = apierrors.Surface }), client.Report{Surfaced: 1}},
		"with a time": {e(func(e *apierrors.Error) { e.RetryAt = time.Now() }), client.Report{Deferred: 1}},
		"temporary":   {e(func(e *apierrors.Error) { e.Action = apierrors.Retry }), client.Report{Deferred: 1}},
		"canceled":    {e(func(e *apierrors.Error) { e.Class = apierrors.Canceled }), client.Report{Failed: 1}},
		"in doubt":    {e(func(e *apierrors.Error) { e.Action, e.Applied = apierrors.Retry, apierrors.AppliedUnknown }), client.Report{InDoubt: 1}},
		"executed":    {e(func(e *apierrors.Error) { e.Action, e.Applied = apierrors.Surface, apierrors.AppliedYes }), client.Report{InDoubt: 1}},
		"a read in doubt": {e(func(e *apierrors.Error) {
			e.Action, e.Applied, e.Repeatable = apierrors.Retry, apierrors.AppliedUnknown, true
		}), client.Report{Deferred: 1}},
		"with a valid key": {e(func(e *apierrors.Error) {
			e.Action, e.Applied, e.KeyExpires = apierrors.Retry, apierrors.AppliedUnknown, time.Now().Add(time.Hour)
		}), client.Report{Deferred: 1}},
		"with an old key": {e(func(e *apierrors.Error) {
			e.Action, e.Applied, e.KeyExpires = apierrors.Retry, apierrors.AppliedUnknown, time.Now().Add(-time.Hour)
		}), client.Report{InDoubt: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			var failed []error
			report, err := client.Each(t.Context(), slices.Values([]int{1}), func(context.Context, int) error { return tt.err }, client.EachOptions[int]{
				Failed: func(_ int, err error) error { failed = append(failed, err); return nil },
			})
			if diff := cmp.Diff(tt.want, report); diff != "" || err != nil {
				t.Errorf("error %v, report mismatch (-want +got):\n%s", err, diff)
			}
			if tt.err != nil && (len(failed) != 1 || !errors.Is(failed[0], tt.err)) || tt.err == nil && failed != nil {
				t.Errorf("Failed got %v; want %v", failed, tt.err)
			}
		})
	}
}

// A failure that is accepted is a delivery, and is counted. What a look-up takes for an empty list
// is not.
func TestEachCountsWhatIsAccepted(t *testing.T) {
	srv := retrywisetest.New(t, retrywisetest.Status(404, "X-Code", "EMPTY"), retrywisetest.JSON(200, `{}`))
	c := newClient(t, srv, client.Config{})
	report, err := client.Each(t.Context(), slices.Values([]string{"a", "b"}), func(ctx context.Context, id string) error {
		_, err := client.Do[struct{}](ctx, c, client.Call{Method: http.MethodDelete, Path: "/items/" + id})
		return err
	}, client.EachOptions[string]{})
	if diff := cmp.Diff(client.Report{Delivered: 2, Accepted: 1}, report); diff != "" || err != nil {
		t.Errorf("error %v, report mismatch (-want +got):\n%s", err, diff)
	}
}

// As many records as there are workers are under way, and no more.
func TestEachIsBounded(t *testing.T) {
	for workers, want := range map[int]time.Duration{0: 20 * time.Second, 1: 20 * time.Second, 4: 5 * time.Second, 50: time.Second} {
		t.Run(fmt.Sprint(workers), func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				var now, most atomic.Int64
				start := time.Now()
				report, err := client.Each(t.Context(), count(20), func(context.Context, int) error {
					for n := now.Add(1); ; {
						if old := most.Load(); n <= old || most.CompareAndSwap(old, n) {
							break
						}
					}
					time.Sleep(time.Second)
					now.Add(-1)
					return nil
				}, client.EachOptions[int]{Workers: workers})
				if report.Delivered != 20 || err != nil || int(most.Load()) != min(max(workers, 1), 20) || time.Since(start) != want {
					t.Errorf("%+v, %v; %d at a time, took %v; want %v", report, err, most.Load(), time.Since(start), want)
				}
			})
		})
	}
}

// count yields the numbers below n.
func count(n int) iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := range n {
			if !yield(i) {
				return
			}
		}
	}
}

// What stops a job leaves the records that are not begun. Those that are under way end by
// themselves.
func TestEachStops(t *testing.T) {
	revoked := &apierrors.Error{Class: apierrors.Authentication, Action: apierrors.FailFast, Applied: apierrors.AppliedNo}
	doubtful := &apierrors.Error{Class: apierrors.Authentication, Action: apierrors.FailFast, Applied: apierrors.AppliedUnknown}
	refused := &apierrors.Error{Class: apierrors.Validation, Action: apierrors.Surface, Applied: apierrors.AppliedNo}
	full := errors.New("the disk is full")
	for name, tt := range map[string]struct {
		third   error // of the third record
		options client.EachOptions[int]
		want    client.Report
		left    []int
		err     error
	}{
		"fail fast":               {revoked, client.EachOptions[int]{}, client.Report{Delivered: 2, FailedFast: 1, Left: 1}, nil, revoked},
		"fail fast, and in doubt": {doubtful, client.EachOptions[int]{}, client.Report{Delivered: 2, InDoubt: 1, Left: 1}, nil, doubtful},
		"all that is left":        {revoked, client.EachOptions[int]{Left: func(int) error { return nil }}, client.Report{Delivered: 2, FailedFast: 1, Left: 7}, []int{3, 4, 5, 6, 7, 8, 9}, revoked},
		"a letter that is lost":   {refused, client.EachOptions[int]{Failed: func(int, error) error { return full }}, client.Report{Delivered: 2, Surfaced: 1, Left: 1}, nil, full},
		"what is left is lost":    {revoked, client.EachOptions[int]{Left: func(int) error { return full }}, client.Report{Delivered: 2, FailedFast: 1, Left: 7}, []int{3, 4, 5, 6, 7, 8, 9}, full},
		"a panic of Failed":       {refused, client.EachOptions[int]{Failed: func(int, error) error { panic("secret") }}, client.Report{Delivered: 2, Surfaced: 1, Left: 1}, nil, nil},
		"a panic of Progress":     {nil, client.EachOptions[int]{Progress: func(r client.Report) { panicAt(r.Delivered, 3) }}, client.Report{Delivered: 3, Left: 1}, nil, nil},
		"an exit of Failed":       {refused, client.EachOptions[int]{Failed: func(int, error) error { runtime.Goexit(); return nil }}, client.Report{Delivered: 2, Surfaced: 1, Left: 1}, nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			var left []int
			if own := tt.options.Left; own != nil {
				tt.options.Left = func(r int) error { left = append(left, r); return own(r) }
			}
			report, err := client.Each(t.Context(), count(10), func(_ context.Context, r int) error {
				if r == 2 && tt.third != nil {
					return tt.third
				}
				return nil
			}, tt.options)
			if diff := cmp.Diff(tt.want, report); diff != "" {
				t.Errorf("report mismatch (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.left, left); diff != "" {
				t.Errorf("left mismatch (-want +got):\n%s", diff)
			}
			if err == nil || tt.err != nil && !errors.Is(err, tt.err) || strings.Contains(err.Error(), "secret") {
				t.Errorf("error %v; want %v", err, tt.err)
			}
		})
	}
}

func panicAt(n, at int) {
	if n == at {
		panic("secret")
	}
}

// A panic of the function is the error of its record, and the others go on.
func TestEachRecovers(t *testing.T) {
	got := map[int]string{}
	report, err := client.Each(t.Context(), count(4), func(_ context.Context, r int) error {
		switch r {
		case 0:
			panic("secret")
		case 1:
			var none []int
			_ = none[r]
		case 2:
			runtime.Goexit()
		}
		return nil
	}, client.EachOptions[int]{Workers: 2, Failed: func(r int, err error) error { got[r] = err.Error(); return nil }})
	want := map[int]string{
		0: "client: the function for a record panicked with a value of type string",
		1: "client: the function for a record panicked: runtime error: index out of range [1] with length 0",
		2: "client: the function for a record ended its goroutine",
	}
	if diff := cmp.Diff(want, got); diff != "" || err != nil || report != (client.Report{Delivered: 1, Failed: 3}) {
		t.Errorf("%+v, %v; errors mismatch (-want +got):\n%s", report, err, diff)
	}
}

// When the context ends, each record is counted, and nothing is left running.
func TestEachEndsWithItsContext(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		interrupt := errors.New("interrupt")
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(5*time.Second, func() { cancel(interrupt) })
		srv := retrywisetest.Handle(t, retrywisetest.After(2*time.Second, retrywisetest.JSON(200, `{}`)))
		c := newClient(t, srv, client.Config{})
		start := time.Now()
		report, err := client.Each(ctx, count(20), func(ctx context.Context, r int) error {
			_, err := client.Do[struct{}](ctx, c, client.Call{Path: fmt.Sprint("/items/", r), Options: client.CallOptions{RecordKey: fmt.Sprint(r)}})
			return err
		}, client.EachOptions[int]{Workers: 3, Left: func(int) error { return nil }})
		if want := (client.Report{Delivered: 6, Failed: 3, Left: 11}); report != want || !errors.Is(err, interrupt) || time.Since(start) != 5*time.Second {
			t.Errorf("%+v, %v after %v; want %+v", report, err, time.Since(start), want)
		}
	})
}

// The functions are called one at a time, also for many workers, and see each record once.
func TestEachTellsEachRecordOnce(t *testing.T) {
	var mu sync.Mutex // is never waited for
	seen, reports := map[int]int{}, 0
	enter := func() {
		if !mu.TryLock() {
			t.Error("two functions at a time")
		}
	}
	report, err := client.Each(t.Context(), count(200), func(_ context.Context, r int) error {
		if r%2 == 0 {
			return nil
		}
		return errors.New("odd")
	}, client.EachOptions[int]{
		Workers:  16,
		Failed:   func(r int, _ error) error { enter(); defer mu.Unlock(); seen[r]++; return nil },
		Progress: func(client.Report) { enter(); defer mu.Unlock(); reports++ },
	})
	if report != (client.Report{Delivered: 100, Failed: 100}) || err != nil || reports != 200 {
		t.Errorf("%+v, %v; %d reports", report, err, reports)
	}
	if times := slices.Compact(slices.Sorted(maps.Values(seen))); len(seen) != 100 || !slices.Equal(times, []int{1}) {
		t.Errorf("Failed was called for %d records, %v times", len(seen), times)
	}
}

// A sequence that panics does so in the caller, once the records under way have ended.
func TestEachEndsBeforeThePanicOfItsSequence(t *testing.T) {
	var ended atomic.Bool
	defer func() {
		if v := recover(); v != "source" || !ended.Load() {
			t.Errorf("panic %v; the record has ended: %v", v, ended.Load())
		}
	}()
	_, _ = client.Each(t.Context(), func(yield func(int) bool) {
		yield(1)
		panic("source")
	}, func(context.Context, int) error {
		time.Sleep(0)
		ended.Store(true)
		return nil
	}, client.EachOptions[int]{})
}
