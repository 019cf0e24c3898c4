package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"time"
)

// A fleet is processes that make the calls of a job together: each is this program with a
// fleetJob. Those of retrywise share a redis-server; those of other peers share nothing, and are
// given a part of the declared limit each, as is usual.
type fleet struct {
	processes int
	job       fleetJob
}

// A fleetJob is what one process of a fleet does: workers in a closed loop.
type fleetJob struct {
	Peer     string
	URL      string
	Store    string    // address of the redis-server; "": there is none
	Declared *declared // nil: the limit is not known
	Workers  int
	Start    time.Time
	Total    time.Duration
}

// jobVariable has the fleetJob of a process.
const jobVariable = "RETRYWISE_BENCH_JOB"

// run runs the processes, and returns the calls of all.
func (f fleet) run(ctx context.Context) ([]call, error) {
	job, err := json.Marshal(f.job)
	if err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	var all sync.WaitGroup
	var mu sync.Mutex
	var calls []call
	var problems []error
	for range f.processes {
		all.Go(func() {
			done, err := runProcess(ctx, self, job)
			mu.Lock()
			defer mu.Unlock()
			calls, problems = append(calls, done...), append(problems, err)
		})
	}
	all.Wait()
	return calls, errors.Join(problems...)
}

// runProcess runs one process, which prints its calls.
func runProcess(ctx context.Context, self string, job []byte) ([]call, error) {
	var out, log bytes.Buffer
	cmd := exec.CommandContext(ctx, self) //nolint:gosec // it is this program
	cmd.Env = append(os.Environ(), jobVariable+"="+string(job))
	cmd.Stdout, cmd.Stderr = &out, &log
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("a process of the fleet: %w: %s", err, log.String())
	}
	var calls []call
	if err := json.Unmarshal(out.Bytes(), &calls); err != nil {
		return nil, fmt.Errorf("a process of the fleet: %w", err)
	}
	return calls, nil
}

// work is what a process of a fleet does.
func (j fleetJob) work(ctx context.Context) ([]call, error) {
	found, err := findPeers(j.Peer)
	if err != nil {
		return nil, err
	}
	c, err := found[0].connect(j.Workers, setup{url: j.URL, declared: j.Declared, store: j.Store})
	if err != nil {
		return nil, err
	}
	defer c.close()
	time.Sleep(time.Until(j.Start))
	short, stop := within(ctx, time.Until(j.Start.Add(j.Total)))
	defer stop()
	l := &loop{start: j.Start, send: func(ctx context.Context, _ int) error { return c.send(ctx, request{}) }}
	return l.run(short, j.Workers), nil
}

// share is the part of a limit that a process of another peer keeps to.
func (d *declared) share(processes int) *declared {
	if d == nil {
		return nil
	}
	return &declared{perSecond: max(d.perSecond/processes, 1), burst: 1}
}

// MarshalJSON and UnmarshalJSON let a process have its part of a job.
func (d declared) MarshalJSON() ([]byte, error) {
	return json.Marshal([]int{d.perSecond, d.burst, d.records})
}

// UnmarshalJSON is MarshalJSON's way back.
func (d *declared) UnmarshalJSON(text []byte) error {
	var values [3]int
	err := json.Unmarshal(text, &values)
	d.perSecond, d.burst, d.records = values[0], values[1], values[2]
	return err
}

// MarshalJSON and UnmarshalJSON let a process hand over its calls.
func (c call) MarshalJSON() ([]byte, error) {
	return json.Marshal([]int64{int64(c.nth), int64(c.ran.from), int64(c.ran.to), int64(c.end)})
}

// UnmarshalJSON is MarshalJSON's way back.
func (c *call) UnmarshalJSON(text []byte) error {
	var values [4]int64
	err := json.Unmarshal(text, &values)
	*c = call{int(values[0]), span{time.Duration(values[1]), time.Duration(values[2])}, end(values[3])}
	return err
}
