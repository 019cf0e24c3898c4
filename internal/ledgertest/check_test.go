package ledgertest

import (
	"fmt"
	"slices"
	"strings"

	apierrors "github.com/retrywise/retrywise/errors"
)

// An outcome is how a call ended, as its caller sees it.
type outcome struct {
	err      error
	failed   *apierrors.Error // err, if it is one
	status   int              // of the response; 0: none
	accepted bool             // without one, as a look-up found it
	told     int              // attempts, by the Observer
	answered int              // of these, attempts with a response
	listed   int              // attempts in the error or the Response; -1: there is none
	body     *closer
}

func (o outcome) String() string {
	text := fmt.Sprintf("status %d, %d attempts, of which %d with a response", o.status, o.told, o.answered)
	if o.failed != nil {
		text += fmt.Sprintf(", applied %v, stop %v", o.failed.Applied, o.failed.Stop)
	}
	return text + fmt.Sprintf(", error %v", o.err)
}

// problems returns where call i and the book disagree.
//
// A server sees no more requests than the call tells of, and no fewer than got a response.
// An attempt without a response may not have been seen: its connection was not made, or died
// before the server read the headers, or the attempt ended before they were written.
//
// A redirect that the http.Client of HTTP follows begins another call, which lists its own
// attempts, and does not know that one of the first call may have been executed.
func (b *batch) problems(i int) []string {
	p, o := b.plans[i], b.outcomes[i]
	seen, executed, problems := b.book.of(i)
	must := func(holds bool, format string, args ...any) {
		if !holds {
			problems = append(problems, fmt.Sprintf(format, args...))
		}
	}
	isTwoCalls := p.door == byHTTP && p.isRedirected()
	must(p.mayRepeat() || executed <= 1, "executed %d times", executed)
	must(o.answered <= seen && seen <= o.told, "%d requests seen", seen)
	must(o.listed < 0 || o.listed == o.told || isTwoCalls, "%d attempts listed", o.listed)
	must(p.attempts > 1 || seen <= 1 || p.isRedirected(), "%d requests seen of a call with one attempt", seen)
	must(o.body.isClosed(), "the request body is not closed")
	switch f := o.failed; {
	case f != nil:
		must(f.Applied != apierrors.AppliedNo || executed == 0 || isTwoCalls, "executed %d times", executed)
		must(f.Applied != apierrors.AppliedYes || executed > 0, "not executed")
		must(p.mayRepeat() || p.key && !p.foreign || executed == 0 || !apierrors.Temporary(f), "executed, and Temporary")
	case o.err != nil:
		must(false, "the error is no *apierrors.Error")
	case o.accepted:
		must(executed > 0, "not executed")
	default:
		must(o.status/100 == 2 && executed > 0 || o.status/100 == 3 && executed == 0, "executed %d times", executed)
	}
	return problems
}

// A summary is how many calls there were, by how they ended.
type summary map[string]int

func (s summary) add(b *batch) {
	for i, o := range b.outcomes {
		seen, executed, _ := b.book.of(i)
		s["calls"]++
		s["requests"] += seen
		s["executions"] += executed
		if o.failed == nil {
			s["without an error"]++
		} else {
			s["applied "+o.failed.Applied.String()]++
			s["stop "+o.failed.Stop.String()]++
			if b.plans[i].lookup {
				s["looked up, applied "+o.failed.Applied.String()]++
			}
		}
	}
}

func (s summary) String() string {
	var lines []string
	for name, n := range s {
		lines = append(lines, fmt.Sprintf("%d %s", n, name))
	}
	slices.Sort(lines)
	return strings.Join(lines, ", ")
}
