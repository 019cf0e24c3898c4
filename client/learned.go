package client

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/traffic"
)

// Learned returns the limits that the Client found so far, as an operator's file (see
// policy.File): those that responses tell of, those that refusals showed, and declared ones
// that the vendor does not enforce as declared. A remark above each says how sure it is. Limits
// of several accounts become one, the narrowest. It is empty if nothing was found.
//
// What is committed is known when a program starts, which then need not find it again. Check it
// before: an account that others use, too, shows a narrower limit than the vendor's.
func (c *Client) Learned() string {
	var limits []policy.Limit
	var remarks []string
	all := c.traffic.Learned(context.Background(), time.Now())
	all = slices.DeleteFunc(all, func(l traffic.Learned) bool { return !c.isOwn(l.Account) })
	for _, l := range narrowest(all) {
		l.Limit.Name = cmp.Or(l.Limit.Name, fmt.Sprintf("learned-%d", len(limits)+1))
		limits, remarks = append(limits, l.Limit), append(remarks, remarkOf(l))
	}
	if limits == nil {
		return ""
	}
	text, err := policy.FormatLimits(c.profile.Name, limits, remarks)
	if err != nil {
		return "" // there is no limit without a text
	}
	return text
}

// narrowest returns the narrowest limit of each kind.
func narrowest(all []traffic.Learned) []traffic.Learned {
	var out []traffic.Learned
	for _, l := range all {
		i := slices.IndexFunc(out, func(o traffic.Learned) bool { return isAlike(o.Limit, l.Limit) })
		switch {
		case i < 0:
			out = append(out, l)
		case width(l.Limit) < width(out[i].Limit):
			out[i] = l
		}
	}
	slices.SortStableFunc(out, func(a, b traffic.Learned) int { return strings.Compare(a.Limit.Name, b.Limit.Name) })
	return out
}

// isAlike reports whether a and b bound the same, in the same way.
func isAlike(a, b policy.Limit) bool {
	return a.Name == b.Name && (a.Slots > 0) == (b.Slots > 0) && a.Window.Per == b.Window.Per
}

// width orders limits that are alike.
func width(l policy.Limit) float64 {
	switch {
	case l.Slots > 0:
		return float64(l.Slots)
	case l.Window.Count > 0:
		return float64(l.Window.Count)
	default:
		return float64(l.Rate.Count) / l.Rate.Per.Seconds()
	}
}

// remarkOf says how sure a limit is.
func remarkOf(l traffic.Learned) string {
	long := l.For.Round(time.Second)
	switch l.Source {
	case traffic.Announced:
		return fmt.Sprintf("Sure: responses have said it for %v.", long)
	case traffic.Tried:
		if l.Served < 100 || l.For < time.Minute {
			return fmt.Sprintf("Likely: %d requests in a row were accepted, over %v.", l.Served, long)
		}
		return fmt.Sprintf("Very likely: %d requests in a row were accepted, over %v.", l.Served, long)
	default:
		return fmt.Sprintf("A guess, as the limit is still being looked for: %d requests in a row were accepted, over %v.", l.Served, long)
	}
}
