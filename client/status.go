package client

import (
	"context"
	"slices"
	"time"

	"github.com/retrywise/retrywise/traffic"
)

// Status returns what holds back calls now, for each account: outages, closed gates, how much of
// each limit is used, and what is left of the retry budget. It has no credential and no record; the identity of an account is
// hashed.
func (c *Client) Status() []traffic.Status {
	all := c.traffic.Status(context.Background(), time.Now(), c.retry.BudgetPrices())
	return slices.DeleteFunc(all, func(s traffic.Status) bool { return !c.isOwn(s.Account) })
}

// isOwn reports whether an account is one of the Client's vendor. Without a vendor, accounts are
// of any origin.
func (c *Client) isOwn(a traffic.Account) bool {
	return c.profile.Name == "" || a.Vendor == c.profile.Name
}
