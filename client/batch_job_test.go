//go:build !race

package client_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/retrywisetest"
)

// A bulkVendor executes batches: of the items, one in ten is bad, and one in twenty is refused the
// first time. It honours idempotency keys, and its ledger has what it executed.
type bulkVendor struct {
	ledger retrywisetest.Ledger
	items  int // that were sent

	mu    sync.Mutex
	seen  map[int]bool
	byKey map[string][]byte
	seed  uint64
}

// isA reports whether an item is one of a share of all, drawn from a seed.
func (w *bulkVendor) isA(id int, salt uint64, share float64) bool {
	return rand.New(rand.NewPCG(w.seed+salt, uint64(id))).Float64() < share //nolint:gosec // drawn for a test
}

func (w *bulkVendor) isBad(id int) bool { return w.isA(id, 1000, 0.10) }

// ServeHTTP executes a batch, or returns the response that it has for its key.
func (w *bulkVendor) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	key := r.Header.Get("Idempotency-Key")
	response, isKnown := w.byKey[key]
	if !isKnown || key == "" {
		body, _ := io.ReadAll(r.Body)
		var list orders
		if err := json.Unmarshal(body, &list); err != nil {
			rw.WriteHeader(http.StatusBadRequest)
			return
		}
		var entries []string
		for _, o := range list.Items {
			entries = append(entries, w.execute(o.ID))
		}
		w.items += len(list.Items)
		response = []byte(`{"results":[` + strings.Join(entries, ",") + `]}`)
		w.byKey[key] = response
	}
	rw.WriteHeader(http.StatusMultiStatus)
	_, _ = rw.Write(response)
}

// execute executes one item and returns its entry.
func (w *bulkVendor) execute(id int) string {
	isFirst := !w.seen[id]
	w.seen[id] = true
	switch {
	case w.isBad(id):
		return isBad
	case isFirst && w.isA(id, 2000, 0.05):
		return isDown
	default:
		w.ledger.Record(fmt.Sprint(id), nil)
		return isDone
	}
}

// A told is what the caller of a job was told of each item.
type told map[int]string

// take takes in how a batch with these items ended, and returns those that may be sent again.
func (told told) take(t *testing.T, ids []int, err error) (again []int) {
	t.Helper()
	e, _ := errors.AsType[*apierrors.Error](err)
	isTold := map[int]bool{}
	if e != nil {
		for _, item := range e.Items {
			id := ids[item.Index]
			isTold[id] = true
			switch {
			case item.Temporary():
				again = append(again, id)
			case item.Applied == apierrors.AppliedUnknown:
				told[id] = "in doubt"
			default:
				told[id] = "refused"
			}
		}
	}
	for _, id := range ids {
		switch {
		case isTold[id]:
		case e == nil || e.Class == apierrors.Partial:
			told[id] = "done"
		case apierrors.Temporary(e) && e.Applied == apierrors.AppliedNo:
			again = append(again, id)
		default:
			told[id] = "in doubt"
		}
	}
	return again
}

// compare compares what the caller was told with the ledger, and returns how many items ended in
// which way.
func (told told) compare(t *testing.T, w *bulkVendor, items int) map[string]int {
	t.Helper()
	ends := map[string]int{}
	for id := range items {
		n := w.ledger.Count(fmt.Sprint(id))
		ends[told[id]]++
		isRight := told[id] == "done" && n == 1 || told[id] == "refused" && n == 0 && w.isBad(id) || told[id] == "in doubt" && n <= 1
		if !isRight {
			t.Errorf("seed %d: item %d was executed %d times; told %q", w.seed, id, n, told[id])
		}
	}
	return ends
}

// Jobs of 50 batches of 100 items, 20 of each kind. One request in ten meets a fault of the
// connection or the server. Every item is executed once, or the caller is told that it is refused
// or in doubt; with keys, none is in doubt as long as a call has attempts left. A job that puts
// what is left of a batch into the next one makes 1.3 requests for a batch at most. With Split,
// nearly every batch takes a second request, which is small.
func TestJobOfBatches(t *testing.T) {
	const batches, size, seeds = 50, 100, 20
	for name, tt := range map[string]struct {
		keys, split bool
		requests    float64 // of each batch, at most
		inDoubt     float64 // share of the items, at most
	}{
		"the rest goes with the next batch":            {false, false, 1.3, 0.12},
		"the rest goes with the next batch, with keys": {true, false, 1.3, 0},
		"Split":            {false, true, 2.5, 0.12},
		"Split, with keys": {true, true, 2.5, 0.001},
	} {
		t.Run(name, func(t *testing.T) {
			requests, items, ends := 0, 0, map[string]int{}
			for seed := range uint64(seeds) {
				retrywisetest.VirtualTime(t, func(t *testing.T) {
					w := &bulkVendor{seen: map[int]bool{}, byKey: map[string][]byte{}, seed: seed}
					srv := retrywisetest.Handle(t, retrywisetest.Faults{Plan: retrywisetest.Seeded(seed, 0.10)}.Handler(w))
					c := newClient(t, srv, client.Config{Vendor: depot(t)})
					told := runBatches(t, c, batches*size, size, tt.keys, tt.split)
					for end, n := range told.compare(t, w, batches*size) {
						ends[end] += n
					}
					requests, items = requests+len(srv.Requests()), items+w.items
				})
			}
			perBatch, perItem := float64(requests)/(batches*seeds), float64(items)/(batches*size*seeds)
			t.Logf("%d batches: %.3f requests a batch, an item executed or refused %.3f times; %v", batches*seeds, perBatch, perItem, ends)
			inDoubt := float64(ends["in doubt"]) / (batches * size * seeds)
			if perBatch > tt.requests || perItem > 1.1 || inDoubt > tt.inDoubt {
				t.Errorf("%.3f requests a batch, %.3f for an item, %.4f in doubt; want at most %v, 1.1, %v", perBatch, perItem, inDoubt, tt.requests, tt.inDoubt)
			}
		})
	}
}

// runBatches sends items in batches until each is told.
func runBatches(t *testing.T, c *client.Client, items, size int, keys, split bool) told {
	t.Helper()
	told, queue := told{}, from(0, items)
	for batch := 0; len(queue) > 0; batch++ {
		ids := queue[:min(size, len(queue))]
		queue = queue[len(ids):]
		var o client.CallOptions
		if keys {
			o.IdempotencyKey = fmt.Sprint("batch ", batch)
		}
		if split {
			o.Split = picks(ids...)
		}
		resp, err := c.Send(client.With(newRequestOf(t, "POST", "/batch", bytes.NewReader(orderList(ids...))), o))
		_ = textOf(t, resp)
		queue = append(told.take(t, ids, err), queue...)
	}
	return told
}
