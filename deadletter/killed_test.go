package deadletter_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/retrywise/retrywise/client"
	"github.com/retrywise/retrywise/deadletter"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/retrywisetest"
	"github.com/retrywise/retrywise/vendors"
)

// killedJob is the variable that makes this test binary the job that is killed: the URL of the
// vendor, and the file of letters.
const killedJob = "DEADLETTER_JOB"

// A job is started again and again until it ends, and killed at 50 seeded moments: before a
// request is executed, after it, or after its response, while it runs or while it replays. Four
// requests in ten meet a fault. In the end the vendor has each record once, except those that it
// refuses, which are letters; and no record is in both.
func TestReplayAfterAKill(t *testing.T) {
	for seed := range uint64(50) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			s := &killingShop{random: rand.New(rand.NewPCG(seed, 1))}
			plan := retrywisetest.Seeded(seed, 0.4,
				retrywisetest.Unavailable, retrywisetest.GatewayTimeout, retrywisetest.ResetBefore,
				retrywisetest.GatewayTimeoutAfter, retrywisetest.ResetAfter, retrywisetest.CutBody)
			s.chooseKills(plan, seed%2 == 0)
			handler, file := s.killsIn(retrywisetest.Faults{Plan: plan}.Handler(s.routes())), newFile(t)
			kills := 0
			for !s.runJob(t, handler, file) {
				kills++
				s.checkAfterAKill(t, file)
			}
			if kills == 0 {
				t.Error("the job was not killed")
			}
			s.checkAtTheEnd(t, file)
		})
	}
}

// jobRecords is how many records the job delivers. It creates a third of them by a POST, which it
// looks up, a third by a PUT, and a third by a POST with a key.
const jobRecords = 30

func isRefused(id string) bool { return strings.HasSuffix(id, "9") }

// A killingShop is a vendor that kills its client.
type killingShop struct {
	ledger retrywisetest.Ledger
	random *rand.Rand
	kills  []int64 // the numbers of the requests at which the next jobs are killed

	killAt  int64        // the number of the request at which it kills the job; -1: it does not
	place   int          // where it kills it
	seen    atomic.Int64 // requests of the job
	process atomic.Pointer[os.Process]
}

// chooseKills has the first job be killed while it delivers or, after that, while it replays, and the
// second one soon.
func (s *killingShop) chooseKills(plan retrywisetest.Plan, whileItDelivers bool) {
	first := s.random.Int64N(jobRecords)
	if !whileItDelivers {
		letters := 0
		for n := range jobRecords {
			if plan.Fault(n) != retrywisetest.NoFault {
				letters++
			}
		}
		first = jobRecords + s.random.Int64N(int64(letters)) // each is sent or looked up
	}
	s.kills = []int64{first, s.random.Int64N(8)}
}

// runJob runs the job until it ends, or is killed. It reports whether it ended. When it returns, the
// vendor executes nothing any more.
func (s *killingShop) runJob(t *testing.T, handler http.Handler, file string) (ended bool) {
	t.Helper()
	s.killAt, s.place = -1, s.random.IntN(places)
	if len(s.kills) > 0 {
		s.killAt, s.kills = s.kills[0], s.kills[1:]
	}
	s.seen.Store(0)
	srv, err := retrywisetest.Start(handler)
	if err != nil {
		t.Fatal(err)
	}
	defer srv.Close()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestKilledProcess$", "-test.count=1")
	cmd.Env = append(os.Environ(), killedJob+"="+srv.URL()+" "+file)
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	s.process.Store(nil)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	s.process.Store(cmd.Process)
	err = cmd.Wait()
	if s.killAt < 0 && err != nil {
		t.Fatalf("%v\n%s", err, output.String())
	}
	return err == nil
}

// kill kills the job.
func (s *killingShop) kill() {
	process := s.process.Load()
	for process == nil { // it was started just now
		process = s.process.Load()
	}
	_ = process.Kill() // it may have ended by itself
}

// placeKey is that of the place where the request of a context kills the job.
type placeKey struct{}

