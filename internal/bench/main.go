// Command bench measures, in real time over loopback, what a job with many workers reaches
// against a vendor that enforces a limit, or that fails for a while, with this library and with
// its peers:
//
//	go -C internal/bench run . -scenario limit-known
//	go -C internal/bench run . -scenario limit-unknown -json -peer retrywise -runs 5
//	go -C internal/bench run . -scenario limit -peer retrywise
//
// Without -scenario it lists the scenarios. The beginning of a name, up to a hyphen, stands for
// all that begin so. After several runs, the table ends with the median of each peer. The vendor runs in the same process, enforces its
// limit as requests arrive, and counts. The peers run one after the other, each against a
// vendor of its own. A row has what one of them reached; see the types row and outageRow. Times depend on
// the machine: compare the rows of one run.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
)

func main() {
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

// settings are the command's flags.
type settings struct {
	scenarios []scenario
	outages   []outage
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
	limits, downs, problem := findScenarios(*name)
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
	return settings{scenarios: limits, outages: downs, peers: chosen, runs: *runs, asJSON: *asJSON}, err
}

// run measures each peer, and prints a row for each run.
func (s settings) run(ctx context.Context, out io.Writer) error {
	rows, downs := printer{out: out, asJSON: s.asJSON}, printer{out: out, asJSON: s.asJSON}
	for _, measured := range s.scenarios {
		byPeer, err := measureAll(ctx, s, &rows, measured.measure)
		if err == nil {
			err = rows.printMedians(byPeer)
		}
		if err != nil {
			return err
		}
	}
	for _, o := range s.outages {
		if _, err := measureAll(ctx, s, &downs, o.measure); err != nil {
			return err
		}
	}
	return nil
}

// measureAll measures each peer as often as is asked for, in turn, and prints and returns the rows
// of each.
func measureAll[R tableRow](ctx context.Context, s settings, to *printer, measure func(context.Context, peer) (R, error)) ([][]R, error) {
	byPeer := make([][]R, len(s.peers))
	for range s.runs {
		for i, p := range s.peers {
			r, err := measure(ctx, p)
			if err != nil {
				return nil, err
			}
			byPeer[i] = append(byPeer[i], r)
			if err := to.print(r); err != nil {
				return nil, err
			}
		}
	}
	return byPeer, nil
}
