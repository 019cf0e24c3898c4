// Command etl is an ETL job as it is written with net/http, run three times against
// the same faults: by net/http itself, by go-retryablehttp, and by retrywise. The job's
// code is the same in all three; only the line that makes an http.Client differs:
//
//	api{http: &http.Client{}, url: …}                // today
//	api{http: retryablehttp's StandardClient(), …}   // what people reach for
//	api{http: c.HTTP(), url: …}                      // retrywise, with the vendor's data
//
// At the end each run's own account is laid beside the ledgers of the fake vendors. The
// command exits with 0 only if retrywise did nothing twice, and told every loss.
//
//	go run ./examples/etl
//	go run ./examples/etl -seed 7 -faults 0.2 -v
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"sync"

	"github.com/retrywise/retrywise/retrywisetest"
)

// settings are the command's flags.
type settings struct {
	seed   uint64
	faults float64
	rows   int
	log    *slog.Logger
}

// usual is a day like any other: of the seeds below 40, this one is the nearest to their
// mean in what each way delivers, loses and does twice.
func usual() settings {
	return settings{seed: 35, faults: 0.1, rows: 100, log: slog.New(slog.DiscardHandler)}
}

func main() {
	s := usual()
	flag.Uint64Var(&s.seed, "seed", s.seed, "selects the sequence of faults")
	flag.Float64Var(&s.faults, "faults", s.faults, "share of requests that meet a fault, from 0 to 1")
	flag.IntVar(&s.rows, "rows", s.rows, "how many registrations there are")
	verbose := flag.Bool("v", false, "print what the jobs log")
	flag.Parse()
	if *verbose {
		s.log = slog.New(slog.NewTextHandler(os.Stderr, nil))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, s, retrywisetest.Start, os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "etl:", err)
		os.Exit(1)
	}
}

// run runs the job three times, side by side, and prints what became of it.
func run(ctx context.Context, s settings, serve serving, out io.Writer) error {
	columns, err := compare(ctx, s, serve)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%d registrations; the vendors fail %g of requests, by seed %d\n\n", s.rows, s.faults, s.seed)
	if err := printTable(out, columns); err != nil {
		return err
	}
	ours := columns[len(columns)-1]
	if err := printHints(out, ours); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return ours.verdict()
}

// serving starts a server: over TCP in the command, in memory in tests.
type serving func(http.Handler) (*retrywisetest.Server, error)

// compare runs the job by each way at the same time; each has vendors of its own.
func compare(ctx context.Context, s settings, serve serving) ([]column, error) {
	if s.rows < 1 || s.faults < 0 || s.faults > 1 {
		return nil, errors.New("expected -rows of at least 1 and -faults from 0 to 1")
	}
	ways := []way{byNetHTTP{}, &byRetryableHTTP{}, newByRetrywise()}
	columns, problems := make([]column, len(ways)), make([]error, len(ways))
	var all sync.WaitGroup
	for i, w := range ways {
		all.Go(func() { columns[i], problems[i] = try(ctx, s, serve, w) })
	}
	all.Wait()
	return columns, errors.Join(problems...)
}

// try runs the job by one way, and lays its account beside the truth.
func try(ctx context.Context, s settings, serve serving, w way) (column, error) {
	v, err := openVendors(ctx, s, serve)
	if err != nil {
		return column{}, err
	}
	defer v.close()
	defer w.close()
	j, err := newJob(w, v, s.log)
	if err != nil {
		return column{}, err
	}
	return newColumn(w, v, j.run(ctx)), nil
}
