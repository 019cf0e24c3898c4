package ledgertest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/retrywisetest"
)

// What the slow vendor does.
const (
	longestDelay = 5 * time.Second // from the cut of a connection to the execution of its request
	readLag      = 2 * time.Second // from an execution to the first read that shows it
	slowCalls    = 1_000
)

// A slowVendor creates records. Some requests are executed after their connection was cut, and
// reads do not show at once what was executed.
type slowVendor struct {
	seed uint64
	late sync.WaitGroup // executions

	mu      sync.Mutex             // guards the fields below
	seen    map[string]uint64      // requests, by record
	created map[string][]time.Time // executions, by record
}

func newSlowVendor(seed uint64) *slowVendor {
	return &slowVendor{seed: seed, seen: map[string]uint64{}, created: map[string][]time.Time{}}
}

// draws returns what is drawn for the next request about a record, whatever happens to others.
func (v *slowVendor) draws(id string) *rand.Rand {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.seen[id]++
	var number uint64
	_, _ = fmt.Sscanf(id, "record-%d", &number)
	return rand.New(rand.NewPCG(v.seed, number<<8+v.seen[id]))
}

func (v *slowVendor) execute(id string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.created[id] = append(v.created[id], time.Now())
}

// executeLater executes a request after its connection was cut.
func (v *slowVendor) executeLater(id string, delay time.Duration) {
	v.late.Go(func() {
		time.Sleep(delay) // virtual
		v.execute(id)
	})
}

// create serves a POST: one in four is cut, before or after it is executed, or long before.
func (v *slowVendor) create(w http.ResponseWriter, r *http.Request) {
	var body struct{ ID string }
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		retrywisetest.Status(http.StatusBadRequest)(w, r)
		return
	}
	ends := []http.HandlerFunc{http.HandlerFunc(retrywisetest.Reset()), http.HandlerFunc(retrywisetest.HTML(http.StatusGatewayTimeout))}
	drawn := v.draws(body.ID)
	end := ends[drawn.IntN(len(ends))]
	switch drawn.IntN(12) {
	case 0: // never executed
	case 1:
		v.execute(body.ID)
	case 2:
		v.executeLater(body.ID, longestDelay*time.Duration(1+drawn.IntN(20))/20)
	default:
		v.execute(body.ID)
		end = http.HandlerFunc(retrywisetest.JSON(http.StatusCreated, `{}`))
	}
	end(w, r)
}

// find serves a GET, of which one in ten fails.
func (v *slowVendor) find(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	switch v.draws(id).IntN(20) {
	case 0:
		retrywisetest.Reset()(w, r)
		return
	case 1:
		retrywisetest.Status(http.StatusServiceUnavailable)(w, r)
		return
	}
	v.mu.Lock()
	all := v.created[id]
	isShown := len(all) > 0 && time.Since(all[0]) >= readLag
	v.mu.Unlock()
	if !isShown {
		retrywisetest.JSON(http.StatusNotFound, `{}`)(w, r)
		return
	}
	retrywisetest.JSON(http.StatusOK, fmt.Sprintf(`{"id":%q}`, id))(w, r)
}

// A verdict is how the calls ended, compared with what was executed.
type verdict struct {
	duplicates, lost, phantoms, unknown int
}

// createAll creates records with a look-up; nil: without one.
func createAll(t *testing.T, seed uint64, l *policy.Lookup) verdict {
	t.Helper()
	v := newSlowVendor(seed)
	mux := http.NewServeMux()
	mux.HandleFunc("POST /records", v.create)
	mux.HandleFunc("GET /records/{id}", v.find)
	srv := retrywisetest.Handle(t, mux)
	p := policy.Default().WithRetry(policy.Retry{Budget: new(1_000)})
	c, err := client.New(client.Config{BaseURL: srv.URL(), Transport: srv.Transport(), Policy: &p})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	ends := make([]error, slowCalls)
	next := make(chan int)
	var all sync.WaitGroup
	for range workers {
		all.Go(func() {
			for i := range next {
				ends[i] = createOne(t.Context(), c, i, l)
			}
		})
	}
	for i := range ends {
		next <- i
	}
	close(next)
	all.Wait()
	v.late.Wait() // what is executed late is executed
	return v.compare(ends)
}

func createOne(ctx context.Context, c *client.Client, i int, l *policy.Lookup) error {
	_, err := client.Do[struct{}](ctx, c, client.Call{
		Method: http.MethodPost, Path: "/records", Body: map[string]string{"id": recordID(i)}, Options: client.CallOptions{Lookup: l},
	})
	return err
}

func recordID(i int) string { return fmt.Sprint("record-", i) }

func (v *slowVendor) compare(ends []error) verdict {
	var got verdict
	for i, err := range ends {
		executed := len(v.created[recordID(i)])
		got.duplicates += max(executed-1, 0)
		e, _ := errors.AsType[*apierrors.Error](err)
		switch {
		case err == nil || e.Applied == apierrors.AppliedYes:
			got.lost += max(1-executed, 0)
		case e.Applied == apierrors.AppliedNo:
			got.phantoms += min(executed, 1)
		default:
			got.unknown++
		}
	}
	return got
}

// With a right settle, no write is executed twice, none is lost, and next to none stays in doubt.
// Without one, "not found" is never taken for a no. A settle that is too short does harm, which
// shows that the vendor is as hard as it should be.
func TestLookupOfASlowVendor(t *testing.T) {
	byID := policy.Lookup{Path: "/records/{body.id}", At: "/id", Is: "{body.id}"}
	right, short := byID, byID
	right.Consistent, right.Settle = true, longestDelay+readLag
	short.Consistent, short.Settle = true, time.Second
	var before, without, with, tooShort verdict
	for seed := range uint64(5) {
		for l, sum := range map[*policy.Lookup]*verdict{nil: &before, &byID: &without, &right: &with, &short: &tooShort} {
			retrywisetest.VirtualTime(t, func(t *testing.T) { sum.add(createAll(t, seed, l)) })
		}
	}
	t.Logf("in doubt without look-ups: %+v; of unknown reads: %+v; with a right settle: %+v; with a short one: %+v", before, without, with, tooShort)
	for name, v := range map[string]verdict{"without look-ups": before, "of unknown reads": without, "with a right settle": with} {
		if v.duplicates+v.lost+v.phantoms > 0 {
			t.Errorf("%s: %+v; want no duplicate, none lost and no phantom", name, v)
		}
	}
	if with.unknown*100 > before.unknown {
		t.Errorf("%d unknown of %d; want 1%% at most", with.unknown, before.unknown)
	}
	if tooShort.duplicates == 0 {
		t.Error("a short settle does no harm: this vendor is too easy")
	}
}

func (v *verdict) add(o verdict) {
	v.duplicates += o.duplicates
	v.lost += o.lost
	v.phantoms += o.phantoms
	v.unknown += o.unknown
}
