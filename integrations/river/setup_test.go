package retrywiseriver_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	retrywiseriver "github.com/retrywise/retrywise/integrations/river"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/rivermigrate"
	"github.com/riverqueue/river/rivertype"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// An opener makes an empty database. Each driver that it returns is one of another process.
type opener[TTx any] func(t *testing.T) (connect func() riverdriver.Driver[TTx])

// suite runs all tests on one kind of database.
func suite[TTx any](t *testing.T, open opener[TTx]) {
	for name, test := range map[string]func(*testing.T, opener[TTx]){
		"ends":          testEnds[TTx],
		"look-up":       testLookUp[TTx],
		"find":          testFind[TTx],
		"shutdown":      testShutdown[TTx],
		"snoozes":       testSnoozesAreBounded[TTx],
		"queue":         testQueue[TTx],
		"unknown queue": testUnknownQueue[TTx],
		"process gone":  testPauseOfAnotherProcess[TTx],
		"pause":         testPause[TTx],
		"outage":        testOutage[TTx],
		"faults":        testFaults[TTx],
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, open)
		})
	}
}

// A delivery is the job of the tests: it creates one record with the vendor.
type delivery struct {
	ID string `json:"id"`
}

func (delivery) Kind() string { return "delivery" }

const vendorQueue = "vendor"

// A process works on the queue of a database.
type process[TTx any] struct {
	*river.Client[TTx]
	middleware *retrywiseriver.Middleware[TTx]
	events     <-chan *river.Event // of jobs
}

// migrate makes the tables of River.
func migrate[TTx any](t *testing.T, driver riverdriver.Driver[TTx]) {
	t.Helper()
	m, err := rivermigrate.New(driver, &rivermigrate.Config{Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.Migrate(t.Context(), rivermigrate.DirectionUp, nil); err != nil {
		t.Fatal(err)
	}
}

var quiet = slog.New(slog.DiscardHandler)

// start starts a process with so many workers, which ends with the test.
func start[TTx any](t *testing.T, driver riverdriver.Driver[TTx], workers int, o retrywiseriver.Options, work func(context.Context, *river.Job[delivery]) error, change ...func(*river.Config)) process[TTx] {
	t.Helper()
	m, err := retrywiseriver.New(driver, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.Close() })
	w := river.NewWorkers()
	river.AddWorker(w, river.WorkFunc(work))
	config := &river.Config{
		Queues:            map[string]river.QueueConfig{vendorQueue: {MaxWorkers: workers}},
		Workers:           w,
		Middleware:        []rivertype.Middleware{m},
		Logger:            quiet,
		FetchCooldown:     5 * time.Millisecond,
		FetchPollInterval: 50 * time.Millisecond,
		RetryPolicy:       soon{},
		TestOnly:          true,
	}
	for _, f := range change {
		f(config)
	}
	c, err := river.NewClient(driver, config)
	if err != nil {
		t.Fatal(err)
	}
	events, cancel := c.SubscribeConfig(&river.SubscribeConfig{ChanSize: 50_000, Kinds: []river.EventKind{
		river.EventKindJobCompleted, river.EventKindJobCancelled, river.EventKindJobFailed, river.EventKindJobSnoozed, river.EventKindJobInterrupted,
	}})
	t.Cleanup(cancel)
	if err := c.Start(context.WithoutCancel(t.Context())); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.StopAndCancel(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return process[TTx]{c, m, events}
}

// soon retries a job at once.
type soon struct{}

func (soon) NextRetry(*rivertype.JobRow) time.Time { return time.Now().Add(100 * time.Millisecond) }

// insert inserts a job for each of ids.
func insert[TTx any](t *testing.T, p process[TTx], o river.InsertOpts, ids ...string) {
	t.Helper()
	o.Queue = vendorQueue
	var params []river.InsertManyParams
	for _, id := range ids {
		params = append(params, river.InsertManyParams{Args: delivery{id}, InsertOpts: &o})
	}
	if _, err := p.InsertManyFast(t.Context(), params); err != nil {
		t.Fatal(err)
	}
}

// insertBefore inserts jobs that the first process finds when it starts, when River does not listen yet.
func insertBefore[TTx any](t *testing.T, driver riverdriver.Driver[TTx], ids ...string) {
	t.Helper()
	c, err := river.NewClient(driver, &river.Config{Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	insert(t, process[TTx]{Client: c}, river.InsertOpts{}, ids...)
}

// next returns the next event of a job.
func (p process[TTx]) next(t *testing.T) *river.Event {
	t.Helper()
	select {
	case e := <-p.events:
		return e
	case <-time.After(time.Minute):
		t.Fatal("no job has ended")
		return nil
	}
}
