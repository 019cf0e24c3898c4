// Command bench measures, in real time over loopback, what callers reach against a vendor that
// enforces a limit, fails, or is hostile, with this library and with its peers:
//
//	go -C internal/bench run . -scenario limit-known
//	go -C internal/bench run . -scenario limit-unknown -json -peer retrywise -runs 5
//	go -C internal/bench run . -scenario brownout
//
// Without -scenario it lists the scenarios. The beginning of a name, up to a hyphen, stands for
// all that begin so. After several runs, the table ends with the median of each peer. The vendor
// runs in the same process, does as the scenario says as requests arrive, and counts. The peers
// run one after the other, each against a vendor of its own. None takes much more than a minute.
//
// A row has what one of them reached:
//
//   - limit…: a job under a limit. See limitRow.
//   - limit-fleet…, outage-fleet: the same of 16 processes, of which those of retrywise share a
//     redis-server that the scenario starts. See fleetRow.
//   - outage…, recovery: a loop of workers before, in and after an outage: of everything, of one
//     endpoint, or with a slow return. See outageRow.
//   - brownout…: a job while a share of the requests fails by chance. See outageRow.
//   - duplicates…: writes whose connection is cut before, within and after execution and
//     response, compared with what was executed. See duplicatesRow.
//   - hostile: small bodies that are large when they are decompressed. See hostileRow.
//
// Times depend on the machine: compare the rows of one run.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
)

func main() {
	if job := os.Getenv(jobVariable); job != "" {
		work(job)
		return
	}
	s, err := parseArgs(os.Args[1:], os.Stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return
	case err != nil:
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the program at once
	if err := s.run(ctx, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// work is the main function of a process of a fleet.
func work(text string) {
	var job fleetJob
	err := json.Unmarshal([]byte(text), &job)
	var calls []call
	if err == nil {
		calls, err = job.work(context.Background())
	}
	if err == nil {
		err = json.NewEncoder(os.Stdout).Encode(calls)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// settings are the command's flags.
type settings struct {
	scenarios []scenario
	peers     []peer
	runs      int
	asJSON    bool
}

// parseArgs reads the flags. It writes usage errors and the usage to w. The error is
// flag.ErrHelp if args ask for help.
func parseArgs(args []string, w io.Writer) (settings, error) {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(w)
	name := flags.String("scenario", "", "what to measure; without it, the scenarios are listed")
	only := flags.String("peer", "", "measure only this peer")
	runs := flags.Int("runs", 1, "how often each peer runs, in turn with the others")
	asJSON := flags.Bool("json", false, "print an object for each row")
	if err := flags.Parse(args); err != nil {
		return settings{}, err
	}
	found, problem := findScenarios(*name)
	chosen, problem2 := findPeers(*only)
	err := errors.Join(problem, problem2)
	switch {
	case flags.NArg() > 0:
		err = errors.Join(err, fmt.Errorf("unexpected argument: %s", flags.Arg(0)))
	case *runs < 1:
		err = errors.Join(err, fmt.Errorf("expected -runs to be at least 1; got %d", *runs))
	}
	if err != nil {
		fmt.Fprintln(w, err)
	}
	return settings{scenarios: found, peers: chosen, runs: *runs, asJSON: *asJSON}, err
}

// run measures each scenario, and prints a row for each run of each peer.
func (s settings) run(ctx context.Context, out io.Writer) error {
	rows := printer{out: out, asJSON: s.asJSON}
	for _, measured := range s.scenarios {
		byPeer, err := s.measure(ctx, measured, &rows)
		if err != nil {
			return err
		}
		if err := rows.printMedians(byPeer); err != nil {
			return err
		}
	}
	return nil
}

// measure measures each peer as often as is asked for, in turn, and prints and returns the rows
// of each.
func (s settings) measure(ctx context.Context, measured scenario, rows *printer) ([][]row, error) {
	byPeer := make([][]row, len(s.peers))
	for range s.runs {
		for i, p := range s.peers {
			r, err := measured.measure(ctx, p)
			if err != nil {
				return nil, err
			}
			byPeer[i] = append(byPeer[i], r)
			if err := rows.print(r); err != nil {
				return nil, err
			}
		}
	}
	return byPeer, nil
}