// killsIn wraps the vendor and its faults, so that every request counts.
func (s *killingShop) killsIn(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.seen.Add(1)-1 != s.killAt {
			h.ServeHTTP(w, r)
			return
		}
		if s.place == beforeExecution {
			s.kill()
		}
		defer s.kill() // also if a fault was in the way
		h.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), placeKey{}, s.place)))
	})
}

// Places where a request kills the job.
const (
	beforeExecution = iota
	afterExecution
	afterResponse
	places
)

func (s *killingShop) routes() http.Handler {
	write := func(w http.ResponseWriter, r *http.Request, id string) {
		status := http.StatusCreated
		switch {
		case isRefused(id):
			status = http.StatusUnprocessableEntity
		case r.Method == http.MethodPost && r.Header.Get("Idempotency-Key") == "" || s.ledger.Count(id) == 0:
			s.ledger.Record(id, nil) // one with a key, and a PUT, only if it is not there
		}
		if r.Context().Value(placeKey{}) == afterExecution {
			s.kill()
		}
		retrywisetest.JSON(status, `{"id":"`+id+`"}`)(w, r)
		if r.Context().Value(placeKey{}) == afterResponse {
			_ = http.NewResponseController(w).Flush() // a fault may hold the response back
		}
	}
	create := func(w http.ResponseWriter, r *http.Request) {
		var body struct{ ID string }
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
			retrywisetest.Status(http.StatusBadRequest)(w, r)
			return
		}
		write(w, r, body.ID)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /orders", create)
	mux.HandleFunc("POST /tickets", create)
	mux.HandleFunc("PUT /contacts/{id}", func(w http.ResponseWriter, r *http.Request) { write(w, r, r.PathValue("id")) })
	mux.HandleFunc("GET /orders/{id}", func(w http.ResponseWriter, r *http.Request) {
		status := http.StatusOK
		if s.ledger.Count(r.PathValue("id")) == 0 {
			status = http.StatusNotFound
		}
		retrywisetest.JSON(status, `{}`)(w, r)
	})
	return mux
}

// checkAfterAKill checks that nothing is lost, nor executed twice.
func (s *killingShop) checkAfterAKill(t *testing.T, file string) {
	t.Helper()
	if !exists(file) {
		return
	}
	letters, err := read(file)
	if err != nil && !errors.Is(err, deadletter.ErrTorn) { // a kill may tear a line, where a page ends
		t.Fatal(err)
	}
	for _, id := range notedIn(t, file) {
		isOpen := slices.ContainsFunc(letters, func(l deadletter.Letter) bool { return l.Record == id })
		if s.ledger.Count(id) == 0 && !isOpen {
			t.Errorf("%s was noted, and is lost", id)
		}
	}
	if s.ledger.Duplicates() > 0 {
		t.Errorf("%d duplicates", s.ledger.Duplicates())
	}
}

