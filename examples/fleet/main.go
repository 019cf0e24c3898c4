// Command fleet shows what processes share: three workers and a cron call one vendor.
//
//	go -C examples/fleet run .
//	go -C examples/fleet run . -redis 127.0.0.1:6379
//
// The vendor allows 50 requests a second. The workers know that limit, and keep to it together.
// Then the vendor wants nobody to send anything for an hour. The worker that gets this response passes
// it on, and the runs of the cron, each a new process, send nothing.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/retrywise/retrywise/retrywisetest"
	"golang.org/x/time/rate"
)

func main() {
	redis := flag.String("redis", "", "address of a Redis server that the processes share; without it, they share a folder")
	seconds := flag.Int("seconds", 5, "how long the workers work until the vendor wants a pause")
	flag.Parse()
	if p, ok := processFromEnvironment(); ok {
		if err := p.run(context.Background()); err != nil {
			log.Fatal(err)
		}
		return
	}
	if err := run(*redis, time.Duration(*seconds)*time.Second); err != nil {
		log.Fatal(err)
	}
}

// run starts the vendor and all processes, and prints what the vendor saw.
func run(redis string, working time.Duration) error {
	v := &vendor{limit: rate.NewLimiter(50, 5), pauseAt: time.Now().Add(time.Second + working), seen: map[string]*count{}}
	server, err := retrywisetest.Start(v)
	if err != nil {
		return err
	}
	defer server.Close()
	folder, err := os.MkdirTemp("", "fleet")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	shared := process{URL: server.URL(), Redis: redis, Folder: filepath.Join(folder, "traffic"), Until: v.pauseAt.Add(time.Second)}
	if redis != "" {
		shared.Prefix = fmt.Sprintf("fleet-%d:", time.Now().UnixNano()) // an earlier run left its pause there
	}

	var workers sync.WaitGroup
	problems := make([]error, 3)
	for i := range problems {
		workers.Go(func() { problems[i] = shared.start(fmt.Sprint("worker ", i+1)) })
	}
	workers.Wait()
	for range 3 {
		problems = append(problems, shared.start("cron"))
	}
	v.print()
	return errors.Join(problems...)
}

// start runs a process, and waits until it ends.
func (p process) start(name string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	p.Name = name
	variable, err := p.environment()
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(context.Background(), self) //nolint:gosec // it is this program
	cmd.Env = append(os.Environ(), variable)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// A vendor has a limit and, from a moment on, wants nobody to send anything.
type vendor struct {
	limit   *rate.Limiter
	pauseAt time.Time

	mu   sync.Mutex
	seen map[string]*count // by the process that sent it
}

// A count is the requests of a process.
type count struct{ accepted, refused int }

// ServeHTTP counts requests by their User-Agent.
func (v *vendor) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	v.mu.Lock()
	defer v.mu.Unlock()
	c := v.seen[r.UserAgent()]
	if c == nil {
		c = &count{}
		v.seen[r.UserAgent()] = c
	}
	switch isPaused := time.Now().After(v.pauseAt); {
	case isPaused:
		w.Header().Set("Retry-After", "3600")
	case v.limit.Allow():
		c.accepted++
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte("{}"))
		return
	default:
		w.Header().Set("Retry-After", "1")
	}
	c.refused++
	w.WriteHeader(http.StatusTooManyRequests)
}

func (v *vendor) print() {
	v.mu.Lock()
	defer v.mu.Unlock()
	var all count
	fmt.Fprintf(os.Stdout, "\n%-10s  %8s  %7s\n", "process", "accepted", "refused")
	for _, name := range []string{"worker 1", "worker 2", "worker 3", "cron"} {
		c := v.seen[strings.ReplaceAll(name, " ", "-")]
		if c == nil {
			c = &count{}
		}
		all.accepted, all.refused = all.accepted+c.accepted, all.refused+c.refused
		fmt.Fprintf(os.Stdout, "%-10s  %8d  %7d\n", name, c.accepted, c.refused)
	}
	fmt.Fprintf(os.Stdout, "%-10s  %8d  %7d\n", "all", all.accepted, all.refused)
}
