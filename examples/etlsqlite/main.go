// Command etlsqlite copies 10,000 rows of a list into SQLite. The bodies of the responses break in
// nine ways, and the job is killed and started again several times. At the end, it compares the
// table with the vendor's ledger: no row is lost, and none is there twice.
//
//	go -C examples/etlsqlite run .
//	go -C examples/etlsqlite run . -seed 7 -faults 0.5
//
// job.go is the job: client.Pages reads the list, and each page is written with the token of the
// next one in one transaction. shop.yaml says how the vendor pages. The rest makes it fail, and
// counts.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/retrywise/retrywise/retrywisetest"
)

// The environment by which the command starts itself as the job.
const (
	envDatabase = "ETLSQLITE_DATABASE"
	envURL      = "ETLSQLITE_URL"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if os.Getenv(envURL) != "" {
		if err := runJob(ctx, os.Getenv(envURL), os.Getenv(envDatabase)); err != nil {
			log.Fatal(err)
		}
		return
	}
	s := settings{}
	flag.Uint64Var(&s.seed, "seed", 1, "selects the sequence of faults")
	flag.Float64Var(&s.faults, "faults", 0.3, "share of responses that are broken, from 0 to 1")
	flag.IntVar(&s.rows, "rows", 10_000, "number of rows")
	flag.IntVar(&s.kills, "kills", 3, "how often the job is killed")
	flag.Parse()
	if err := run(ctx, s, os.Stdout); err != nil {
		log.Fatal(err)
	}
}

// settings are the command's flags.
type settings struct {
	seed        uint64
	faults      float64
	rows, kills int
}

// run runs the job in another process, as often as it is killed and once more, and prints what
// became of the rows.
func run(ctx context.Context, s settings, out io.Writer) error {
	folder, err := os.MkdirTemp("", "etlsqlite")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	database := filepath.Join(folder, "shop.db")
	v := newVendor(s)
	srv, err := retrywisetest.Start(v)
	if err != nil {
		return err
	}
	defer srv.Close()
	for n := range s.kills {
		if err := runAndKill(ctx, v, srv.URL(), database, (n+1)*v.pages()/(s.kills+1)); err != nil {
			return err
		}
	}
	if err := newProcess(ctx, srv.URL(), database).Run(); err != nil {
		return fmt.Errorf("the job: %w", err)
	}
	return report(ctx, v, database, s.kills, out)
}

// runAndKill runs the job until the vendor has had so many requests, and kills it.
func runAndKill(ctx context.Context, v *vendor, url, database string, requests int) error {
	untilKilled, kill := context.WithCancel(ctx)
	defer kill()
	v.onRequest(func(n int) {
		if n >= requests {
			kill()
		}
	})
	defer v.onRequest(nil)
	job := newProcess(untilKilled, url, database)
	if err := job.Run(); job.ProcessState == nil || job.ProcessState.Exited() {
		return fmt.Errorf("the job was not killed: %w", err)
	}
	return ctx.Err()
}

// newProcess returns this command as a job, which is killed when ctx ends.
func newProcess(ctx context.Context, url, database string) *exec.Cmd {
	job := exec.CommandContext(ctx, os.Args[0])
	job.Env = append(os.Environ(), envURL+"="+url, envDatabase+"="+database)
	job.Stderr = os.Stderr
	return job
}
