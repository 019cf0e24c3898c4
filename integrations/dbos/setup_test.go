package retrywisedbos_test

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dbos-inc/dbos-transact-golang/dbos"
	_ "github.com/dbos-inc/dbos-transact-golang/dbos/driver/sqlite"
	"go.uber.org/goleak"

	retrywisedbos "github.com/retrywise/retrywise/integrations/dbos"
	"github.com/retrywise/retrywise/jobs"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A database is an empty one of DBOS.
type database struct {
	url, schema string
	jobs        int // that meet a pause, a third of them an outage, and a third faults
}

// suite runs all tests on one kind of database.
func suite(t *testing.T, open func(*testing.T) database) {
	for name, test := range map[string]func(*testing.T, database){
		"ends":           testEnds,
		"shutdown":       testShutdown,
		"sleep":          testSleepSurvives,
		"queue":          testQueue,
		"operator":       testOperator,
		"registered":     testRegisteredAgain,
		"not pausable":   testNotPausable,
		"process gone":   testPauseOfAnotherProcess,
		"broken pause":   testNoRecord,
		"pause":          testPause,
		"outage":         testOutage,
		"faults look-up": func(t *testing.T, db database) { testFaults(t, db, true) },
		"faults by hand": func(t *testing.T, db database) { testFaults(t, db, false) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, open(t))
		})
	}
}

func TestSQLite(t *testing.T) {
	suite(t, func(t *testing.T) database {
		return database{url: "sqlite:" + filepath.Join(t.TempDir(), "dbos.db"), jobs: 150}
	})
}

const vendorQueue = "vendor"

// A process works on the queue of a database.
type process struct {
	dbos  dbos.Context
	queue *retrywisedbos.Queue
	stop  func()
}

// A setting is what the processes of tests differ in.
type setting struct {
	executor string // that recovers its own workflows
	slots    int
	options  retrywisedbos.Options
	valve    jobs.ValveOptions
	queue    []dbos.QueueOption
}

var processes atomic.Int64

// connect returns a context of DBOS that is not launched. It ends with the test.
func connect(t *testing.T, db database, executor string) *process {
	t.Helper()
	if executor == "" {
		executor = fmt.Sprint("executor-", processes.Add(1))
	}
	ctx, err := dbos.NewContext(context.WithoutCancel(t.Context()), dbos.Config{
		AppName: "retrywise", DatabaseURL: db.url, DatabaseSchema: db.schema, Logger: slog.New(slog.DiscardHandler),
		ApplicationVersion: "1", ExecutorID: executor,
	})
	if err != nil {
		t.Fatal(err)
	}
	p := &process{dbos: ctx}
	isStopped := false
	p.stop = func() {
		if isStopped {
			return
		}
		isStopped = true
		if p.queue != nil {
			_ = p.queue.Close()
		}
		if err := dbos.Shutdown(ctx, time.Minute); err != nil {
			t.Error(err)
		}
	}
	return p
}

// start starts a process whose workflows do work with the options of s and the workflow's input.
func start(t *testing.T, db database, s setting, work func(dbos.Context, retrywisedbos.Options, string) (string, error)) *process {
	t.Helper()
	p := connect(t, db, s.executor)
	t.Cleanup(func() { p.stop() })
	options := append([]dbos.QueueOption{dbos.WithWorkerConcurrency(s.slots), dbos.WithQueueBasePollingInterval(20 * time.Millisecond)}, s.queue...)
	q, err := retrywisedbos.RegisterQueue(p.dbos, vendorQueue, s.valve, options...)
	if err != nil {
		t.Fatal(err)
	}
	p.queue = q
	s.options.Queue = q
	dbos.RegisterWorkflow(p.dbos, func(ctx dbos.Context, id string) (string, error) { return work(ctx, s.options, id) }, dbos.WithWorkflowName("deliver"))
	if err := dbos.Launch(p.dbos); err != nil {
		t.Fatal(err)
	}
	return p
}

// enqueue enqueues a workflow for each of ids, which are also their names.
func enqueue(t *testing.T, p *process, ids ...string) {
	t.Helper()
	for _, id := range ids {
		if _, err := dbos.Enqueue[string](p.dbos, vendorQueue, "deliver", id, dbos.WithEnqueueWorkflowID(id)); err != nil {
			t.Fatal(err)
		}
	}
}

// wait waits until all workflows have ended, and returns them.
func wait(t *testing.T, p *process) []dbos.WorkflowStatus {
	t.Helper()
	list := func(o ...dbos.ListWorkflowsOption) []dbos.WorkflowStatus {
		all, err := dbos.ListWorkflows(p.dbos, append(o, dbos.WithFilterName("deliver"), dbos.WithFilterLoadInput(false))...)
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for timeout := time.After(2 * time.Minute); ; {
		open := list(dbos.WithFilterLimit(1), dbos.WithFilterStatus(dbos.WorkflowStatusEnqueued, dbos.WorkflowStatusPending))
		if len(open) == 0 {
			return list()
		}
		select {
		case <-timeout:
			t.Fatalf("not all workflows have ended, such as %s", open[0].ID)
		case <-tick.C:
		}
	}
}

// receive returns what is sent to c.
func receive[T any](t *testing.T, c <-chan T) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(time.Minute):
		t.Fatal("nothing has happened for a minute")
		panic("unreachable")
	}
}
