package ledgertest

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/retrywise/retrywise/retrywisetest"
)

// A book is what the servers of a batch saw and executed, by call.
type book struct {
	plans  []plan
	ledger retrywisetest.Ledger

	mu       sync.Mutex
	seen     []int      // requests whose headers were read
	problems [][]string // what must not have arrived
}

func newBook(plans []plan) *book {
	return &book{plans: plans, seen: make([]int, len(plans)), problems: make([][]string, len(plans))}
}

// A request is one that arrived.
type request struct {
	book  *book
	plan  *plan
	fault fault
	key   string
}

// keyHeader is where the vendor honors idempotency keys.
const keyHeader = "Idempotency-Key"

// arrive enters a request, of which the headers were read.
func (b *book) arrive(path string, header http.Header) *request {
	index, err := strconv.Atoi(strings.TrimPrefix(path, "/calls/"))
	if err != nil {
		index = 0
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	r := &request{book: b, plan: &b.plans[index], fault: none, key: header.Get(keyHeader)}
	if n := b.seen[index]; n < len(r.plan.faults) {
		r.fault = r.plan.faults[n]
	}
	b.seen[index]++
	if wants := r.plan.key && !r.plan.foreign; wants != (r.key != "") {
		b.note(index, "a request with the key %q; want one: %v", r.key, wants)
	}
	return r
}

// lookedUp is the path of look-ups, before the index of the call.
const lookedUp = "/lookups/"

// find serves a look-up: it returns the status of its response. It reports whether the request
// is one.
func (b *book) find(path string) (status int, ok bool) {
	index, ok := strings.CutPrefix(path, lookedUp)
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ledger.Count(index) == 0 {
		return http.StatusNotFound, ok
	}
	return http.StatusOK, ok
}

// execute enters the execution of a request whose body had a length. The vendor executes a
// key once.
func (r *request) execute(length int) {
	b, index := r.book, r.plan.index
	b.mu.Lock()
	defer b.mu.Unlock()
	if want := size(r.plan.body); length != want {
		b.note(index, "executed with a body of %d bytes; want %d", length, want)
	}
	id := strconv.Itoa(index)
	if r.key == "" || b.ledger.Count(id) == 0 {
		b.ledger.Record(id, nil)
	}
}

// note enters a problem. The caller holds the lock.
func (b *book) note(index int, format string, args ...any) {
	b.problems[index] = append(b.problems[index], fmt.Sprintf(format, args...))
}

// of returns what is in the book about a call, when the servers are closed.
func (b *book) of(index int) (seen, executed int, problems []string) {
	return b.seen[index], b.ledger.Count(strconv.Itoa(index)), b.problems[index]
}
