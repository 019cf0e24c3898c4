// Command sync is a sync worker at work: it upserts the contacts of a CSV file to RD
// Station with eight workers, while a fake RD Station in the same process misbehaves.
// At the end it lays its own account beside the vendor's ledger, and exits with 0 only
// if the two agree.
//
//	go run ./examples/sync
//	go run ./examples/sync -seed 7 -faults 0.2
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"time"

	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/internal/testserver"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/vendors"
)

// settings are the command's flags.
type settings struct {
	seed        uint64
	faults      float64
	workers     int
	contacts    string
	deadLetters string
}

func main() {
	var s settings
	flag.Uint64Var(&s.seed, "seed", 2, "which weather the vendor has")
	flag.Float64Var(&s.faults, "faults", 0.06, "share of requests that meet a fault, from 0 to 1")
	flag.IntVar(&s.workers, "workers", 8, "how many contacts are sent at a time")
	flag.StringVar(&s.contacts, "contacts", "", "CSV `file` of contacts; empty: the one that comes with the example")
	flag.StringVar(&s.deadLetters, "dead-letters", "dead-letters.csv", "`file` for the contacts that were not delivered")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, s, os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "sync:", err)
		os.Exit(1)
	}
}

// run starts the fake vendor, runs the job against it and prints the report.
func run(ctx context.Context, s settings, out io.Writer) error {
	if s.workers < 1 || s.faults < 0 || s.faults > 1 {
		return errors.New("expected -workers of at least 1 and -faults from 0 to 1")
	}
	contacts, err := open(s.contacts)
	if err != nil {
		return err
	}
	vendor := newVendor(s)
	srv, err := testserver.Start(vendor)
	if err != nil {
		return err
	}
	defer srv.Close()

	results, r, err := syncContacts(ctx, s, vendor, srv.URL(), nil, contacts, newProgress(len(contacts)))
	if err != nil {
		return err
	}
	if err := saveDeadLetters(s.deadLetters, results); err != nil {
		return err
	}
	if err := r.print(out); err != nil {
		return err
	}
	if n := r.Contacts - r.Fates[delivered]; n > 0 {
		fmt.Fprintf(out, "%d contacts were not delivered: see %s\n", n, s.deadLetters)
	}
	if !r.agrees() {
		return errors.New("the job and the vendor's ledger do not agree")
	}
	fmt.Fprintln(out, "the job and the vendor's ledger agree")
	return nil
}

// newVendor is RD Station on a day like any other.
func newVendor(s settings) *testserver.RDStation {
	return testserver.NewRDStation(testserver.Service{
		Weather: testserver.Seeded(s.seed, s.faults), PerSecond: 150, TokenUses: 400, Latency: 5 * time.Millisecond,
	})
}

// syncContacts is the job: a client for the vendor, its token, and the workers.
func syncContacts(ctx context.Context, s settings, vendor *testserver.RDStation, baseURL string, wire http.RoundTripper, contacts []contact, progress func(result)) ([]result, report, error) {
	rd, err := vendors.Lookup(vendors.RDStation)
	if err != nil {
		return nil, report{}, err
	}
	// The vendor's own limit is 120 a minute: the demo has not that much time.
	limits := rd.Policy().WithLimit(policy.Limit{
		Name: "account", Scope: apierrors.ScopeAccount, Rate: policy.Rate{Count: 100, Per: time.Second}, Burst: 10,
	})
	told := &tally{byClass: map[string]int{}}
	login, err := client.New(client.Config{Vendor: rd, BaseURL: baseURL, Transport: wire, Observe: told.observe})
	if err != nil {
		return nil, report{}, err
	}
	defer login.Close()
	c, err := client.New(client.Config{
		Vendor: rd, BaseURL: baseURL, Policy: &limits, Transport: wire, Observe: told.observe,
		Auth: client.RenewableBearer("", func(ctx context.Context) (string, error) { return newToken(ctx, login) }),
	})
	if err != nil {
		return nil, report{}, err
	}
	defer c.Close()

	began := time.Now()
	results := job{rdstation: c, workers: s.workers, progress: progress}.run(ctx, contacts)
	return results, newReport(results, told, vendor, time.Since(began)), nil
}

// newToken asks RD Station for an access token. The refresh token stays the same, so
// that asking twice does no harm.
func newToken(ctx context.Context, login *client.Client) (string, error) {
	token, err := client.Do[struct {
		AccessToken string `json:"access_token"`
	}](ctx, login, client.Call{
		Method: http.MethodPost, Path: "/auth/token",
		Body: map[string]string{
			"client_id": testserver.ClientID, "client_secret": testserver.ClientSecret, "refresh_token": testserver.RefreshToken,
		},
		Options: client.CallOptions{Op: "token.renew", Repeatable: true},
	})
	return token.AccessToken, err
}

// open reads the contacts of file, or those of the example.
func open(file string) ([]contact, error) {
	if file == "" {
		return readContacts("contacts.csv", strings.NewReader(contactsCSV))
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readContacts(file, f)
}

func saveDeadLetters(file string, results []result) error {
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	return errors.Join(writeDeadLetters(f, results), f.Close())
}

// newProgress returns a line that counts, on a terminal only.
func newProgress(total int) func(result) {
	info, err := os.Stderr.Stat()
	if err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return func(result) {}
	}
	done, undelivered := 0, 0
	return func(r result) {
		done++
		if r.Err != nil {
			undelivered++
		}
		fmt.Fprintf(os.Stderr, "\r%d of %d contacts, %d not delivered", done, total, undelivered)
		if done == total {
			fmt.Fprintln(os.Stderr)
		}
	}
}