// checkAtTheEnd checks that each record is there once, or is a letter as the vendor refused it.
func (s *killingShop) checkAtTheEnd(t *testing.T, file string) {
	t.Helper()
	letters, err := read(file)
	if err != nil {
		t.Fatal(err)
	}
	var gotLetters, wantLetters, wantThere []string
	for _, l := range letters {
		gotLetters = append(gotLetters, fmt.Sprint(l.Record, " ", l.Class))
	}
	for i := range jobRecords {
		if id := recordID(i); isRefused(id) {
			wantLetters = append(wantLetters, id+" validation")
		} else {
			wantThere = append(wantThere, id)
		}
	}
	slices.Sort(gotLetters)
	if diff := cmp.Diff(wantLetters, gotLetters); diff != "" {
		t.Errorf("letters (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(wantThere, s.ledger.Keys()); diff != "" || s.ledger.Duplicates() > 0 {
		t.Errorf("%d duplicates; what the vendor has (-want +got):\n%s", s.ledger.Duplicates(), diff)
	}
}

func recordID(i int) string { return fmt.Sprintf("R-%02d", i) }

// notedIn returns the records of all letters in a file, those that are settled included, and without
// a line that is torn.
func notedIn(t *testing.T, file string) []string {
	t.Helper()
	var noted []string
	for text := range strings.Lines(text(t, file)) {
		if !strings.HasSuffix(text, "\n") {
			break
		}
		var line struct{ Record string }
		if err := json.Unmarshal([]byte(text), &line); err != nil {
			t.Fatal(err)
		}
		if line.Record != "" && !slices.Contains(noted, line.Record) {
			noted = append(noted, line.Record)
		}
	}
	return noted
}

// TestKilledProcess is not a test by itself: it is the job that is killed. It delivers the records
// that its file does not have yet, and then replays until only refused ones are left.
func TestKilledProcess(t *testing.T) {
	url, file, isJob := strings.Cut(os.Getenv(killedJob), " ")
	if !isJob {
		return
	}
	j := newJob(t, url)
	w := open(t, file)
	if !exists(file + ".delivered") {
		j.deliver(t, w, notedIn(t, file))
		writeText(t, file+".delivered", "") // Replay compacts the file
	}
	for range 50 {
		counts, err := deadletter.Replay(t.Context(), w, deadletter.ReplayOptions{Send: j.send, LookUp: j.lookUp, Workers: 4})
		if err != nil {
			t.Fatal(err)
		}
		if delete(counts, deadletter.Refused); counts[deadletter.Failed]+counts[deadletter.InDoubt] == 0 {
			return
		}
	}
	t.Fatal("letters are left")
}

// A job delivers records.
type job struct{ client *client.Client }

func newJob(t *testing.T, url string) job {
	t.Helper()
	vendor, err := vendors.Parse([]byte(`
vendor: shop
title: Shop
documents: [{url: "https://shop.example", read: 2026-11-26, about: everything}]
idempotency: {header: Idempotency-Key, methods: POST, path: /tickets, lifetime: 1h}
`))
	if err != nil {
		t.Fatal(err)
	}
	c, err := client.New(client.Config{Vendor: vendor, BaseURL: url})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return job{c}
}

// deliver delivers the records that were not noted.
func (j job) deliver(t *testing.T, w *deadletter.Writer, noted []string) {
	t.Helper()
	records := make(chan deadletter.Record)
	var workers sync.WaitGroup
	for range 4 {
		workers.Go(func() {
			for r := range records {
				err := w.Deliver(t.Context(), r, func(ctx context.Context) error { return j.send(ctx, deadletter.Of(nil, r)) })
				if _, ok := errors.AsType[*apierrors.Error](err); err != nil && !ok {
					t.Error(err)
				}
			}
		})
	}
	for i := range jobRecords {
		r := deadletter.Record{Key: recordID(i), Op: []string{"orders", "contacts", "tickets"}[i%3]}
		switch r.Op {
		case "contacts":
			r.Repeatable = true
		case "tickets":
			r.IdempotencyKey, r.KeyUntil = client.KeyFor(r.Op, r.Key), time.Now().Add(time.Hour)
		}
		if !slices.Contains(noted, r.Key) {
			records <- r
		}
	}
	close(records)
	workers.Wait()
}

// send sends a record once: the client does not retry it, so that more of them become letters.
func (j job) send(ctx context.Context, l deadletter.Letter) error {
	call := client.Call{Method: http.MethodPost, Path: "/" + l.Op, Body: map[string]string{"id": l.Record}}
	if l.Op == "contacts" {
		call.Method, call.Path = http.MethodPut, "/contacts/"+l.Record
	}
	call.Options = client.CallOptions{Op: l.Op, IdempotencyKey: l.IdempotencyKey, MaxAttempts: 1}
	_, err := client.Do[struct{}](ctx, j.client, call)
	return err
}

// lookUp finds out whether the vendor has an order. A vendor that shows what it executes at once,
// and that executes nothing after its connections are closed, proves that one is absent.
func (j job) lookUp(ctx context.Context, l deadletter.Letter) (apierrors.Applied, error) {
	_, err := client.Do[struct{}](ctx, j.client, client.Call{Path: "/orders/" + l.Record, Options: client.CallOptions{MaxAttempts: 1}})
	switch {
	case errors.Is(err, apierrors.NotFound):
		return apierrors.AppliedNo, nil
	case err != nil:
		return apierrors.AppliedUnknown, err
	default:
		return apierrors.AppliedYes, nil
	}
}
